"""What this deployment offers besides the core, for the apps to show or to hide."""

from pydantic import BaseModel

from wingman.kit.settings import load
from wingman.status.settings import FeatureSettings


class Features(BaseModel):
    """Each feature that a deployment can do without."""

    ai_coaching: bool
    match_sharing: bool
    challenge_sharing: bool


def features() -> Features:
    """Read what is enabled."""
    enabled = load(FeatureSettings)
    return Features(
        ai_coaching=enabled.enable_ai_coaching,
        match_sharing=enabled.enable_match_sharing,
        challenge_sharing=enabled.enable_challenge_sharing,
    )
