"""What emails and pages look like."""

from pydantic import Json

from wingman.kit.settings import Settings, Url, means
from wingman.notifications.email.letters.brand import Brand


class BrandSettings(Settings):
    """What emails and pages look like, and where their links into the app lead."""

    brand: Json[Brand] = means(
        "JSON with the app's name, sender and colours; see notifications/email/letters/brand.py.",
        default_factory=Brand,
    )
    app_url: Url = means("Base URL of the app, for links in emails.")
