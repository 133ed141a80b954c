"""Models of photos."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from wingman.photos.imaging import Rejection


class PhotoType(StrEnum):
    """The types of image that can be uploaded."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


class PhotoStatus(StrEnum):
    """The states of a photo; others see only those that are ready."""

    PENDING = "pending"
    READY = "ready"
    REJECTED = "rejected"


class Photo(BaseModel):
    """A photo of a user.

    `url` shows it at up to 1080 pixels and `thumbnail_url` at up to 320, both as WebP; they never
    change, and exist once it is ready. `placeholder` is a ThumbHash in base64. A pending photo
    waits for its upload, at most an hour, or for its check, seconds. A rejected one disappears
    after a day.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6f1c0f0e-0000-4000-8000-0000000000f0",
                    "status": "pending",
                    "position": 0,
                    "url": None,
                    "thumbnail_url": None,
                    "width": None,
                    "height": None,
                    "placeholder": None,
                    "rejection": None,
                    "created_at": "2026-11-30T09:12:44.103Z",
                }
            ]
        }
    )

    id: UUID
    status: PhotoStatus
    position: int
    url: str | None
    thumbnail_url: str | None
    width: int | None
    height: int | None
    placeholder: str | None
    rejection: Rejection | None
    created_at: datetime


class PhotoList(BaseModel):
    """A user's photos, in order."""

    photos: list[Photo]


class NewPhoto(BaseModel):
    """The type and the size of the file to upload, at most 10485760 bytes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"content_type": "image/jpeg", "size_bytes": 2418733}]},
    )

    content_type: PhotoType
    # A larger number is 413, which is no answer to a body that breaks its schema.
    size_bytes: Annotated[int, Field(strict=True, ge=1)]


class Upload(BaseModel):
    """Where and how to upload the file.

    Post `fields` and then the file, as the last field `file`, to `url` as multipart/form-data. The
    storage takes only a file of the announced type and of at most the announced size, until
    `expires_at`.
    """

    url: str
    fields: dict[str, str]
    expires_at: datetime


class ReservedPhoto(BaseModel):
    """A new photo, and the form that uploads its file."""

    photo: Photo
    upload: Upload


class Reservation(BaseModel):
    """A new photo as the database recorded it; `replayed` if the key had been used before."""

    photo: Photo
    upload_key: str
    replayed: bool = False


class PhotoOrder(BaseModel):
    """All of the caller's photos in their new order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"photo_ids": ["6f1c0f0e-0000-4000-8000-0000000000f0"]}]},
    )

    photo_ids: Annotated[list[UUID], Field(max_length=200)]


class DoomedObjects(BaseModel):
    """Keys of objects to delete."""

    listed_at: datetime
    keys: list[str]
