"""The step of the limiter's call that records a user's activity (touch.lua)."""

from uuid import UUID

from wingman.kit.clients.lua import read_lua
from wingman.kit.limits.limiter import Step
from wingman.kit.presence.settings import PresenceSettings
from wingman.kit.settings import load


def activity_key(user_id: UUID) -> str:
    return f"activity:user:{user_id}"


def login_key(user_id: UUID) -> str:
    return f"login:user:{user_id}"


def touching(user_id: UUID) -> Step:
    """Return the step that extends a user's login and counts the hour."""
    seconds = load(PresenceSettings).session_timeout_hours * 3600
    keys = [activity_key(user_id), login_key(user_id)]
    return Step(read_lua(__file__, "touch"), keys, [seconds], answers=False)
