"""A stranger cannot use emails from our domain to send their own words."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api, assert_problem
from tests.support.inbox import Inbox
from tests.support.people import People, Person


def emails_of(api: Api, person: Person) -> list[dict[str, Any]]:
    answer = api.call("GET", f"/api/email/status/{person.id}", person)
    emails: list[dict[str, Any]] = answer.json()["emails"]
    return emails


def confirm(people: People, person: Person, when: datetime | None) -> None:
    people.connection.execute(
        "update auth.users set email_confirmed_at = %s where id = %s", (when, person.id)
    )


def test_an_unconfirmed_address_gets_no_email(api: Api, people: People, inbox: Inbox) -> None:
    maya, victim = people.pair()
    confirm(people, victim, None)

    match_id = api.invited(maya, victim, note="You have won!")
    assert emails_of(api, victim) == []

    confirm(people, victim, datetime.now(UTC))
    assert api.answer(victim, match_id).json()["status"] == "accepted"
    [email] = inbox.wait_for(victim, 1)
    assert email["subject"].startswith("You and Maya")


@pytest.mark.parametrize(
    "name", ["evil.com", "\u3164", "\u200b", "W\u0456ngman Support", "Call +1 800 555 0100"]
)
def test_a_deceptive_name_is_refused_or_hidden(
    api: Api, people: People, inbox: Inbox, name: str
) -> None:
    mallory, victim = people.new(name), people.new("Leo")
    problem = assert_problem(
        api.call("PATCH", "/api/user", mallory, json={"first_name": name}), 422, "invalid_request"
    )
    assert [error["field"] for error in problem["errors"]] == ["first_name"]

    match_id = api.invited(mallory, victim)

    [email] = inbox.wait_for(victim, 1)
    assert email["subject"] == "Someone would like to meet you"
    match = api.call("GET", f"/api/matches/{match_id}", victim).json()
    partner = {"user_id": str(mallory.id), "name": "Someone", "photo_url": None}
    assert match["partner"] == partner


@pytest.mark.parametrize("venue", ["evil.com", "\u3164", "Caf\u00e9 \u0421entral", "www.evil"])
def test_a_deceptive_venue_is_refused(api: Api, people: People, venue: str) -> None:
    maya, leo = people.pair()
    answer = api.invite(maya, leo, venue_suggestion=venue)
    assert_problem(answer, 422, "invalid_request")
    match_id = api.invited(maya, leo)
    assert api.answer(leo, match_id).status_code == 200
    plan = {
        "match_id": match_id,
        "scheduled_time": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }

    refused = api.call("POST", "/api/sessions", maya, json=plan | {"venue_name": venue})
    planned = api.call("POST", "/api/sessions", maya, json=plan | {"venue_name": "Zoo"})
    path = f"/api/sessions/{planned.json()['id']}"
    moved = api.call("PATCH", path, leo, json={"venue_name": venue})

    assert_problem(refused, 422, "invalid_request")
    assert_problem(moved, 422, "invalid_request")
    assert api.call("GET", path, maya).json()["venue_name"] == "Zoo"


def test_withdrawing_an_invitation_does_not_send_the_next_one(
    api: Api, people: People, inbox: Inbox
) -> None:
    maya, victim = people.pair()
    match_id = api.invited(maya, victim)
    inbox.wait_for(victim, 1)

    for _ in range(3):
        api.call("POST", f"/api/matches/{match_id}/withdraw", maya)
        assert_problem(api.invite(maya, victim), 409, "recently_withdrawn")

    assert len(emails_of(api, victim)) == 1


@pytest.mark.parametrize("reason", ["quiet_hours", "daily_cap"])
def test_an_invitation_waits_until_its_reader_may_get_one(
    api: Api, people: People, reason: str
) -> None:
    maya, victim = people.pair()
    if reason == "quiet_hours":
        now = datetime.now(UTC)
        hours = {
            "start": f"{now - timedelta(hours=2):%H:%M}",
            "end": f"{now + timedelta(hours=2):%H:%M}",
        }
        path = f"/api/email/preferences/{victim.id}"
        assert api.call("PUT", path, victim, json={"quiet_hours": hours}).status_code == 200
    else:
        people.connection.execute(
            "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
            " priority, delivery_status, sent_at, send_group, group_position, group_started_at)"
            " select %s, 'match_declined', %s, gen_random_uuid(), 'urgent', 'sent', now(),"
            " gen_random_uuid(), 0, now() from generate_series(1, 3)",
            (victim.id, victim.email),
        )

    api.invited(maya, victim)

    ends_at = time.monotonic() + 90
    while (email := emails_of(api, victim)[0])["error"] is None and time.monotonic() < ends_at:
        time.sleep(0.2)
    assert (email["template"], email["status"]) == ("match_invitation", "pending")
    assert email["error"] == reason
