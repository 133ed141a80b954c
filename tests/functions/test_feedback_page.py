from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.functions import Function
from tests.support.meetings import Meeting, meeting
from tests.support.people import People, Person
from wingman.notifications.email.letters.links import (
    CalendarLink,
    FeedbackLink,
    sign_calendar,
    sign_feedback,
)

Load = Callable[..., Function]
Write = Callable[[Person, Meeting], str]


@pytest.fixture
def over(people: People) -> Meeting:
    return meeting(people, timedelta(hours=-3), status="completed")


@pytest.fixture
def token(stack: dict[str, str]) -> Write:
    def write(person: Person, planned: Meeting) -> str:
        link = FeedbackLink(person.id, UUID(planned.session_id))
        return sign_feedback(stack["EMAIL_LINK_SECRET"], link)

    return write


def follow(function: Load, case: str, token: str, **changes: Any) -> tuple[int, str]:
    app = function("feedback_page")
    answer = app.invoke(app.event(case, token=token) | changes)
    return answer["statusCode"], answer["body"]


def stored(over: Meeting, person: Person) -> list[tuple[Any, ...]]:
    return over.people.connection.execute(
        "select rating, body from public.meeting_feedback where session_id = %s and user_id = %s",
        (over.session_id, person.id),
    ).fetchall()


def test_a_name_from_right_to_left_is_isolated_from_the_sentence(
    function: Load, over: Meeting, token: Write
) -> None:
    over.people.connection.execute(
        "update public.user_profiles set first_name = 'יוסי' where id = %s", (over.leo.id,)
    )
    _, page = follow(function, "ask", token(over.maya, over))
    assert "How was it with \u2068יוסי\u2069?" in page


def test_the_page_asks_and_stores_an_answer_without_a_login(
    function: Load, over: Meeting, token: Write
) -> None:
    status, page = follow(function, "ask", token(over.maya, over))
    assert status == 200
    assert "How was it with Leo?" in page
    assert stored(over, over.maya) == []

    status, page = follow(function, "save", token(over.maya, over))
    assert status == 200
    assert "Thank you" in page
    assert stored(over, over.maya) == [(5, "We laughed a lot.")]


def test_an_answer_is_never_shown_because_an_email_may_be_forwarded(
    function: Load, over: Meeting, token: Write
) -> None:
    follow(function, "save", token(over.maya, over))

    status, page = follow(function, "ask", token(over.maya, over))

    assert status == 200
    assert "Thank you" in page
    assert "laughed" not in page


def test_a_form_without_an_answer_is_shown_again(
    function: Load, over: Meeting, token: Write
) -> None:
    for body in ("", "rating=&text=", "rating=9&text=", "text=" + "x" * 2001):
        status, page = follow(function, "save", token(over.maya, over), body=body)
        assert status == 422
        assert "Not saved: choose a rating" in page
        assert "How was it with Leo?" in page
    assert stored(over, over.maya) == []


def test_entries_survive_a_correction(function: Load, over: Meeting, token: Write) -> None:
    body = "rating=9&text=%3Cb%3EHi%3C%2Fb%3E"

    _, page = follow(function, "save", token(over.maya, over), body=body)

    assert "&lt;b&gt;Hi&lt;/b&gt;</textarea>" in page


def test_a_second_answer_is_a_conflict(function: Load, over: Meeting, token: Write) -> None:
    follow(function, "save", token(over.maya, over))

    status, page = follow(function, "save", token(over.maya, over), body="rating=1")

    assert status == 409
    assert "cannot be changed" in page
    assert stored(over, over.maya) == [(5, "We laughed a lot.")]


def test_a_link_ends_30_days_after_the_start(function: Load, people: People, token: Write) -> None:
    late = meeting(people, timedelta(days=-30, minutes=-1), status="completed")
    early = meeting(people, timedelta(days=-29), status="completed")

    assert follow(function, "ask", token(late.maya, late))[0] == 404
    assert follow(function, "save", token(late.maya, late))[0] == 404
    assert follow(function, "ask", token(early.maya, early))[0] == 200


def test_only_a_link_of_this_purpose_and_of_one_of_the_two_works(
    function: Load, people: People, over: Meeting, token: Write, stack: dict[str, str]
) -> None:
    calendar = CalendarLink(over.maya.id, UUID(over.session_id))
    other = sign_calendar(stack["EMAIL_LINK_SECRET"], calendar)

    for case in ("ask", "save"):
        assert follow(function, case, "")[0] == 400
        assert follow(function, case, other)[0] == 400
        assert follow(function, case, token(people.new(), over))[0] == 404
    assert stored(over, over.maya) == []
