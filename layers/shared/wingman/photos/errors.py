"""Errors of photos."""

from wingman.kit.errors import Conflict, NotFound, PayloadTooLarge, RateLimited


class PhotoNotFound(NotFound):
    """This photo does not exist, or it is not yours."""


class PhotoTooLarge(PayloadTooLarge):
    """A photo may have at most 10 MB (10485760 bytes)."""


class TooManyPhotos(Conflict):
    """You have 6 photos, counting those that are being uploaded. Delete one first."""

    code = "too_many_photos"


class TooFewPhotos(Conflict):
    """A visible profile keeps 2 photos. Add another one first, or hide the profile."""

    code = "too_few_photos"


class PhotosChanged(Conflict):
    """The list does not have each of your photos exactly once. Read the photos again."""

    code = "photos_changed"


class DailyPhotoLimit(RateLimited):
    """You have uploaded too many photos today. Wait as long as Retry-After says."""

    code = "daily_photo_limit"
