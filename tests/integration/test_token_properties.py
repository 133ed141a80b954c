"""Properties 1 and 14 of the specification: a token is accepted if and only if it is valid.

The function runs in this process, on real Redis, PostgREST and Postgres.
"""

import hmac
import json
import re
import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, Self
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jwt.utils import base64url_encode

from local import tokens
from tests.support.accounts import Load, post
from tests.support.functions import Function
from tests.support.people import People, Person
from wingman.kit.clients.redis import redis
from wingman.kit.presence.ended import end_tokens

SOME = settings(deadline=None, suppress_health_check=list(HealthCheck))
LEEWAY = 5
Sign = Callable[[bytes], bytes]


class StoppedClock(datetime):
    """The clock of PyJWT. PostgREST has its own and tolerates half a minute."""

    seconds = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(cls.seconds, tz)


class Issuer:
    """Signs any claims of one user, rightly or wrongly."""

    def __init__(self, stack: dict[str, str], user: Person) -> None:
        self.name = f"{stack['SUPABASE_URL']}/auth/v1"
        self.user = user
        self._key = jwt.PyJWK.from_json(stack["LOCAL_JWT_JWK"])
        self._another = jwt.PyJWK.from_json(tokens.new_key())
        self._public = self._key.key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self._secret = stack["LOCAL_LEGACY_JWT_SECRET"].encode()

    def claims(self, session_id: UUID) -> dict[str, Any]:
        return {
            "sub": str(self.user.id),
            "role": "authenticated",
            "aud": "authenticated",
            "iss": self.name,
            "session_id": str(session_id),
        }

    def token(self, signer: str, claims: dict[str, Any]) -> str:
        header, sign = self.signers()[signer]
        text = b".".join(base64url_encode(json.dumps(part).encode()) for part in (header, claims))
        return (text + b"." + base64url_encode(sign(text))).decode()

    def signers(self) -> dict[str, tuple[dict[str, Any], Sign]]:
        right, ours = self._with(self._key), {"alg": "ES256", "kid": self._key.key_id}
        another = self._with(self._another)
        return {
            "right": (ours, right),
            "another key": (ours, another),
            "unpublished key": (ours | {"kid": self._another.key_id}, another),
            "no key id": ({"alg": "ES256"}, right),
            "other text": (ours, lambda text: right(text + b"x")),
            "no signature": (ours, lambda _: b""),
            "none": (ours | {"alg": "none"}, lambda _: b""),
            "RS256": (ours | {"alg": "RS256"}, right),
            "public key as a secret": (ours | {"alg": "HS256"}, _hs256(self._public)),
            "legacy secret": ({"alg": "HS256"}, _hs256(self._secret)),
        }

    def _with(self, key: jwt.PyJWK) -> Sign:
        return lambda text: key.Algorithm.sign(text, key.key)


def _hs256(secret: bytes) -> Sign:
    return lambda text: hmac.digest(secret, text, "sha256")


SIGNERS = [
    *("right", "another key", "unpublished key", "no key id", "other text", "no signature"),
    *("none", "RS256", "public key as a secret", "legacy secret"),
]
MISSING = object()
ANYTHING = st.one_of(
    st.just(MISSING), st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.just([])
)
CLAIMS: dict[str, st.SearchStrategy[Any]] = {
    "sub": st.one_of(ANYTHING, st.uuids().map(str)),
    "role": st.one_of(ANYTHING, st.sampled_from(["anon", "service_role", "postgres"])),
    "aud": st.one_of(ANYTHING, st.sampled_from(["anon", ["authenticated"], ["anon"]])),
    "iss": st.one_of(ANYTHING, st.just("https://example.com/auth/v1")),
    "session_id": st.one_of(ANYTHING, st.uuids().map(str), st.uuids().map(lambda one: one.hex)),
}
CHANGES = st.one_of(*(st.tuples(st.just(name), values) for name, values in CLAIMS.items()))
NEAR = st.one_of(st.integers(-2 * LEEWAY, 2 * LEEWAY), st.integers(-(10**6), 10**6))
TIMES = st.fixed_dictionaries({"exp": NEAR | st.none()}, optional={"nbf": NEAR, "iat": NEAR})
VALID: dict[str, Any] = {"signer": "right", "changes": [], "times": {"exp": 3600}, "ended": False}


def flaws(issuer: Issuer, claims: dict[str, Any], now: int) -> set[str]:
    """Return the names of the claims that RFC 7519 or the specification refuses."""
    audiences = claims.get("aud")
    session = claims.get("session_id")
    right = {
        "sub": claims.get("sub") == str(issuer.user.id),
        "role": claims.get("role") == "authenticated",
        "aud": audiences in ("authenticated", ["authenticated"]),
        "iss": claims.get("iss") == issuer.name,
        "session_id": isinstance(session, str) and re.fullmatch(r"[0-9a-f-]{36}", session),
        "exp": "exp" in claims and claims["exp"] + LEEWAY > now,
        "nbf": claims.get("nbf", now) - LEEWAY <= now,
        "iat": claims.get("iat", now) - LEEWAY <= now,
    }
    return {name for name, is_right in right.items() if not is_right}


@pytest.fixture
def account(function: Load, monkeypatch: pytest.MonkeyPatch) -> Function:
    monkeypatch.setattr("jwt.api_jwt.datetime", StoppedClock)
    return function("account", ENABLE_RATE_LIMITING="false")


@pytest.fixture
def issuer(stack: dict[str, str], people: People) -> Issuer:
    return Issuer(stack, people.new())


@settings(SOME, max_examples=80)
@given(
    signer=st.just("right") | st.sampled_from(SIGNERS),
    changes=st.just([]) | st.lists(CHANGES, max_size=2),
    times=st.just({"exp": 3600}) | TIMES,
    ended=st.sampled_from([False, False, False, True]),
)
@example(**VALID)
@example(**VALID | {"times": {"exp": 1 - LEEWAY, "nbf": LEEWAY, "iat": LEEWAY}})
@example(**VALID | {"times": {"exp": -LEEWAY}})
@example(**VALID | {"times": {"exp": None}})
@example(**VALID | {"times": {"exp": 3600, "nbf": LEEWAY + 1}})
@example(**VALID | {"times": {"exp": 3600, "iat": LEEWAY + 1}})
@example(**VALID | {"ended": True})
@example(**VALID | {"changes": [("aud", ["authenticated"])]})
@example(**VALID | {"changes": [("role", MISSING)]})
@example(**VALID | {"changes": [("role", "service_role")]})
def test_1_a_token_is_accepted_if_and_only_if_it_is_valid(
    account: Function,
    issuer: Issuer,
    *,
    signer: str,
    changes: list[tuple[str, Any]],
    times: dict[str, int | None],
    ended: bool,
) -> None:
    StoppedClock.seconds = now = int(time.time())
    session_id = uuid4()
    if ended:
        end_tokens(redis(), [session_id])
    moments = {name: now + at for name, at in times.items() if at is not None}
    claims = issuer.claims(session_id) | moments | dict(changes)
    claims = {name: value for name, value in claims.items() if value is not MISSING}
    found = flaws(issuer, claims, now)
    if ended and claims.get("session_id") == str(session_id):
        found.add("ended")
    if signer != "right":
        found.add("signer")

    status, answer = post(account, "get", access_token=issuer.token(signer, claims))

    assert status == (401 if found else 200), (found, answer)
    if found == {"exp"} and "exp" in claims:
        assert answer["code"] == "token_expired"
    elif found == {"ended"}:
        assert answer["code"] == "session_ended"
    elif not found:
        assert answer["id"] == str(issuer.user.id)
    if "exp" not in found or "signer" in found:
        assert answer.get("code") != "token_expired"


@settings(SOME, max_examples=3)
@given(ago=st.integers(LEEWAY, 10**9))
@pytest.mark.parametrize("signer", SIGNERS)
def test_1_only_the_right_key_signs(
    account: Function, issuer: Issuer, signer: str, ago: int
) -> None:
    """Property 14, too: the same token is refused as expired once its time has passed."""
    StoppedClock.seconds = now = int(time.time())
    answers = [
        post(
            account,
            "get",
            access_token=issuer.token(signer, issuer.claims(uuid4()) | {"exp": now + left}),
        )
        for left in (1, -ago)
    ]

    statuses = [status for status, _ in answers]
    expired = answers[1][1]["code"] == "token_expired"
    assert (statuses, expired) == (([200, 401], True) if signer == "right" else ([401, 401], False))
