"""Settings of photos."""

from wingman.kit.settings import Settings, means


class PhotoSettings(Settings):
    """Where photos are stored."""

    photos_bucket: str = means("Name of the S3 bucket of photos.", pattern=r"^[a-z0-9.-]{3,63}$")


class PhotoCdnSettings(Settings):
    """Where photos are served."""

    photos_distribution: str = means(
        "Id of the CloudFront distribution of photos.", pattern=r"^[A-Za-z0-9_]{3,32}$"
    )
