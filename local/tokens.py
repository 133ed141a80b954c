"""Access tokens as Supabase Auth would give them out, signed with the stack's secret."""

import time
from uuid import UUID

import jwt

LIFE_SECONDS = 7 * 24 * 60 * 60


def access_token(user_id: UUID, *, secret: str, supabase_url: str, life: int = LIFE_SECONDS) -> str:
    """Return the bearer token of one user."""
    now = int(time.time())
    claims = {
        "sub": str(user_id),
        "role": "authenticated",
        "aud": "authenticated",
        "iss": f"{supabase_url}/auth/v1",
        "iat": now,
        "exp": now + life,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
