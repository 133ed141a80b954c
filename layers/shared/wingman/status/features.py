"""The optional features of this deployment."""

from pydantic import BaseModel

from wingman.kit.settings import load
from wingman.status.settings import FeatureSettings


class Features(BaseModel):
    """The optional features, which apps show or hide."""

    ai_coaching: bool
    match_sharing: bool
    challenge_sharing: bool
    push: bool


def features() -> Features:
    enabled = load(FeatureSettings)
    return Features(
        ai_coaching=enabled.enable_ai_coaching,
        match_sharing=enabled.enable_match_sharing,
        challenge_sharing=enabled.enable_challenge_sharing,
        push=enabled.enable_push,
    )
