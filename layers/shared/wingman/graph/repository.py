"""Fields of all objects of a page, each by one SQL function of supabase/schemas/790_graph.sql."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from wingman.conversations.models import Conversation, MessagePage
from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted
from wingman.matches.models import Match
from wingman.profiles.dogs.models import Card
from wingman.reputation import service as reputation
from wingman.reputation.models import Totals
from wingman.sessions.models import Session

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {"WA001": lambda _: AccountDeleted()}
_call = partial(call, REFUSALS)


def matches(database: Database, match_ids: Sequence[UUID]) -> dict[UUID, Match]:
    rows = _call(database, "get_matches", idempotent=True, p_match_ids=_texts(match_ids))
    return {each.id: each for each in map(Match.model_validate, rows)}


def open_sessions(database: Database, match_ids: Sequence[UUID]) -> dict[UUID, Session]:
    rows = _call(database, "get_open_sessions", idempotent=True, p_match_ids=_texts(match_ids))
    return {each.match_id: each for each in map(Session.model_validate, rows)}


def conversations(database: Database, match_ids: Sequence[UUID]) -> dict[UUID, Conversation]:
    rows = _call(database, "get_conversations", idempotent=True, p_match_ids=_texts(match_ids))
    return {each.match_id: each for each in map(Conversation.model_validate, rows)}


def newest_messages(
    database: Database, match_ids: Sequence[UUID], limit: int
) -> dict[UUID, MessagePage]:
    found = _call(
        database,
        "get_newest_messages",
        idempotent=True,
        p_match_ids=_texts(match_ids),
        p_limit=limit,
    )
    return TypeAdapter(dict[UUID, MessagePage]).validate_python(found)


def cards(database: Database, user_ids: Sequence[UUID]) -> dict[UUID, Card]:
    rows = _call(database, "get_cards", idempotent=True, p_user_ids=_texts(user_ids))
    return {each.user_id: each for each in map(_card, rows)}


def _card(row: dict[str, Any]) -> Card:
    standing = reputation.standing(Totals.model_validate(row["reputation"]))
    return Card.model_validate(row | {"reputation": standing})


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(each) for each in ids]
