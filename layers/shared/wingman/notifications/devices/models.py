"""Models of devices."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

# FCM states no limit; its tokens have about 160 characters.
Token = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,1024}$")]


class Platform(StrEnum):
    IOS = "ios"
    ANDROID = "android"
    WEB = "web"


class NewDevice(BaseModel):
    """A device to register. `token` is what Firebase Cloud Messaging gave the app there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"platform": "android", "token": "dPk3example:APA91b"}]},
        # The token must not be repeated in the answer to a request that is refused.
        hide_input_in_errors=True,
    )

    platform: Platform
    token: Token


class Device(BaseModel):
    """A device that gets pushes. `current`: it was registered in the session of this request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6f1c0f0e-0000-4000-8000-000000000012",
                    "platform": "android",
                    "current": True,
                    "registered_at": "2026-11-30T09:12:44.103Z",
                }
            ]
        }
    )

    id: UUID
    platform: Platform
    current: bool
    registered_at: datetime


class Devices(BaseModel):
    """The devices of a user, at most 20, the newest first."""

    devices: list[Device]
