"""Rate limits of the coach."""

from wingman.coach.settings import CoachSettings
from wingman.kit.limits.policy import Policy
from wingman.kit.settings import load

_DAY_SECONDS = 86_400


def daily_tips() -> Policy:
    a_day = load(CoachSettings).max_daily_tips
    return Policy("coach", a_day, _DAY_SECONDS / a_day, "user", share=1.0)
