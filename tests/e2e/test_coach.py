"""The coach's tips through the deployed API."""

from uuid import uuid4

import pytest

from tests.support.api import Api, assert_problem
from tests.support.model import Model
from tests.support.people import People

pytestmark = pytest.mark.usefixtures("closed_breakers")


def test_a_question_becomes_tips_and_a_failure_a_503(
    api: Api, people: People, model: Model
) -> None:
    body = {"question": f"How do I begin? {uuid4()}"}
    maya = people.new()
    advice = api.call("POST", "/api/coach/tips", maya, json=body)
    assert (advice.status_code, advice.headers["x-cache"]) == (200, "miss")
    assert advice.json()["tips"]
    assert "[removed]" in model.prompts()[0]["question"]
    model.fault("error_500", 2)
    body = {"question": f"And then? {uuid4()}"}
    failed = api.call("POST", "/api/coach/tips", maya, json=body)
    assert_problem(failed, 503, "dependency_unavailable")
    assert int(failed.headers["retry-after"]) >= 1
