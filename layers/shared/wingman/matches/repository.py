"""Matches in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted, IdempotencyKeyReused, InvalidRequest
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.paging import Page
from wingman.matches import errors
from wingman.matches.models import Answer, Invitation, Match, MatchChange, MatchStatus

# Every SQLSTATE that the match functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA002": lambda _: IdempotencyKeyReused(),
    "WA003": refused_field,
    "WM001": lambda _: errors.InviteeNotFound(),
    "WM002": lambda _: errors.MatchNotFound(),
    "WM003": lambda _: errors.MatchAlreadyOpen(),
    "WM004": lambda _: errors.RecentlyDeclined(),
    "WM005": lambda _: errors.CannotInviteYourself(),
    "WM006": lambda error: errors.DailyMatchLimit(retry_after=int(error.detail or 1)),
    "WM007": lambda _: errors.InitiatorCannotRespond(),
    "WM008": lambda _: errors.MatchAlreadyAnswered(),
    "WM009": lambda _: errors.MatchExpired(),
    "WM010": lambda _: errors.OnlyInitiatorCanWithdraw(),
    "WM011": lambda _: InvalidRequest(fields={"action": "must be accept or decline"}),
    "WM012": lambda _: errors.RecentlyWithdrawn(),
    "WM013": lambda _: errors.MatchEnded(),
    "WM014": lambda _: errors.MatchNotAccepted(),
    "WN010": lambda error: errors.DailyEmailLimit(retry_after=int(error.detail or 1)),
}
_call = partial(call, REFUSALS)


def request(
    database: Database, invitation: Invitation, key: IdempotencyKey, max_daily: int
) -> MatchChange:
    """Record an invitation and its email, or return the first answer for `key`."""
    answer = _call(
        database,
        "request_match",
        idempotent=key.key is not None,
        p_invitee_id=str(invitation.invitee_id),
        p_venue_suggestion=invitation.venue_suggestion,
        p_note=invitation.note,
        p_max_daily=max_daily,
        p_idempotency_key=key.key,
        p_request_hash=key.request_hash,
    )
    return MatchChange.model_validate(answer)


def respond(database: Database, match_id: UUID, answer: Answer) -> MatchChange:
    change = _call(
        database,
        "respond_to_match",
        idempotent=True,
        p_match_id=str(match_id),
        p_action=answer.action,
        p_reason=answer.reason,
    )
    return MatchChange.model_validate(change)


def withdraw(database: Database, match_id: UUID) -> MatchChange:
    answer = _call(database, "withdraw_match", idempotent=True, p_match_id=str(match_id))
    return MatchChange.model_validate(answer)


def unmatch(database: Database, match_id: UUID) -> MatchChange:
    answer = _call(database, "unmatch", idempotent=True, p_match_id=str(match_id))
    return MatchChange.model_validate(answer)


def get(database: Database, match_id: UUID) -> Match:
    found = _call(database, "get_match", idempotent=True, p_match_id=str(match_id))
    return Match.model_validate(found)


def list_matches(database: Database, status: MatchStatus | None, page: Page) -> list[Match]:
    """Read the caller's matches, newest first, and one more than the page holds."""
    rows = _call(
        database,
        "list_matches",
        idempotent=True,
        p_status=status,
        **page.parameters,
    )
    return [Match.model_validate(row) for row in rows]


def expire(database: Database, limit: int) -> int:
    return int(_call(database, "expire_matches", idempotent=False, p_limit=limit))
