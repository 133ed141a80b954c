"""The list of notifications, through the function `notifications`."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.notifications import PATH, PREFERENCES, READ, Notifications, notify
from tests.support.people import People
from tests.support.profiles import fields_of

Load = Callable[..., Function]
MEMBERS = {"id", "kind", "match_id", "session_id", "text", "created_at", "read_at"}
ALL_ON = {
    "matches": True,
    "messages": True,
    "match_ended": True,
    "sessions": True,
    "message_previews": False,
}


@pytest.fixture
def lists(function: Load, people: People) -> Notifications:
    return Notifications(function("notifications", ENABLE_RATE_LIMITING="false"), people)


def test_a_warm_request_calls_redis_and_the_database_once_each(
    function: Load, people: People, calls: list[str]
) -> None:
    maya, lists = people.new(), Notifications(function("notifications"), people)
    notify(people, maya)
    (one,) = lists.page(maya)["notifications"]
    for method, path, body in (
        ("GET", PATH, None),
        ("PUT", READ, {"until": one["id"]}),
        ("GET", PREFERENCES, None),
        ("PUT", PREFERENCES, {"matches": True}),
    ):
        calls.clear()
        lists.call(maya, method, path, body)
        assert [call.startswith("POST /rest/") for call in calls] == [False, True], (method, path)


def test_an_empty_list(lists: Notifications, people: People) -> None:
    assert lists.page(people.new()) == {"notifications": [], "unread": 0, "next_cursor": None}


def test_an_invitation_is_listed_in_words_until_it_is_read(
    lists: Notifications, people: People, function: Load
) -> None:
    maya, leo = people.pair()
    request = {"access_token": maya.token, "invitee_id": str(leo.id)}
    status, match, _ = function("match_request").call("create", **request)
    assert status == 201

    page = lists.page(leo)

    (listed,) = page["notifications"]
    assert set(listed) == MEMBERS
    assert (listed["kind"], listed["match_id"]) == ("match_invitation", match["id"])
    assert (listed["text"], listed["read_at"]) == ("Maya would like to meet you", None)
    assert page["unread"] == 1
    assert lists.call(leo, "PUT", READ, {"until": listed["id"]}) == (204, None)
    again = lists.page(leo)
    assert (again["unread"], again["notifications"][0]["read_at"] is None) == (0, False)


def test_times_are_in_the_timezone_of_the_reader(lists: Notifications, people: People) -> None:
    leo = people.new("Leo")
    people.connection.execute(
        "update public.user_profiles set timezone = 'Asia/Tokyo' where id = %s", (leo.id,)
    )
    notify(people, leo, "session_cancelled", {
        "session_id": str(uuid4()),
        "partner_name": "Maya",
        "venue_name": "Zoo",
        "scheduled_time": "2026-12-01T15:30:00Z",
    })  # fmt: skip

    assert lists.texts(leo) == ["Cancelled: meeting Maya, Wednesday 2 December, 00:30 (JST)"]


def test_pages_have_no_gaps_while_the_list_grows(lists: Notifications, people: People) -> None:
    leo = people.new("Leo")
    for name in "abcde":
        notify(people, leo, facts={"partner_name": name})

    first = lists.page(leo, limit=2)
    notify(people, leo, facts={"partner_name": "f"})
    second = lists.page(leo, limit=2, cursor=first["next_cursor"])
    third = lists.page(leo, limit=2, cursor=second["next_cursor"])

    texts = [one["text"][0] for page in (first, second, third) for one in page["notifications"]]
    assert "".join(texts) == "edcba"
    assert third["next_cursor"] is None
    assert third["unread"] == 6


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣", "9" * 19, "1 ", "' or 1=1"])
def test_a_forged_cursor_is_a_422(lists: Notifications, people: People, cursor: str) -> None:
    status, problem = lists.call(people.new(), "GET", f"{PATH}?cursor={cursor}")
    assert (status, fields_of(problem)) == (422, ["cursor"])


@pytest.mark.parametrize("body", [{}, {"until": "x"}, {"until": None}, {"until": 1, "more": 1}])
def test_an_invalid_mark_is_a_422(lists: Notifications, people: People, body: object) -> None:
    assert lists.call(people.new(), "PUT", READ, body)[0] == 422


def test_a_notification_that_is_not_the_callers_is_a_404(
    lists: Notifications, people: People
) -> None:
    maya, leo = people.pair()
    notify(people, maya)
    (hers,) = lists.page(maya)["notifications"]

    for one in (hers["id"], str(uuid4())):
        assert lists.call(leo, "PUT", READ, {"until": one})[0] == 404
    assert lists.page(maya)["unread"] == 1


def test_a_notification_that_cannot_be_worded_is_listed_with_the_name_of_the_app(
    lists: Notifications, people: People
) -> None:
    leo = people.new("Leo")
    notify(people, leo, facts={"role": "one of an older release"})

    assert lists.texts(leo) == ["Wingman"]


def test_preferences_change_one_by_one(lists: Notifications, people: People) -> None:
    leo = people.new("Leo")
    assert lists.done(leo, "GET", PREFERENCES) == ALL_ON

    changed = ALL_ON | {"sessions": False}
    assert lists.done(leo, "PUT", PREFERENCES, {"sessions": False}) == changed
    assert lists.done(leo, "GET", PREFERENCES) == changed


@pytest.mark.parametrize(
    "change", [{}, {"sessions": None}, {"sessions": "yes"}, {"user_id": str(uuid4())}, []]
)
def test_an_invalid_preference_is_a_422(lists: Notifications, people: People, change: Any) -> None:
    assert lists.call(people.new(), "PUT", PREFERENCES, change)[0] == 422
