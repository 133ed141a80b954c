"""Models of accounts."""

from uuid import UUID

from pydantic import BaseModel


class Departure(BaseModel):
    """A deleted account that Redis still knows, and the users who had matches with it."""

    user_id: UUID
    partner_ids: list[UUID]
