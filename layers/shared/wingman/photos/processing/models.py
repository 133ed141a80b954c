"""Models of the worker's steps."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class ClaimedPhoto(BaseModel):
    """A photo that this worker alone may finish, until its lease ends."""

    id: UUID
    lease: UUID
    lease_expires_at: datetime
