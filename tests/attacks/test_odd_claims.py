"""Tokens with odd claims or signed with the wrong key never cause a 500."""

import json
import secrets
from typing import Any

import httpx
import jwt
import pytest

from local import tokens
from tests.support.api import Api, assert_problem
from tests.support.people import People


def refused(api: Api, token: str) -> None:
    answer = api.call("GET", "/api/matches", headers={"Authorization": f"Bearer {token}"})
    assert_problem(answer, 401, answer.json().get("code", ""))


def claims_of(people: People) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(people.new().token, options={"verify_signature": False})
    return claims


def signed(stack: dict[str, str], payload: bytes) -> str:
    """Sign any bytes; PyJWT's own `encode` refuses some odd claims."""
    key = jwt.PyJWK.from_json(stack["LOCAL_JWT_JWK"])
    headers = {"kid": key.key_id}
    return jwt.api_jws.encode(payload, key.key, tokens.ALGORITHM, headers=headers)


ID = "6f0f3f0c-3a52-4d0c-9d5e-0f6f1b1f2a3b"
ODD: dict[str, list[Any]] = {
    "sub": [f"urn:uuid:{ID}", f"{{{ID}}}", f" {ID}", "", "x", 7, True, [ID], {"id": ID}],
    "exp": ["x", True, [1], {}, float("inf"), float("nan")],
    "nbf": ["0", True, [1], float("inf"), 10**30],
    "iat": ["0", True, [1], float("inf"), 10**30],
    "aud": [["authenticated", 7], ["x"], {}, 7, []],
    "role": [["authenticated"], "postgres", "service_role", 7, {}],
    "iss": [["x"], 7, {}],
    "user_metadata": ["\x00", {"\x00": 1}, "\ud800", float("inf")],
    "session_id": ["\x00", "", "x", 7, [ID], f"urn:uuid:{ID}"],
    "jti": [7],
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_claim_is_a_401(api: Api, people: People, stack: dict[str, str], name: str) -> None:
    claims = claims_of(people)
    for value in ODD[name]:
        refused(api, signed(stack, json.dumps(claims | {name: value}).encode()))


@pytest.mark.parametrize("number", ["1e400", "1e1000000", "NaN"])
def test_a_number_that_postgres_cannot_hold_is_a_401(
    api: Api, people: People, stack: dict[str, str], number: str
) -> None:
    body = json.dumps(claims_of(people))[:-1] + f', "n": {number}}}'
    refused(api, signed(stack, body.encode()))


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", b"[" * 5000])
def test_a_payload_that_is_no_object_is_a_401(
    api: Api, stack: dict[str, str], payload: bytes
) -> None:
    refused(api, signed(stack, payload))


def test_a_shared_secret_signs_no_token(api: Api, people: People, stack: dict[str, str]) -> None:
    claims = claims_of(people)
    public_part = tokens.published(stack["LOCAL_JWT_JWK"])["keys"][0]["x"]
    url = f"{stack['SUPABASE_URL']}/rest/v1/rpc/ping"
    of_the_project = stack["LOCAL_LEGACY_JWT_SECRET"]
    for secret in (of_the_project, secrets.token_hex(32), public_part):
        token = jwt.encode(claims, secret, algorithm="HS256")
        refused(api, token)
        if secret != of_the_project:  # Supabase itself accepts that one until it is revoked
            headers = {
                "apikey": stack["SUPABASE_PUBLISHABLE_KEY"],
                "authorization": f"Bearer {token}",
            }
            assert httpx.post(url, headers=headers).status_code == 401


def test_published_keys_contain_no_private_part(stack: dict[str, str]) -> None:
    url = f"{stack['SUPABASE_URL']}/auth/v1/.well-known/jwks.json"
    [key] = httpx.get(url).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
