"""The step of the limiter's call that records a user's activity (touch.lua)."""

from uuid import UUID

from wingman.kit.clients.lua import read_lua
from wingman.kit.errors import AccountDeleted, ProblemError, SessionEnded
from wingman.kit.limits.limiter import Step
from wingman.kit.presence.settings import PresenceSettings
from wingman.kit.settings import load

NO_SESSION = UUID(int=0)
_ENDED = 2  # as in touch.lua


def activity_key(user_id: UUID) -> str:
    return f"activity:user:{user_id}"


def login_key(user_id: UUID) -> str:
    return f"login:user:{user_id}"


def departed_key(user_id: UUID) -> str:
    return f"departed:user:{user_id}"


def ended_key(session_id: UUID) -> str:
    return f"ended:session:{session_id}"


def keys_of(user_id: UUID, session_id: UUID = NO_SESSION) -> list[str]:
    of_user = [activity_key(user_id), login_key(user_id), departed_key(user_id)]
    return [*of_user, ended_key(session_id)]


def touching(user_id: UUID, session_id: UUID) -> Step:
    """Extend a login and count the hour; refuse tokens of a deleted user or an ended session."""
    seconds = load(PresenceSettings).session_timeout_hours * 3600
    lua = read_lua(__file__, "touch")
    return Step(lua, keys_of(user_id, session_id), [seconds], answers=False, refusal=_refusal)


def _refusal(mark: int) -> ProblemError:
    return SessionEnded() if mark == _ENDED else AccountDeleted()
