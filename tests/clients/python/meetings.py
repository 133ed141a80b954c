from datetime import datetime
from uuid import UUID, uuid4

from app.client import a
from wingman_client import AuthenticatedClient
from wingman_client.api.reputation import get_reputation
from wingman_client.api.sessions import confirm_session, create_session, get_session_calendar
from wingman_client.models import Plan, Reputation, Session


def plan(api: AuthenticatedClient, match_id: UUID, venue_name: str, time: datetime) -> Session:
    """Plan a meeting; the time needs a UTC offset: `datetime.now(UTC) + …`."""
    body = Plan(match_id, venue_name, scheduled_time=time)
    key = str(uuid4())
    return a(Session, create_session.sync(client=api, body=body, idempotency_key=key))


def calendar(api: AuthenticatedClient, session_id: UUID) -> bytes:
    """Return a file for the user's calendar."""
    return get_session_calendar.sync_detailed(session_id, client=api).content


def confirm_meeting(api: AuthenticatedClient, session_id: UUID) -> Session:
    """Confirm that the other user came. Once both have, the session is `completed`."""
    return a(Session, confirm_session.sync(session_id, client=api))


def reputation(api: AuthenticatedClient, user_id: UUID) -> Reputation:
    return a(Reputation, get_reputation.sync(user_id, client=api))
