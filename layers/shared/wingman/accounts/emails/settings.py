"""Settings of the Send Email hook."""

from wingman.kit.settings import Settings, WebhookSecret, means


class HookSettings(Settings):
    """The key that proves that a request for an email comes from Supabase Auth."""

    auth_email_hook_secret: WebhookSecret = means(
        "Key that signs Supabase Auth's requests for emails: `v1,whsec_` and base64."
    )
