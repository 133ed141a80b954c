"""Settings of the design of emails and pages."""

from pydantic import Json

from wingman.kit.settings import Settings, Url, means
from wingman.notifications.email.letters.brand import Brand


class BrandSettings(Settings):
    """The design of emails and pages, and the base of their links into the app."""

    brand: Json[Brand] = means(
        "JSON with the app's name, sender and colours; see notifications/email/letters/brand.py.",
        default_factory=Brand,
    )
    app_url: Url = means("Base URL of the app, for links in emails.")
