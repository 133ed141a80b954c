import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import ADVANCED, BEGINNER, meeting
from tests.support.model import Model, ask, new_question
from tests.support.people import People
from wingman.kit.settings import SettingsError

Load = Callable[..., Function]


def test_a_challenge_gets_tips(function: Load, people: People, model: Model) -> None:
    app = function("coach", COACH_MODEL=f"model-{uuid4().hex}")
    status, advice, headers = ask(app, people.new(), challenge_id=BEGINNER)
    assert (status, set(advice)) == (200, {"tips", "model"})
    assert "Learn a name and use it" in advice["tips"][0]
    assert 1 <= len(advice["tips"]) <= 5
    assert headers["x-cache"] == "miss"
    assert headers["ratelimit-policy"].startswith('"user";q=100')
    (prompt,) = model.prompts()
    assert set(prompt) == {"challenge"}
    assert set(prompt["challenge"]) == {"difficulty", "title", "description"}


def test_tips_for_a_challenge_are_shared_and_read_in_one_call(
    function: Load, people: People, model: Model, calls: list[str]
) -> None:
    app = function("coach", COACH_MODEL=f"model-{uuid4().hex}")
    calls.clear()
    _, first, _ = ask(app, people.new(), challenge_id=BEGINNER)
    # Signing keys (once); limits and cache; context; budget; the model (not listed); cache.
    assert calls[0] == "GET /auth/v1/.well-known/jwks.json"
    assert calls[1:] == ["POST /", "POST /rest/v1/rpc/get_coach_context", "POST /", "POST /"]
    calls.clear()
    status, second, headers = ask(app, people.new(), challenge_id=BEGINNER)
    assert (status, headers["x-cache"], calls) == (200, "hit", ["POST /"])
    assert second == first
    assert len(model.asked()) == 1


def test_answers_to_a_question_are_not_shared(function: Load, people: People, model: Model) -> None:
    app, (maya, leo), question = function("coach"), people.pair(), new_question()
    sources = [ask(app, who, question=question)[2]["x-cache"] for who in (maya, maya, leo)]
    assert sources == ["miss", "hit", "miss"]
    assert [prompt["question"] for prompt in model.prompts()] == [question, question]


def test_nothing_personal_reaches_the_model(function: Load, people: People, model: Model) -> None:
    planned = meeting(
        people,
        venue_name="Zum Goldenen Hirschen",
        notes="I wear a scarlet scarf",
        user1_challenge_id=BEGINNER,
        user2_challenge_id=ADVANCED,
    )
    question = (
        f"{new_question()} Should Leo ask maya, or Maya Winter? "
        f"Write to {planned.leo.email} or +49 (171) 123-4567, @leo."
    )
    status, _, _ = ask(
        function("coach"), planned.leo, session_id=planned.session_id, question=question
    )
    assert status == 200
    (prompt,) = model.prompts()
    assert prompt["challenge"]["title"] == "A toast to nobody you know"
    assert prompt["meeting"] == "It is more than a day away."
    assert prompt["question"].endswith(
        "Should [removed] ask [removed], or [removed]? Write to [removed] or [removed], [removed]."
    )
    sent = json.dumps(model.asked(), ensure_ascii=False)
    ids = (planned.session_id, planned.match_id, planned.leo.id, planned.maya.id, BEGINNER)
    words = ("Hirschen", "scarlet", "Leo", "Maya", "maya", "Winter", "@", "4567", *map(str, ids))
    assert [word for word in words if word in sent] == []


@pytest.mark.parametrize(
    ("starts_in", "phrase"), [(timedelta(hours=3), "within a day"), (timedelta(hours=-1), "now")]
)
def test_the_model_sees_how_near_a_meeting_is(
    function: Load, people: People, model: Model, starts_in: timedelta, phrase: str
) -> None:
    planned = meeting(people, starts_in)
    assert ask(function("coach"), planned.maya, session_id=planned.session_id)[0] == 200
    (prompt,) = model.prompts()
    assert phrase in prompt["meeting"]
    assert "challenge" not in prompt


def test_a_resource_of_others_is_a_404(function: Load, people: People, model: Model) -> None:
    planned, app = meeting(people), function("coach")
    for body in (
        {"session_id": planned.session_id},
        {"session_id": planned.session_id, "challenge_id": BEGINNER},
        {"session_id": uuid4()},
        {"challenge_id": uuid4()},
    ):
        status, problem, _ = ask(app, people.new(), **body)
        assert (status, problem["code"]) == (404, "not_found")
    assert model.asked() == []


def test_a_retired_challenge_is_used_only_in_its_session(
    function: Load, people: People, model: Model
) -> None:
    retired = people.connection.execute(
        "insert into public.challenges (difficulty, title, description, points, active)"
        " values ('beginner', 'Old one', 'No longer offered.', 10, false) returning id"
    ).fetchone()
    assert retired is not None
    planned, app = meeting(people, user1_challenge_id=retired[0]), function("coach")
    assert ask(app, planned.maya, challenge_id=retired[0])[0] == 404
    assert ask(app, planned.maya, session_id=planned.session_id, challenge_id=retired[0])[0] == 200
    assert ask(app, planned.maya, session_id=planned.session_id)[0] == 200
    assert [prompt["challenge"]["title"] for prompt in model.prompts()] == ["Old one", "Old one"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": ""},
        {"question": "a" * 501},
        {"question": "a\u0000b"},
        {"challenge_id": "nope"},
        {"question": "How?", "venue": "here"},
    ],
)
def test_a_bad_request_is_a_422(function: Load, people: People, body: Any) -> None:
    status, problem, _ = ask(function("coach"), people.new(), **body)
    assert (status, problem["code"]) == (422, "invalid_request")


def test_tips_need_a_token(function: Load) -> None:
    app = function("coach")
    event = app.event("question")
    del event["headers"]["authorization"]
    assert app.invoke(event)["statusCode"] == 401


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_disabled_coaching_has_no_path(
    function: Load, people: People, calls: list[str], method: str
) -> None:
    app = function("coach", ENABLE_AI_COACHING="false", ANTHROPIC_API_KEY="")
    event = app.event("question", access_token=people.new().token)
    event["requestContext"]["http"]["method"] = method
    for body in ("{", event["body"]):
        answer = app.invoke(event | {"body": body})
        assert answer["statusCode"] == 404
        assert json.loads(answer["body"])["code"] == "not_found"
    assert set(calls) == {"POST /"}  # the limits' calls to Redis


def test_coaching_without_a_key_does_not_start(function: Load) -> None:
    with pytest.raises(SettingsError, match=r"ANTHROPIC_API_KEY is missing.*MAX_DAILY_TIPS: "):
        function("coach", ANTHROPIC_API_KEY="", MAX_DAILY_TIPS="0")
