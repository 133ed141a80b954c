"""Random requests, alone and in sequences along the links, get documented answers, never a 500."""

from collections.abc import Iterator
from copy import deepcopy
from http import HTTPStatus
from typing import Any, ClassVar

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from redis import Redis
from schemathesis.config import GenerationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.support.api import Api
from tests.support.contract import DOCUMENT, assert_documented
from tests.support.limits import refill
from tests.support.meetings import in_days
from tests.support.people import People

Case = schemathesis.Case[Any]
Response = schemathesis.Response
# A copy, because schemathesis adds its own links to a document.
SCHEMA = schemathesis.openapi.from_dict(deepcopy(dict(DOCUMENT)))
# The gateway answers OPTIONS; two others stand for all methods without an operation.
SCHEMA.config.phases.coverage.unexpected_methods = {"patch", "trace"}
FEW = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
SHORT = settings(FEW, max_examples=8, stateful_step_count=8)


@pytest.fixture(scope="module")
def redis(stack: dict[str, str]) -> Iterator[Redis]:
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        yield redis


def named(case: Case) -> str:
    return str(case.operation.definition.raw["operationId"])


def check(case: Case, response: Response) -> None:
    """Check an answer against the document."""
    headers = {name: values[0] for name, values in response.headers.items()}
    answer = httpx.Response(response.status_code, headers=headers, text=response.text)
    assert response.status_code < 500, response.text
    assert_documented(case.method, case.formatted_path, answer)
    if "requestBody" in case.operation.definition.raw:  # unknown query parameters are ignored
        _check_rejection(case, response)


def _check_rejection(case: Case, response: Response) -> None:
    """Check that a body that violates its schema is refused."""
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return  # schemathesis does not count it as a refusal
    try:
        case.validate_response(response, checks=[negative_data_rejection])
    except FailureGroup as group:
        # The schema cannot express that surrounding whitespace does not count.
        if any("larger than maxLength" not in str(each) for each in group.exceptions):
            raise


@SCHEMA.parametrize()
@FEW
def test_a_random_request_gets_a_documented_answer(
    case: Case, stack: dict[str, str], people: People, redis: Redis
) -> None:
    refill(redis)
    check(case, case.call(base_url=stack["API_URL"], headers=people.new().authorization))


STORY = schemathesis.openapi.from_dict(deepcopy(dict(DOCUMENT))).include(
    tag=["matches", "sessions"]
)
STORY.config.generation = GenerationConfig(modes=[schemathesis.GenerationMode.POSITIVE])
Machine: Any = STORY.as_state_machine()


class Stories(Machine):  # type: ignore[misc]  # made at run time
    """Maya invites Leo, who answers; the links start at her list of matches."""

    api: ClassVar[Api]
    people: ClassVar[People]
    redis: ClassVar[Redis]
    seen: ClassVar[set[tuple[str, int]]]

    def setup(self) -> None:
        self.maya, self.leo = self.people.pair()
        self.api.invited(self.maya, self.leo)

    def before_call(self, case: Case) -> None:
        refill(self.redis)
        if isinstance(case.body, dict) and "scheduled_time" in case.body:
            case.body["scheduled_time"] = in_days(3)

    def get_call_kwargs(self, case: Case) -> dict[str, Any]:
        caller = self.leo if named(case) == "respond_to_match" else self.maya
        return {"base_url": str(self.api.client.base_url), "headers": caller.authorization}

    def after_call(self, response: Response, case: Case) -> None:
        self.seen.add((named(case), response.status_code))

    def validate_response(self, response: Response, case: Case, **_: object) -> None:
        check(case, response)


def test_stories_along_the_links_get_documented_answers(
    api: Api, people: People, redis: Redis
) -> None:
    Stories.api, Stories.people, Stories.redis, Stories.seen = api, people, redis, set()

    Stories.run(settings=SHORT)

    wanted = {("list_matches", 200), ("get_match", 200), ("respond_to_match", 200)}
    assert wanted <= Stories.seen, sorted(Stories.seen)
