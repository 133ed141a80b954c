"""A project: its address, its keys, its settings and its rate limits."""

from collections import Counter
from dataclasses import dataclass, field

from local.auth.limits import Limits
from local.auth.settings import Settings


@dataclass
class Project:
    supabase_url: str
    jwt_jwk: str
    hook_secret: str
    settings: Settings
    limits: Limits
    hook_answers: Counter[int] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        """Return Supabase Auth's own address, which is the issuer of its tokens."""
        return f"{self.supabase_url}/auth/v1"
