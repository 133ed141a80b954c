import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.presence.logins import logins
from wingman.kit.presence.touching import activity_key, login_key

Load = Callable[..., Function]
NAMES = {
    "user_id",
    "match_notifications",
    "session_reminders",
    "feedback_requests",
    "messages",
    "marketing_emails",
    "email_frequency",
    "message_wait_minutes",
    "timezone",
    "quiet_hours",
    "updated_at",
}


def call(app: Function, case: str, person: Person) -> tuple[int, Any]:
    status, body, _ = app.call(case, access_token=person.token, user_id=str(person.id))
    return status, body


def change(app: Function, person: Person, body: str) -> tuple[int, Any]:
    event = app.event("change", access_token=person.token, user_id=str(person.id))
    answer = app.invoke(event | {"body": body})
    return answer["statusCode"], json.loads(answer["body"])


def new_email(people: People, person: Person, **columns: object) -> None:
    names = ["user_id", "email_template", "recipient_email", "dedupe_key", "priority", *columns]
    values = [person.id, "match_declined", person.email, uuid4().hex, "bulk", *columns.values()]
    marks = ", ".join(["%s"] * len(values))
    people.connection.execute(
        f"insert into public.email_logs ({', '.join(names)}) values ({marks})".encode(),  # noqa: S608
        values,
    )


def test_preferences_have_defaults(function: Load, people: People) -> None:
    maya = people.new(rests=True)

    status, answer = call(function("email_preferences"), "get", maya)

    assert status == 200
    assert set(answer) == NAMES
    assert answer["user_id"] == str(maya.id)
    assert answer["marketing_emails"] is False
    assert answer["quiet_hours"] == {"start": "22:00", "end": "08:00"}
    assert answer["updated_at"] is None


def test_a_change_returns_all_preferences(function: Load, people: People) -> None:
    maya, app = people.new(), function("email_preferences")

    status, answer = call(app, "change", maya)

    assert status == 200
    assert set(answer) == NAMES
    assert (answer["marketing_emails"], answer["timezone"]) == (True, "Europe/Berlin")
    assert answer["quiet_hours"] == {"start": "21:30", "end": "07:00"}
    assert answer["match_notifications"] is True
    assert call(app, "get", maya) == (200, answer)


def test_quiet_hours_can_be_turned_off(function: Load, people: People) -> None:
    status, answer = change(function("email_preferences"), people.new(), '{"quiet_hours": null}')

    assert (status, answer["quiet_hours"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"timezone": "Mars/Olympus"}', "timezone"),
        ('{"timezone": "Europe"}', "timezone"),
        ('{"timezone": "../../etc/passwd"}', "timezone"),
        ('{"timezone": "<+03>-03"}', "timezone"),
        # Files of the system that are not IANA names.
        ('{"timezone": "posix/Europe/Berlin"}', "timezone"),
        ('{"timezone": "right/Europe/Berlin"}', "timezone"),
        ('{"timezone": "localtime"}', "timezone"),
        ('{"timezone": ""}', "timezone"),
        ('{"timezone": null}', "timezone"),
        ('{"email_frequency": "weekly"}', "email_frequency"),
        ('{"email_frequency": null}', "email_frequency"),
        ('{"message_wait_minutes": 14}', "message_wait_minutes"),
        ('{"message_wait_minutes": 2881}', "message_wait_minutes"),
        ('{"message_wait_minutes": true}', "message_wait_minutes"),
        ('{"newsletter": true}', "newsletter"),
        ('{"user_id": "6f1c0f0e-0000-4000-8000-000000000001"}', "user_id"),
        ('{"marketing_emails": "yes"}', "marketing_emails"),
        ('{"marketing_emails": null}', "marketing_emails"),
        ('{"quiet_hours": {"start": "22:00"}}', "quiet_hours.end"),
        ('{"quiet_hours": {"start": "24:00", "end": "08:00"}}', "quiet_hours.start"),
        ('{"quiet_hours": {"start": "8", "end": "10:00"}}', "quiet_hours.start"),
        ('{"quiet_hours": {"start": "08:00", "end": "08:00"}}', "quiet_hours"),
        ('{"quiet_hours": {"start": "08:00", "end": "07:01"}}', "quiet_hours"),
        ('{"quiet_hours": {"start": "22:00", "end": "08:00", "days": []}}', "quiet_hours.days"),
    ],
)
def test_an_invalid_preference_is_a_422_that_names_the_field(
    function: Load, people: People, body: str, field: str
) -> None:
    maya, app = people.new(rests=True), function("email_preferences")

    status, problem = change(app, maya, body)

    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert call(app, "get", maya)[1]["updated_at"] is None


@pytest.mark.parametrize("case", ["get", "change", "status", "export", "erase"])
def test_a_path_of_another_user_is_forbidden(function: Load, people: People, case: str) -> None:
    maya, leo = people.pair()
    app = function("email_preferences")

    status, problem, _ = app.call(case, access_token=maya.token, user_id=str(leo.id))
    assert (status, problem["code"]) == (403, "forbidden")

    status, problem, _ = app.call(case, access_token="", user_id=str(leo.id))
    assert (status, problem["code"]) == (401, "unauthenticated")


def test_a_malformed_user_id_is_a_422(function: Load, people: People) -> None:
    app = function("email_preferences")
    status, problem, _ = app.call("get", access_token=people.new().token, user_id="me")

    assert (status, problem["errors"][0]["field"]) == (422, "user_id")


def test_an_upper_case_user_id_is_accepted(function: Load, people: People) -> None:
    maya = people.new()
    app = function("email_preferences")
    status, answer, _ = app.call("get", access_token=maya.token, user_id=str(maya.id).upper())

    assert (status, answer["user_id"]) == (200, str(maya.id))


def test_the_pages_of_the_status_cover_all_emails(function: Load, people: People) -> None:
    maya, app = people.new(), function("email_preferences")
    for day in range(1, 6):
        new_email(people, maya, created_at=f"2026-01-0{day}Z", delivery_status="skipped")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        event = app.event("status", access_token=maya.token, user_id=str(maya.id))
        event["rawQueryString"] = f"limit=2&status=skipped{cursor and f'&cursor={cursor}'}"
        page = json.loads(app.invoke(event)["body"])
        assert page["totals"] == {"skipped": 5}
        seen += [email["created_at"][:10] for email in page["emails"]]
        cursor = page["next_cursor"]

    assert seen == [f"2026-01-0{day}" for day in range(5, 0, -1)]


def test_the_status_contains_no_address(function: Load, people: People) -> None:
    maya = people.new()
    new_email(people, maya)

    status, answer = call(function("email_preferences"), "status", maya)

    assert status == 200
    assert "@" not in json.dumps(answer)


def test_the_export_is_a_file_with_all_data(function: Load, people: People) -> None:
    maya, app = people.new(), function("email_preferences")
    new_email(people, maya)

    values = {"access_token": maya.token, "user_id": str(maya.id)}
    status, answer, headers = app.call("export", **values)

    assert status == 200
    assert headers["content-disposition"].startswith("attachment")
    assert answer["address"] == maya.email
    assert [email["recipient"] for email in answer["emails"]] == [maya.email]
    assert answer["preferences"]["user_id"] == str(maya.id)
    assert answer["next_cursor"] is None


def test_the_export_contains_the_active_hours(function: Load, people: People) -> None:
    maya, app = people.new(), function("email_preferences")
    redis().run("HSET", activity_key(maya.id), 7, 3, 19, 12)

    status, answer = call(app, "export", maya)

    active = datetime.fromisoformat(answer["activity"]["last_active"])  # by this request
    hours = [0] * 24
    hours[7], hours[19] = 3, 12
    hours[active.hour] += 1
    assert (status, answer["activity"]["hours"]) == (200, hours)
    assert abs(datetime.now(UTC) - active) < timedelta(minutes=2)


def test_the_export_without_redis_has_no_activity(function: Load, people: People) -> None:
    maya = people.new()
    app = function("email_preferences", UPSTASH_REDIS_REST_URL="http://127.0.0.1:9")

    status, answer = call(app, "export", maya)

    assert (status, answer["address"], answer["activity"]) == (200, maya.email, None)


def test_an_erasure_deletes_the_active_hours(function: Load, people: People) -> None:
    maya, app = people.new(), function("email_preferences")
    keys = [activity_key(maya.id), login_key(maya.id)]
    call(app, "get", maya)
    assert redis().run("EXISTS", *keys) == 2

    assert call(app, "erase", maya) == (204, "")

    assert redis().run("EXISTS", *keys) == 0


def test_an_erasure_clears_the_containers_memory(
    function: Load, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    maya, app = people.new(), function("email_preferences")
    call(app, "export", maya)
    assert logins().get(maya.id) is not None

    call(app, "erase", maya)

    def away(*_: object) -> None:
        raise DependencyUnavailable("redis")

    monkeypatch.setattr(logins(), "_read", away)
    assert logins().get(maya.id) is None


def test_an_erasure_leaves_no_address_in_the_export(function: Load, people: People) -> None:
    maya, app = people.new(), function("email_preferences")
    new_email(people, maya)

    assert call(app, "erase", maya) == (204, "")
    assert call(app, "erase", maya) == (204, "")

    emails = call(app, "export", maya)[1]["emails"]
    assert [(email["recipient"], email["status"]) for email in emails] == [("", "cancelled")]
