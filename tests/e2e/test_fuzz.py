"""Random requests against every documented operation: documented answers, never a 500."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import schemathesis
from hypothesis import HealthCheck, settings

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
    if response.status_code >= 400 and case.method != "OPTIONS":  # preflights are the gateway's
        documented = case.operation.definition.raw["responses"]["4XX"]["content"]
        [content_type] = response.headers["content-type"]
        assert content_type.partition(";")[0] in documented, (
            f"{case.method} {case.path}: {response.text}"
        )
