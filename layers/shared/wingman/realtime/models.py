"""Models of realtime."""

from uuid import UUID

from pydantic import BaseModel


class EndedMatch(BaseModel):
    """A match that has just ended, and its two users."""

    match_id: UUID
    user_ids: tuple[UUID, UUID]
