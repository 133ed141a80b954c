"""How mails look and are written: settings that only this domain can judge."""

from pydantic import Json

from wingman.kit.settings import LinkSettings, Settings, Url, means
from wingman.notifications.email.letters.brand import Brand


class BrandSettings(Settings):
    """How mails and pages look, and where their links into the app lead."""

    brand: Json[Brand] = means(
        "JSON: name, sender, colours of the app; see notifications/email/letters/brand.py.",
        default_factory=Brand,
    )
    app_url: Url = means("Where the links in mails lead.")


class EmailSettings(BrandSettings, LinkSettings):
    """How a mail is written and how long a sender may hold it."""

    api_url: Url = means("Where readers of mail reach this API.")
    email_lease_seconds: int = means(
        "How long a sender may hold mails; longer than its timeout.", default=60, ge=10, le=900
    )
