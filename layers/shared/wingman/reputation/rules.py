"""How totals become a score and a badge."""

from wingman.reputation.models import BadgeColor

LOWEST, HIGHEST = -5, 20
GOLD_FROM = 10


def score_of(completed_sessions: int, no_shows: int) -> int:
    """Weigh what took place against what was let fall, held to LOWEST … HIGHEST."""
    return max(LOWEST, min(HIGHEST, completed_sessions - no_shows))


def badge_of(score: int) -> BadgeColor:
    """Choose the colour: gold from 10, green from 0, red below."""
    if score >= GOLD_FROM:
        return BadgeColor.GOLD
    return BadgeColor.GREEN if score >= 0 else BadgeColor.RED
