"""Two users plan a meeting, meet and confirm it, through the deployed template."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx

from tests.support.api import Api
from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.meetings import BEGINNER, Meeting, in_days, match, meeting
from tests.support.people import People, Person
from tests.support.races import at_once

Load = Callable[..., Function]


def plan(api: Api, person: Person, match_id: str, **fields: Any) -> Any:
    body = {"match_id": match_id, "venue_name": "Café Central", "scheduled_time": in_days(3)}
    response = api.call("POST", "/api/sessions", person, json=body | fields)
    assert response.status_code == 201, response.text
    return response.json()


def act(api: Api, person: Person, session_id: str, action: str) -> httpx.Response:
    return api.call("POST", f"/api/sessions/{session_id}/{action}", person)


def score(api: Api, person: Person) -> int:
    response = api.call("GET", f"/api/user/reputation/{person.id}", person)
    assert response.status_code == 200, response.text
    return int(response.json()["score"])


def sweep(function: Load) -> None:
    """Enqueue what is due, as the schedule does every minute."""
    app = function("session_reminders")
    app.invoke(app.event("every_minute"), milliseconds=50_000)


def starts_in(people: People, session_id: str, time: timedelta) -> None:
    """Move a session and its reminders, as if it had been planned for that time."""
    people.connection.execute(
        "update public.wingman_sessions set scheduled_time = now() + %s where id = %s",
        (time, session_id),
    )
    people.connection.execute(
        "update public.email_logs set template_data = template_data"
        " || jsonb_build_object('scheduled_time', now() + %s),"
        " due_at = now() + %s - case email_template"
        " when 'session_reminder_24h' then interval '24 h' else interval '2 h' end"
        " where subject_id = %s and email_template like 'session_reminder_%%'",
        (time, time, session_id),
    )


def emails_about(people: People, session_id: str) -> Counter[tuple[str, str, str | None]]:
    """Count the recorded emails of a session by template, status and reason."""
    found = people.connection.execute(
        "select email_template, delivery_status, error_message from public.email_logs"
        " where subject_id = %s",
        (session_id,),
    ).fetchall()
    return Counter((str(template), str(status), reason) for template, status, reason in found)


def test_a_planned_session_ends_in_the_reputation(
    api: Api, people: People, inbox: Inbox, function: Load
) -> None:
    maya, leo = people.pair()
    api.never_rest(maya, leo)
    session = plan(api, maya, match(people, maya, leo), user2_challenge_id=str(BEGINNER))
    (to_maya,), (to_leo,) = inbox.wait_for(maya, 1), inbox.wait_for(leo, 1)
    assert to_maya["subject"].startswith("Meeting Leo: ")
    assert "Learn a name and use it" in to_leo["text"]
    assert "Learn a name and use it" not in to_maya["text"]

    starts_in(people, session["id"], timedelta(minutes=119))
    sweep(function)
    for person in (maya, leo):
        assert inbox.wait_for(person, 2)[1]["subject"].startswith("Almost time: meeting ")
    assert [score(api, person) for person in (maya, leo)] == [0, 0]

    starts_in(people, session["id"], timedelta(minutes=-1))
    assert act(api, maya, session["id"], "confirm").json()["status"] == "in_progress"
    assert act(api, leo, session["id"], "confirm").json()["status"] == "completed"
    assert [score(api, person) for person in (maya, leo)] == [1, 1]
    for person in (maya, leo):
        email = inbox.wait_for(person, 3)[2]
        assert email["subject"].startswith("How was it with ")
        [link] = re.findall(r"/email/feedback\?token=\S+", email["text"])
        assert "How was it with" in api.call("GET", link).text
        assert "Thank you" in api.call("POST", link, data={"rating": "5"}).text
        given = api.call("GET", f"/api/sessions/{session['id']}/feedback", person).json()
        assert (given["rating"], given["text"]) == (5, None)


def test_a_change_reaches_both_in_their_own_time(api: Api, people: People, inbox: Inbox) -> None:
    maya, leo = people.pair()
    people.connection.execute(
        "update public.user_profiles set timezone = 'Asia/Kathmandu' where id = %s", (leo.id,)
    )
    session = plan(api, maya, match(people, maya, leo))
    for person in (maya, leo):
        inbox.wait_for(person, 1)  # after the move, the first plan would not be announced
    when = datetime.fromisoformat(in_days(10)).astimezone().replace(hour=12, minute=0)
    path = f"/api/sessions/{session['id']}"
    moved = api.call("PATCH", path, maya, json={"scheduled_time": when.isoformat()})
    assert moved.status_code == 200, moved.text
    to_leo, to_maya = inbox.wait_for(leo, 2)[1], inbox.wait_for(maya, 2)[1]
    assert "Changed: " in to_leo["subject"]
    assert "Instead of " in to_leo["text"]
    assert "(UTC+0545)" in to_leo["text"]
    assert "(UTC)" in to_maya["text"]
    reminders = emails_about(people, session["id"])
    for template in ("session_reminder_24h", "session_reminder_2h"):
        assert reminders[template, "cancelled", None] == 2
        assert reminders[template, "pending", None] == 2

    cancelled = api.call("POST", f"{path}/cancel", leo, json={"reason": "A cold."})
    assert cancelled.json()["status"] == "cancelled"
    assert "A cold." in inbox.wait_for(maya, 3)[2]["text"]
    assert len(inbox.of(leo)) == 2
    assert not any(status == "pending" for _, status, _ in emails_about(people, session["id"]))


def test_useful_emails_are_sent_once_after_six_hours_without_a_sweep(
    api: Api, people: People, inbox: Inbox, function: Load
) -> None:
    """Both reminders became due in the outage; an hour before the start, one is enough."""
    maya, leo = people.pair()
    session = plan(api, maya, match(people, maya, leo))
    for person in (maya, leo):
        inbox.wait_for(person, 1)
    starts_in(people, session["id"], timedelta(hours=1))
    sweep(function)
    for person in (maya, leo):
        assert inbox.wait_for(person, 2)[1]["subject"].startswith("Almost time: ")
    sweep(function)
    recorded = emails_about(people, session["id"])
    assert recorded["session_reminder_24h", "skipped", "no_longer_useful"] == 2
    assert recorded["session_reminder_2h", "sent", None] == 2


def test_plans_at_once_make_one_session(api: Api, people: People) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    with httpx.Client(limits=httpx.Limits(max_connections=10), timeout=120) as client:
        url, body = f"{api.client.base_url}/api/sessions", {
            "match_id": match_id, "venue_name": "Park", "scheduled_time": in_days(3),
        }  # fmt: skip
        send = partial(client.post, url, json=body)
        answers = at_once(
            [partial(send, headers=person.authorization) for person in (maya, leo) * 5]
        )
    # The limiter may refuse some of each user's requests.
    codes = Counter(answer.json().get("code") for answer in answers)
    assert codes[None] == 1
    assert codes["session_already_open"] + codes["rate_limited"] == 9
    assert codes["session_already_open"] >= 5


def both_at_once(api: Api, planned: Meeting, *actions: str) -> list[httpx.Response]:
    pairs = zip(planned.both, actions, strict=True)
    return at_once([partial(act, api, who, planned.session_id, action) for who, action in pairs])


def test_two_confirmations_at_once_complete_once(
    api: Api, people: People, inbox: Inbox, function: Load
) -> None:
    planned = meeting(people, timedelta(hours=-1))
    api.never_rest(*planned.both)
    assert [score(api, person) for person in planned.both] == [0, 0]
    answers = both_at_once(api, planned, "confirm", "confirm")
    assert sorted(answer.json()["status"] for answer in answers) == ["completed", "in_progress"]
    assert [score(api, person) for person in planned.both] == [1, 1]
    for person in planned.both:
        inbox.wait_for(person, 1)
    sweep(function)
    assert emails_about(people, planned.session_id).total() == 2


def test_one_of_a_simultaneous_cancellation_and_confirmation_wins(api: Api, people: People) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    planned = meeting(people, timedelta(hours=-1), created_at=yesterday)
    cancelled, confirmed = both_at_once(api, planned, "cancel", "confirm")
    outcome = (cancelled.status_code, confirmed.status_code)
    assert outcome in {(200, 409), (409, 200)}
    stored = planned.stored("status")
    assert stored == ("cancelled" if outcome == (200, 409) else "scheduled")
    assert score(api, planned.maya) == (-1 if stored == "cancelled" else 0)
