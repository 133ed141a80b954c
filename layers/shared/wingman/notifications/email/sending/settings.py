"""Settings of sending, besides the provider's."""

from wingman.kit.settings import Url, means
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.settings import LinkSettings


class EmailSettings(BrandSettings, LinkSettings):
    """Settings of rendering and leasing."""

    api_url: Url = means("Public base URL of this API, for links in emails.")
    email_lease_seconds: int = means(
        "Seconds for which a sender leases emails; longer than its timeout.",
        default=60,
        ge=45,
        le=900,
    )
