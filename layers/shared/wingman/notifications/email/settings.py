"""The email provider, and the links in emails."""

from wingman.kit.settings import Secret, Settings, Url, WebhookSecret, means, values


class ProviderSettings(Settings):
    """Where the email provider is."""

    resend_api_url: Url = means(
        "Base URL of the email provider's API.", default="https://api.resend.com"
    )


class ResendSettings(ProviderSettings):
    """The email provider, and the key to it."""

    resend_api_key: Secret = means("API key of the email provider.")


class WebhookSettings(Settings):
    """The key that proves that an event comes from the email provider."""

    resend_webhook_secret: WebhookSecret = means(
        "Key that signs the email provider's events: `whsec_` and base64."
    )
    resend_webhook_secret_previous: WebhookSecret | None = means(
        "The key before it, whose events are still taken.", default=None
    )

    @property
    def keys(self) -> tuple[str, ...]:
        return values(self.resend_webhook_secret, self.resend_webhook_secret_previous)


class TrackingSettings(Settings):
    """How much readers are watched."""

    enable_open_tracking: bool = means(
        "Whether it is recorded when an email was opened, if the provider reports it.",
        default=False,
    )


class LinkSettings(Settings):
    """The key of links that need no login."""

    email_link_secret: Secret = means("Key that signs the links in emails.", min_length=16)
    email_link_secret_previous: Secret | None = means(
        "The key before it, whose links still work.", default=None, min_length=16
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys that verify links; the first one signs them."""
        return values(self.email_link_secret, self.email_link_secret_previous)
