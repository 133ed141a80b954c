"""Settings of the Send Email hook."""

from wingman.kit.settings import Settings, WebhookSecret, means, values


class HookSettings(Settings):
    """The key that proves that a request for an email comes from Supabase Auth."""

    auth_email_hook_secret: WebhookSecret = means(
        "Key that signs Supabase Auth's requests for emails: `v1,whsec_` and base64."
    )
    auth_email_hook_secret_previous: WebhookSecret | None = means(
        "The key before it, whose requests are still taken.", default=None
    )

    @property
    def keys(self) -> tuple[str, ...]:
        return values(self.auth_email_hook_secret, self.auth_email_hook_secret_previous)
