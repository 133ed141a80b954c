"""Messages about uploads, as S3 sends them to the queue.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from typing import Literal
from urllib.parse import unquote_plus

from pydantic import BaseModel, Field, TypeAdapter


class _Object(BaseModel):
    key: str = Field(min_length=1, max_length=1024)


class _Place(BaseModel):
    object: _Object


class _Record(BaseModel):
    s3: _Place


class _Uploads(BaseModel):
    records: list[_Record] = Field(alias="Records", min_length=1)


class _Test(BaseModel):
    """S3 sends it once, when it begins to notify the queue."""

    event: Literal["s3:TestEvent"] = Field(alias="Event")


_MESSAGE: TypeAdapter[_Uploads | _Test] = TypeAdapter(_Uploads | _Test)


def uploaded_keys(body: str) -> list[str]:
    message = _MESSAGE.validate_json(body)
    if isinstance(message, _Test):
        return []
    return [unquote_plus(record.s3.object.key) for record in message.records]
