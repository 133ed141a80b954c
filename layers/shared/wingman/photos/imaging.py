"""The outcome of an upload: two images, or a rejection. Standard library only, to start quickly."""

from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 10 * 1024 * 1024


class Rejection(StrEnum):
    """The reasons for which a photo is not shown; clients see them."""

    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    BAD_DIMENSIONS = "bad_dimensions"
    UNREADABLE = "unreadable"
    MODERATION = "moderation"
    PROCESSING_FAILED = "processing_failed"


class Rejected(Exception):
    """The file does not become a photo."""

    def __init__(self, reason: Rejection) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Images:
    """A photo upright, in sRGB, without metadata: WebP of at most 1080 and 320 pixels a side.

    Width and height are those of the large one. The placeholder is a ThumbHash in Base64.
    """

    large: bytes
    small: bytes
    width: int
    height: int
    placeholder: str
