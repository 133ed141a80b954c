"""The story of a match, walked through with the client that openapi-python-client generates.

`story.py plan` invites, accepts and plans; `story.py confirm SESSION_ID` is the rest.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from wingman_client import AuthenticatedClient, Client
from wingman_client.api.challenges import list_challenges
from wingman_client.api.email import change_email_preferences, unsubscribe
from wingman_client.api.matches import list_matches, request_match, respond_to_match
from wingman_client.api.reputation import get_reputation
from wingman_client.api.sessions import (
    confirm_session,
    create_session,
    get_session_calendar,
    update_session,
)
from wingman_client.models import (
    Action,
    Answer,
    ChallengeList,
    Change,
    ConfirmSessionConflictProblem,
    ConfirmSessionConflictProblemCode,
    Difficulty,
    EmailPreferences,
    Invitation,
    Match,
    MatchPage,
    MatchStatus,
    Plan,
    PreferenceChanges,
    QuietHours,
    Reputation,
    RequestMatchConflictProblem,
    RequestMatchConflictProblemCode,
    RespondToMatchForbiddenProblem,
    Session,
    SessionStatus,
    UnsubscribeBadRequestProblem,
    UnsubscribeBadRequestProblemCode,
    Unsubscription,
)

T = TypeVar("T")

API = os.environ["API_URL"]
MAYA = AuthenticatedClient(base_url=API, token=os.environ["MAYA_TOKEN"])
LEO = AuthenticatedClient(base_url=API, token=os.environ["LEO_TOKEN"])
LEO_ID = UUID(os.environ["LEO_ID"])


def a(kind: type[T], found: object) -> T:
    """Return an answer of this type."""
    assert isinstance(found, kind), found
    return found


def invite() -> Match:
    body = Invitation(invitee_id=LEO_ID, venue_suggestion="Café Central")
    key = str(uuid4())
    first = request_match.sync_detailed(client=MAYA, body=body, idempotency_key=key)
    match = a(Match, first.parsed)
    assert first.headers["Location"] == f"/api/matches/{match.id}"
    again = request_match.sync_detailed(client=MAYA, body=body, idempotency_key=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    refused = a(RequestMatchConflictProblem, request_match.sync(client=MAYA, body=body))
    assert refused.code is RequestMatchConflictProblemCode.MATCH_ALREADY_OPEN
    return match


def plan() -> UUID:
    match = invite()
    accept = Answer(action=Action.ACCEPT)
    a(RespondToMatchForbiddenProblem, respond_to_match.sync(match.id, client=MAYA, body=accept))
    accepted = a(Match, respond_to_match.sync(match.id, client=LEO, body=accept))
    assert accepted.status is MatchStatus.ACCEPTED
    listed = a(MatchPage, list_matches.sync(client=LEO, status=MatchStatus.ACCEPTED))
    assert listed.matches[0].id == match.id

    public = Client(base_url=API)
    challenges = a(
        ChallengeList, list_challenges.sync(client=public, difficulty=Difficulty.BEGINNER)
    )
    body = Plan(
        match_id=match.id,
        venue_name="Café Central",
        scheduled_time=datetime.now(UTC) + timedelta(days=3),
        user1_challenge_id=challenges.challenges[0].id,
    )
    session = a(Session, create_session.sync(client=MAYA, body=body))
    early = a(ConfirmSessionConflictProblem, confirm_session.sync(session.id, client=MAYA))
    assert early.code is ConfirmSessionConflictProblemCode.SESSION_NOT_STARTED
    return session.id


def confirm(session_id: UUID) -> None:
    noted = a(Session, update_session.sync(session_id, client=LEO, body=Change(notes=None)))
    assert noted.notes is None
    file = get_session_calendar.sync_detailed(session_id, client=LEO)
    assert file.content.startswith(b"BEGIN:VCALENDAR")
    confirm_session.sync(session_id, client=MAYA)
    session = a(Session, confirm_session.sync(session_id, client=LEO))
    assert session.status is SessionStatus.COMPLETED
    assert a(Reputation, get_reputation.sync(LEO_ID, client=MAYA)).score == 1
    changes = PreferenceChanges(
        marketing_emails=False, quiet_hours=QuietHours(start="22:00", end="07:00")
    )
    saved = change_email_preferences.sync(LEO_ID, client=LEO, body=changes)
    assert a(QuietHours, a(EmailPreferences, saved).quiet_hours).end == "07:00"
    forged = unsubscribe.sync(client=Client(base_url=API), body=Unsubscription(token="forged"))
    problem = a(UnsubscribeBadRequestProblem, forged)
    assert problem.code is UnsubscribeBadRequestProblemCode.INVALID_TOKEN


if __name__ == "__main__":
    if sys.argv[1] == "plan":
        sys.stdout.write(str(plan()))
    else:
        confirm(UUID(sys.argv[2]))
