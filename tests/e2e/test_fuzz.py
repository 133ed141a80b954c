"""Random requests against every documented operation: documented answers, never a 500."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
import schemathesis
from hypothesis import HealthCheck, settings

from tests.support.contract import assert_documented
from tests.support.people import People
from tests.support.template import ROOT

DOCUMENT = json.loads((ROOT / "functions" / "docs" / "openapi.json").read_text())
REFILL_SECONDS = 1.5  # a container remembers a refusal until one token of a public bucket is back


@pytest.fixture(scope="module", autouse=True)
def _give_back_what_was_used_up(stack: dict[str, str]) -> Iterator[None]:
    """Leave this address's buckets full to the tests that follow."""
    yield
    with redis.Redis.from_url(stack["REDIS_URL"]) as connection:
        for key in connection.scan_iter("ratelimit:*"):
            connection.delete(key)
    time.sleep(REFILL_SECONDS)


schema = schemathesis.openapi.from_dict(DOCUMENT)


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_no_request_crashes_the_api(
    case: "schemathesis.Case[Any]", stack: dict[str, str], people: People
) -> None:
    response = case.call(base_url=stack["API_URL"], headers=people.new().authorization)
    assert response.status_code < 500, response.text
    if case.method != "OPTIONS":  # preflights are the gateway's
        headers = {name: values[0] for name, values in response.headers.items()}
        answer = httpx.Response(response.status_code, headers=headers, text=response.text)
        assert_documented(case.method, case.formatted_path, answer)
