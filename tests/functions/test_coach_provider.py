"""The coach when its model fails, and its daily budget."""

import time
from collections.abc import Callable

import pytest

from tests.support.functions import Function
from tests.support.model import Model, ask, new_question
from tests.support.people import People
from wingman.coach.provider import TIMEOUT_SECONDS

Load = Callable[..., Function]


@pytest.mark.parametrize("mode", ["error_500", "overloaded", "rate_limited"])
def test_a_failed_call_to_the_provider_is_retried_once(
    function: Load, people: People, model: Model, mode: str
) -> None:
    app, maya = function("coach"), people.new()
    model.fault(mode)
    assert ask(app, maya, question=new_question())[0] == 200
    model.fault(mode, 2)
    status, problem, headers = ask(app, maya, question=new_question())
    assert (status, problem["code"]) == (503, "dependency_unavailable")
    assert int(headers["retry-after"]) >= 1
    assert len(model.asked()) == 4


def test_a_long_retry_after_reaches_the_client(
    function: Load, people: People, model: Model
) -> None:
    model.fault("rate_limited", retry_after=40)
    status, _, headers = ask(function("coach"), people.new(), question=new_question())
    assert (status, headers["retry-after"], len(model.asked())) == (503, "40", 1)


def test_a_model_that_hangs_is_a_503_in_time_without_a_retry(
    function: Load, people: People, model: Model
) -> None:
    app, maya = function("coach"), people.new()
    ask(app, maya, question=new_question())  # imports the SDK
    model.fault("timeout")
    started = time.monotonic()
    assert ask(app, maya, question=new_question(), milliseconds=2000)[0] == 503
    assert time.monotonic() - started < TIMEOUT_SECONDS / 2
    assert len(model.asked()) == 2


@pytest.mark.parametrize("mode", ["malformed", "cut"])
def test_a_malformed_answer_never_reaches_the_client(
    function: Load, people: People, model: Model, mode: str
) -> None:
    app, maya = function("coach"), people.new()
    model.fault(mode)
    assert ask(app, maya, question=new_question())[0] == 200
    model.fault(mode, 2)
    status, problem, _ = ask(app, maya, question=new_question())
    assert (status, problem["code"]) == (503, "dependency_unavailable")
    assert len(model.asked()) == 4


def test_a_question_that_the_model_declines_is_a_422(
    function: Load, people: People, model: Model
) -> None:
    model.fault("refusal")
    status, problem, _ = ask(function("coach"), people.new(), question=new_question())
    assert (status, problem["errors"][0]["field"]) == (422, "question")


def test_a_wrong_api_key_is_a_503(function: Load, people: People) -> None:
    app = function("coach", ANTHROPIC_API_KEY="sk-wrong")
    status, problem, headers = ask(app, people.new(), question=new_question())
    assert (status, problem["code"], headers["retry-after"]) == (
        *(503, "dependency_unavailable"),
        "60",
    )


def test_a_user_has_a_daily_budget_of_questions(
    function: Load, people: People, model: Model
) -> None:
    app, maya = function("coach", MAX_DAILY_TIPS="2"), people.new()
    questions = [new_question() for _ in range(3)]
    assert [ask(app, maya, question=each)[0] for each in questions] == [200, 200, 429]
    status, problem, headers = ask(app, maya, question=questions[2])
    assert (status, problem["code"]) == (429, "daily_tips_limit")
    assert 43_000 < int(headers["retry-after"]) <= 43_200
    assert ask(app, maya, question=questions[0])[0] == 200
    assert ask(app, people.new(), question=questions[2])[0] == 200
    assert len(model.asked()) == 3


def test_a_call_that_was_not_served_is_not_charged(
    function: Load, people: People, model: Model
) -> None:
    app, maya = function("coach", MAX_DAILY_TIPS="1"), people.new()
    model.fault("overloaded", 2)
    assert ask(app, maya, question=new_question())[0] == 503
    assert ask(app, maya, question=new_question())[0] == 200
    assert ask(app, maya, question=new_question())[0] == 429


def test_a_malformed_answer_is_charged(function: Load, people: People, model: Model) -> None:
    app, maya = function("coach", MAX_DAILY_TIPS="1"), people.new()
    model.fault("malformed", 2)
    assert ask(app, maya, question=new_question())[0] == 503
    assert ask(app, maya, question=new_question())[0] == 429


def test_a_failure_after_a_malformed_answer_is_charged_too(
    function: Load, people: People, model: Model
) -> None:
    app, maya = function("coach", MAX_DAILY_TIPS="1"), people.new()
    model.fault("malformed")
    model.fault("error_500", 5)
    assert ask(app, maya, question=new_question())[0] == 503
    assert ask(app, maya, question=new_question())[0] == 429


def test_an_outage_of_the_provider_opens_its_circuit(
    function: Load, people: People, model: Model
) -> None:
    app, maya = function("coach"), people.new()
    model.fault("error_500", 100)
    answers = [ask(app, maya, question=new_question()) for _ in range(6)]
    assert {status for status, _, _ in answers} == {503}
    assert len(model.asked()) == 5
    _, health, _ = function("health").call("get")
    assert health["services"]["circuit_breakers"]["external"] == {"state": "open"}


def test_the_coach_answers_without_redis_within_the_containers_share(
    function: Load, people: People, model: Model
) -> None:
    nowhere = {"UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9"}
    app, maya = function("coach", MAX_DAILY_TIPS="1", **nowhere), people.new()
    model.fault("overloaded", 2)
    codes = [ask(app, maya, question=new_question())[0] for _ in range(3)]
    assert codes == [503, 200, 429]
