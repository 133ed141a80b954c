"""Access tokens as Supabase Auth issues them, signed with the stack's own ES256 key.

A key is a JWK (RFC 7517) as JSON text, private part included.
"""

import json
import time
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm, HMACAlgorithm

ALGORITHM = "ES256"
LIFE_SECONDS = 7 * 24 * 60 * 60


def new_key() -> str:
    made = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return json.dumps(made | {"kid": str(uuid4()), "alg": ALGORITHM, "use": "sig"})


def published(key: str) -> dict[str, list[dict[str, Any]]]:
    return {"keys": [{name: part for name, part in json.loads(key).items() if name != "d"}]}


def accepted(key: str, legacy_secret: str) -> dict[str, list[dict[str, Any]]]:
    """Return what PostgREST verifies with while a project has not revoked its shared secret."""
    shared = HMACAlgorithm.to_jwk(legacy_secret.encode(), as_dict=True)
    return {"keys": [*published(key)["keys"], shared | {"alg": "HS256"}]}


def sign(claims: dict[str, Any], key: str) -> str:
    jwk = jwt.PyJWK.from_json(key)
    return jwt.encode(claims, jwk.key, algorithm=ALGORITHM, headers={"kid": jwk.key_id})


def access_token(
    user_id: UUID,
    *,
    key: str,
    supabase_url: str,
    life: int = LIFE_SECONDS,
    session_id: UUID | None = None,
) -> str:
    now = int(time.time())
    claims = {
        "sub": str(user_id),
        "role": "authenticated",
        "aud": "authenticated",
        "iss": f"{supabase_url}/auth/v1",
        "session_id": str(session_id or uuid4()),
        "iat": now,
        "exp": now + life,
    }
    return sign(claims, key)
