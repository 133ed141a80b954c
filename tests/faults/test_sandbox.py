"""The stand-ins of the local stack work as the real services; every fault test relies on them."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from upstash_redis import Redis
from upstash_redis.errors import UpstashError

from tests.support.people import People

Json = dict[str, Any]


@pytest.fixture
def provider(stack: dict[str, str]) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack['RESEND_API_KEY']}"}
    with httpx.Client(base_url=stack["RESEND_API_URL"], headers=headers, timeout=5) as client:
        yield client


@pytest.fixture
def recipient() -> str:
    return f"{uuid4().hex}@example.com"


def email(recipient: str, **fields: object) -> Json:
    body = {"from": "Wingman <hi@example.com>", "to": [recipient], "subject": "s", "text": "t"}
    return body | fields


def accepted(provider: httpx.Client, recipient: str) -> list[Json]:
    listed: list[Json] = provider.get("/_sandbox/emails").json()
    return [item for item in listed if item["to"] == [recipient]]


def plan(provider: httpx.Client, mode: str, recipient: str, count: int = 1) -> None:
    fault = {"mode": mode, "count": count, "match": recipient}
    provider.post("/_sandbox/faults", json=fault).raise_for_status()


def test_a_batch_is_accepted_once_per_key(provider: httpx.Client, recipient: str) -> None:
    body, headers = [email(recipient), email(recipient)], {"Idempotency-Key": uuid4().hex}
    first = provider.post("/emails/batch", json=body, headers=headers)
    again = provider.post("/emails/batch", json=body, headers=headers)
    other = provider.post("/emails/batch", json=body[:1], headers=headers)
    assert first.status_code == 200
    assert again.json() == first.json()
    assert (other.status_code, other.json()["name"]) == (409, "invalid_idempotent_request")
    assert [item["id"] for item in accepted(provider, recipient)] == [
        item["id"] for item in first.json()["data"]
    ]


def test_the_same_key_at_the_same_time_is_a_conflict(
    provider: httpx.Client, recipient: str
) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    provider.post("/_sandbox/delay", json={"seconds": 0.3}).raise_for_status()
    try:
        with ThreadPoolExecutor(2) as pool:
            sent = [
                pool.submit(provider.post, "/emails", json=email(recipient), headers=headers)
                for _ in range(2)
            ]
        answers = sorted((call.result() for call in sent), key=lambda answer: answer.status_code)
    finally:
        provider.post("/_sandbox/delay", json={"seconds": 0})
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["name"] == "concurrent_idempotent_requests"
    assert len(accepted(provider, recipient)) == 1


def test_a_lost_response_is_an_accepted_email(provider: httpx.Client, recipient: str) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    plan(provider, "lost_response", recipient, count=2)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            provider.post("/emails", json=email(recipient), headers=headers)
    answer = provider.post("/emails", json=email(recipient), headers=headers)
    [kept] = accepted(provider, recipient)
    assert answer.json() == {"id": kept["id"]}
    assert kept["idempotency_key"] == headers["Idempotency-Key"]


@pytest.mark.parametrize(
    ("mode", "status", "name"),
    [
        ("error_500", 500, "application_error"),
        ("rate_limited", 429, "rate_limit_exceeded"),
        ("reject", 422, "validation_error"),
    ],
)
def test_a_refusal_accepts_nothing(
    mode: str, status: int, name: str, provider: httpx.Client, recipient: str
) -> None:
    plan(provider, mode, recipient)
    refused = provider.post("/emails", json=email(recipient))
    assert refused.json() == {
        "statusCode": status,
        "name": name,
        "message": refused.json()["message"],
    }
    assert refused.status_code == status
    assert accepted(provider, recipient) == []
    assert provider.post("/emails", json=email(recipient)).status_code == 200


def test_a_timeout_accepts_nothing(provider: httpx.Client, recipient: str) -> None:
    plan(provider, "timeout", recipient)
    with pytest.raises(httpx.ReadTimeout):
        provider.post("/emails", json=email(recipient), timeout=0.5)
    assert accepted(provider, recipient) == []


def test_a_strict_batch_is_all_or_nothing(provider: httpx.Client, recipient: str) -> None:
    answer = provider.post("/emails/batch", json=[email(recipient), email("no-address")])
    assert answer.status_code == 422
    assert accepted(provider, recipient) == []


def test_a_permissive_batch_names_what_it_left_out(provider: httpx.Client, recipient: str) -> None:
    answer = provider.post(
        "/emails/batch",
        json=[email("no-address"), email(recipient)],
        headers={"x-batch-validation": "permissive"},
    )
    [kept] = accepted(provider, recipient)
    assert answer.json()["data"] == [{"id": kept["id"]}]
    assert [error["index"] for error in answer.json()["errors"]] == [0]


def test_a_batch_holds_a_hundred_at_most(provider: httpx.Client, recipient: str) -> None:
    answer = provider.post("/emails/batch", json=[email(recipient)] * 101)
    assert answer.status_code == 422
    assert accepted(provider, recipient) == []


def test_a_limit_that_was_set_is_kept(provider: httpx.Client, recipient: str) -> None:
    provider.post("/_sandbox/limit", json={"requests_per_second": 1}).raise_for_status()
    try:
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(provider.post, "/emails", json=email(recipient)) for _ in range(4)]
        answers = [each.result() for each in sent]
    finally:
        provider.post("/_sandbox/limit", json={"requests_per_second": None}).raise_for_status()
    refused = [answer for answer in answers if answer.status_code != HTTPStatus.OK]
    assert 0 < len(refused) < len(answers)
    assert {answer.status_code for answer in refused} == {429}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


def test_only_the_right_key_may_send(provider: httpx.Client, recipient: str) -> None:
    for headers, status in (({"Authorization": ""}, 401), ({"Authorization": "Bearer x"}, 403)):
        assert (
            provider.post("/emails", json=email(recipient), headers=headers).status_code == status
        )
    assert accepted(provider, recipient) == []


def test_an_email_cannot_run_scripts_in_the_inbox(provider: httpx.Client, recipient: str) -> None:
    html = "<html><head></head><body><script>alert(1)</script></body></html>"
    sent = provider.post("/emails", json=email(recipient, html=html)).json()
    shown = provider.get(f"/inbox/{sent['id']}")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def rest(stack: dict[str, str], **headers: str) -> httpx.Response:
    headers["x-backend-key"] = stack["BACKEND_KEY"]
    return httpx.get(f"{stack['SUPABASE_URL']}/rest/v1/email_logs?limit=1", headers=headers)


def test_supabase_turns_keys_into_roles(stack: dict[str, str]) -> None:
    public, secret = stack["SUPABASE_PUBLISHABLE_KEY"], stack["SUPABASE_SECRET_KEY"]
    assert rest(stack).status_code == 401
    assert rest(stack, apikey="sb_secret_guess").json()["message"] == "Invalid API key"
    assert rest(stack, apikey=secret).status_code == 200
    assert rest(stack, apikey=secret, authorization=f"Bearer {secret}").status_code == 200
    assert rest(stack, apikey=public).json()["code"] == "42501"


def test_supabase_reads_the_role_of_a_legacy_key_only_from_the_bearer_token(
    stack: dict[str, str], people: People
) -> None:
    key, forged = people.legacy_key(), jwt.encode({"role": "service_role"}, "x" * 32)
    assert rest(stack, apikey=key, authorization=f"Bearer {key}").status_code == 200
    assert rest(stack, apikey=key).json()["code"] == "42501"
    assert rest(stack, apikey=forged).json()["message"] == "Invalid API key"


def test_supabase_leaves_a_users_token_to_postgrest(stack: dict[str, str]) -> None:
    forged = jwt.encode({"role": "service_role"}, "another secret" * 4, algorithm="HS256")
    answer = rest(stack, apikey=stack["SUPABASE_PUBLISHABLE_KEY"], authorization=f"Bearer {forged}")
    assert answer.status_code == 401


@pytest.fixture
def redis(stack: dict[str, str]) -> Iterator[Redis]:
    client = Redis(stack["UPSTASH_REDIS_REST_URL"], stack["UPSTASH_REDIS_REST_TOKEN"])
    yield client
    client.close()  # type: ignore[no-untyped-call]


def test_redis_strings_come_back_unchanged(redis: Redis) -> None:
    key, value = uuid4().hex, 'é "quoted"\r\n\x00 ✓'
    assert redis.set(key, value, ex=60)
    assert redis.get(key) == value


def test_a_transaction_is_done_whole_or_not_at_all(redis: Redis, stack: dict[str, str]) -> None:
    key = uuid4().hex
    transaction = redis.multi()
    transaction.set(key, 1, ex=60).incr(key)
    assert transaction.exec() == [True, 2]
    broken = httpx.post(
        f"{stack['UPSTASH_REDIS_REST_URL']}/multi-exec",
        json=[["SET", key, "7"], ["NO_SUCH_COMMAND"]],
        headers={"Authorization": f"Bearer {stack['UPSTASH_REDIS_REST_TOKEN']}"},
    )
    assert broken.status_code == 400
    assert broken.json()["error"].startswith("EXECABORT")
    assert redis.get(key) == "2"


def test_an_unknown_script_is_reported_as_redis_reports_it(redis: Redis) -> None:
    with pytest.raises(UpstashError, match=r"^NOSCRIPT"):
        redis.evalsha("0" * 40)


def test_every_kind_of_reply_comes_back_as_redis_wrote_it(stack: dict[str, str]) -> None:
    script = "return {redis.status_reply('fine'), redis.error_reply('ERR mine'), 7, {1, {'a'}}}"
    commands = [
        ["SET", "kinds", "a\r\nb"],
        ["GET", "kinds"],
        ["GET", f"absent:{uuid4()}"],
        ["INCR", "kinds"],
        ["EVAL", script, "0"],
        ["EVAL", "return redis.error_reply('MY own')", "0"],
    ]
    headers = {"Authorization": f"Bearer {stack['UPSTASH_REDIS_REST_TOKEN']}"}
    answer = httpx.post(
        f"{stack['UPSTASH_REDIS_REST_URL']}/pipeline", json=commands, headers=headers
    )
    assert answer.json() == [
        {"result": "OK"},
        {"result": "a\r\nb"},
        {"result": None},
        {"error": "ERR value is not an integer or out of range"},
        {"result": ["fine", "ERR mine", 7, [1, ["a"]]]},
        {"error": "MY own"},
    ]


def test_redis_refuses_another_token(stack: dict[str, str]) -> None:
    answer = httpx.post(
        stack["UPSTASH_REDIS_REST_URL"], json=["PING"], headers={"Authorization": "Bearer guess"}
    )
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize("body", ["{", "[]", '{"a": 1}', '[["PING"]]', '["MULTI"]'])
def test_redis_refuses_an_invalid_command(body: str, stack: dict[str, str]) -> None:
    token = stack["UPSTASH_REDIS_REST_TOKEN"]
    answer = httpx.post(
        stack["UPSTASH_REDIS_REST_URL"], content=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("ERR")


def test_fifty_requests_at_once_are_answered(stack: dict[str, str]) -> None:
    async def all_at_once() -> list[int]:
        headers = {"Authorization": f"Bearer {stack['UPSTASH_REDIS_REST_TOKEN']}"}
        async with httpx.AsyncClient(headers=headers, timeout=10) as client:
            calls = [client.post(stack["UPSTASH_REDIS_REST_URL"], json=["PING"]) for _ in range(50)]
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert asyncio.run(all_at_once()) == [200] * 50
