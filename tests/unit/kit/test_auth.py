"""Attacks on access tokens, against keys served over real HTTP."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from wingman.kit.auth import jwks
from wingman.kit.auth import tokens as auth
from wingman.kit.errors import DependencyUnavailable, TokenExpired, Unauthenticated

SECRET = "the project's own secret, long enough for HS256"
USER = UUID("6f0f3f0c-3a52-4d0c-9d5e-0f6f1b1f2a3b")
SESSION = UUID("7a1c5d2e-9f7b-4a53-8f0e-2b6c1d4e5f60")


# Generating an RSA key takes longer than a test.
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """A token issuer that publishes keys and counts the requests for them."""

    def __init__(self) -> None:
        self.ec_key, self.rsa_key = EC_KEY, RSA_KEY
        self.published: list[dict[str, Any]] = [
            json.loads(ECAlgorithm.to_jwk(self.ec_key.public_key()))
            | {"kid": "ec", "alg": "ES256", "use": "sig"},
            json.loads(RSAAlgorithm.to_jwk(self.rsa_key.public_key()))
            | {"kid": "rsa", "alg": "RS256", "use": "sig"},
        ]
        self.requests = 0
        self.away = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                self.send_response(503 if issuer.away else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": issuer.published}).encode())

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> Iterator[Issuer]:
    issuer = Issuer()
    monkeypatch.setenv("SUPABASE_URL", issuer.url)
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", "publishable")
    monkeypatch.setenv("BACKEND_KEY", "a key of the backend")
    thread = threading.Thread(target=issuer.server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


def claims(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    body = {
        "sub": str(USER),
        "role": "authenticated",
        "aud": "authenticated",
        "iss": f"{issuer.url}/auth/v1",
        "session_id": str(SESSION),
        "exp": int(time.time()) + 3600,
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def signed(issuer: Issuer, **changes: Any) -> str:
    return jwt.encode(claims(issuer, **changes), issuer.ec_key, "ES256", headers={"kid": "ec"})


def signed_with_secret(issuer: Issuer, secret: str = SECRET) -> str:
    return jwt.encode(claims(issuer), secret, algorithm="HS256")


@pytest.fixture
def legacy(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that still accepts tokens signed with its shared secret."""
    monkeypatch.setenv("SUPABASE_JWT_SECRET", SECRET)


def with_header(token: str, **changes: Any) -> str:
    head, body, signature = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "==")) | changes
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{encoded}.{body}.{signature}"


def test_a_token_signed_with_a_shared_secret_is_refused_by_default(issuer: Issuer) -> None:
    with pytest.raises(Unauthenticated):
        auth.verify(signed_with_secret(issuer))


def test_a_shared_secret_is_a_legacy_switch(issuer: Issuer, legacy: None) -> None:
    assert auth.verify(signed_with_secret(issuer)).id == USER
    assert auth.verify(signed(issuer)).id == USER
    with pytest.raises(Unauthenticated):
        auth.verify(signed_with_secret(issuer, "another secret that is long enough"))


@pytest.mark.parametrize(("kid", "algorithm"), [("ec", "ES256"), ("rsa", "RS256")])
def test_a_token_signed_with_a_published_key_is_accepted(
    issuer: Issuer, kid: str, algorithm: str
) -> None:
    key = issuer.ec_key if kid == "ec" else issuer.rsa_key
    token = jwt.encode(claims(issuer), key, algorithm=algorithm, headers={"kid": kid})
    assert auth.verify(token).id == USER
    assert auth.verify(token).id == USER
    assert issuer.requests == 1


def test_a_caller_has_the_user_and_the_session_of_the_token(issuer: Issuer) -> None:
    caller = auth.verify(token := signed(issuer))
    assert (caller.id, caller.session_id, caller.token) == (USER, SESSION, token)


def test_an_expired_token_has_its_own_error(issuer: Issuer) -> None:
    with pytest.raises(TokenExpired):
        auth.verify(signed(issuer, exp=int(time.time()) - 60))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "anon"},
        {"iss": "https://evil.example/auth/v1"},
        {"role": "service_role"},
        {"role": None},
        {"sub": None},
        {"sub": "not-a-uuid"},
        {"sub": f"urn:uuid:{USER}"},
        {"sub": f"{{{USER}}}"},
        {"sub": USER.hex},
        {"sub": [str(USER)]},
        {"session_id": None},
        {"session_id": ""},
        {"session_id": SESSION.hex},
        {"session_id": [str(SESSION)]},
        {"role": ["authenticated"]},
        {"exp": "never"},
        {"exp": float("inf")},
        {"user_metadata": {"name": "\x00"}},
        {"user_metadata": {"\x00": "name"}},
        {"user_metadata": float("nan")},
        {"user_metadata": float("inf")},
        {"exp": None},
        {"aud": None},
        {"iss": None},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_a_wrong_or_missing_claim_is_refused(issuer: Issuer, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        auth.verify(signed(issuer, **changes))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "PS256", 7, ["HS256"], None])
def test_another_algorithm_is_refused(issuer: Issuer, legacy: None, algorithm: object) -> None:
    unsigned = jwt.encode(claims(issuer), "", algorithm="none")
    for token in (unsigned, signed(issuer), signed_with_secret(issuer)):
        with pytest.raises(Unauthenticated):
            auth.verify(with_header(token, alg=algorithm))


def test_a_public_key_does_not_serve_as_a_secret(issuer: Issuer, legacy: None) -> None:
    """Algorithm confusion: the attacker signs HS256 with the published RSA key."""
    public = issuer.rsa_key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    encode = base64.urlsafe_b64encode
    header = encode(b'{"alg":"HS256","typ":"JWT","kid":"rsa"}').rstrip(b"=")
    body = encode(json.dumps(claims(issuer)).encode()).rstrip(b"=")
    signature = hmac.digest(public, header + b"." + body, "sha256")
    token = b".".join([header, body, encode(signature).rstrip(b"=")]).decode()
    with pytest.raises(Unauthenticated):
        auth.verify(token)


def test_a_key_serves_its_own_algorithm_only(issuer: Issuer) -> None:
    token = jwt.encode(claims(issuer), issuer.ec_key, algorithm="ES256", headers={"kid": "rsa"})
    with pytest.raises(Unauthenticated):
        auth.verify(token)


def test_a_published_key_of_another_algorithm_is_not_used(issuer: Issuer) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    public = json.loads(OKPAlgorithm.to_jwk(key.public_key()))
    issuer.published.append(public | {"kid": "ed", "alg": "EdDSA", "use": "sig"})
    token = jwt.encode(claims(issuer), key, algorithm="EdDSA", headers={"kid": "ed"})
    with pytest.raises(Unauthenticated):
        auth.verify(token)


def test_unknown_key_ids_make_one_fetch_until_the_cooldown_ends(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        token = jwt.encode(
            claims(issuer), issuer.ec_key, algorithm="ES256", headers={"kid": str(uuid4())}
        )
        with pytest.raises(Unauthenticated):
            auth.verify(token)
    assert issuer.requests == 1

    issuer.published[0]["kid"] = "rotated"
    token = jwt.encode(claims(issuer), issuer.ec_key, algorithm="ES256", headers={"kid": "rotated"})
    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", -1.0)
    assert auth.verify(token).id == USER
    assert issuer.requests == 2


def test_cached_keys_are_used_while_the_issuer_is_unavailable(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = jwt.encode(claims(issuer), issuer.ec_key, algorithm="ES256", headers={"kid": "ec"})
    assert auth.verify(token).id == USER
    issuer.away = True
    monkeypatch.setattr(jwks, "CACHE_SECONDS", -1.0)
    assert auth.verify(token).id == USER


@pytest.mark.parametrize("published", [[], [{"kty": "oct", "k": "AA"}], [7], {"kid": "ec"}, None])
def test_known_keys_survive_an_answer_without_keys_until_their_lifetime_ends(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, published: Any
) -> None:
    assert auth.verify(signed(issuer)).id == USER
    issuer.published = published
    monkeypatch.setattr(jwks, "CACHE_SECONDS", -1.0)
    assert auth.verify(signed(issuer)).id == USER
    assert issuer.requests == 2

    monkeypatch.setattr(jwks, "LIFETIME_SECONDS", -1.0)
    with pytest.raises(DependencyUnavailable):
        auth.verify(signed(issuer))


def test_a_key_that_is_no_longer_published_is_refused(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert auth.verify(signed(issuer)).id == USER
    del issuer.published[0]
    monkeypatch.setattr(jwks, "CACHE_SECONDS", -1.0)
    with pytest.raises(Unauthenticated):
        auth.verify(signed(issuer))


def test_an_issuer_without_keys_is_not_asked_for_each_token(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "RETRY_SECONDS", 60.0)
    issuer.published = []
    for _ in range(20):
        with pytest.raises(DependencyUnavailable):
            auth.verify(signed(issuer))
    assert issuer.requests == 1


def test_an_escaped_backslash_in_a_name_is_not_a_nul(issuer: Issuer) -> None:
    assert auth.verify(signed(issuer, user_metadata={"name": r"\u0000"})).id == USER


def test_an_issuer_that_was_never_reachable_is_an_unavailable_dependency(issuer: Issuer) -> None:
    issuer.away = True
    token = jwt.encode(claims(issuer), issuer.ec_key, algorithm="ES256", headers={"kid": "ec"})
    with pytest.raises(DependencyUnavailable):
        auth.verify(token)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "ä.ö.ü", "x" * 100_000, "\x00"])
def test_garbage_is_refused(issuer: Issuer, token: str) -> None:
    with pytest.raises(Unauthenticated):
        auth.verify(token)
