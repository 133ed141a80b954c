"""Right after an opt-out, emails that are already queued are not sent by the deployed stack."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.api import Api
from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.people import People, Person

PREFERENCES = "/email/preferences"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def unsubscribe_path(email: dict[str, Any]) -> str:
    """Return the path that an email client posts to, from the headers of RFC 8058."""
    assert email["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = urlsplit(email["headers"]["List-Unsubscribe"].strip("<>"))
    assert email["html"].count(f"{url.path}?{url.query}") == 1
    return f"{url.path}?{url.query}"


def wait_for_status(api: Api, person: Person, status: str) -> dict[str, Any]:
    """Return the person's one email of this status, once there is one."""
    ends_at = time.monotonic() + 90
    path = f"/api/email/status/{person.id}?status={status}"
    while not (emails := api.call("GET", path, person).json()["emails"]):
        assert time.monotonic() < ends_at, api.call("GET", path, person).text
        time.sleep(0.2)
    [email] = emails
    return dict(email)


@pytest.fixture
def invited(api: Api, people: People, inbox: Inbox) -> tuple[Person, dict[str, Any]]:
    """Return Leo, whom Maya has invited, and the email of the invitation."""
    maya, leo = people.pair()
    api.invited(maya, leo)
    [email] = inbox.wait_for(leo, 1)
    return leo, email


def test_after_one_click_the_next_email_of_that_kind_is_skipped(
    api: Api, people: People, inbox: Inbox, invited: tuple[Person, dict[str, Any]]
) -> None:
    leo, email = invited
    path = unsubscribe_path(email)
    assert api.call("GET", path).status_code == 200
    assert api.call("HEAD", path).status_code == 200
    api.invited(people.new("Ada"), leo)
    inbox.wait_for(leo, 2)

    answer = api.call("POST", path, data=ONE_CLICK)

    assert answer.json() == {"unsubscribed": ["match_notifications"]}
    api.invited(people.new("Grace"), leo)
    assert wait_for_status(api, leo, "skipped")["error"] == "preference_off"
    assert len(inbox.of(leo)) == 2


@pytest.mark.parametrize("kind", ["bounced", "complained"])
def test_after_a_bounce_or_complaint_nothing_goes_to_that_address(
    api: Api,
    people: People,
    inbox: Inbox,
    stack: dict[str, str],
    invited: tuple[Person, dict[str, Any]],
    kind: str,
) -> None:
    leo, email = invited
    wait_for_status(api, leo, "sent")
    event = {"email_id": email["id"], "type": kind}
    posted = httpx.post(f"{stack['RESEND_API_URL']}/_sandbox/events", json=event, timeout=30)
    assert posted.json()["status"] == 200
    assert wait_for_status(api, leo, kind)["template"] == "match_invitation"

    api.invited(people.new("Ada"), leo)

    assert wait_for_status(api, leo, "suppressed")["error"] == "suppressed"
    assert len(inbox.of(leo)) == 1


def queue_for_later(people: People, person: Person) -> str:
    """Record an email of the same kind that is not due yet; return its id."""
    row = people.connection.execute(
        "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
        " priority, due_at, template_data) values (%s, 'match_declined', %s, gen_random_uuid(),"
        " 'urgent', now() + interval '1 hour',"
        " jsonb_build_object('partner_name', 'Ada', 'match_id', gen_random_uuid())) returning id",
        (person.id, person.email),
    ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("no", "status"),
    [
        ("one_click", "skipped"),
        ("page", "skipped"),
        ("preference", "skipped"),
        ("bounced", "suppressed"),
        ("complained", "suppressed"),
    ],
)
def test_a_queued_email_is_not_sent_after_an_opt_out(
    api: Api,
    people: People,
    inbox: Inbox,
    stack: dict[str, str],
    function: Callable[..., Function],
    invited: tuple[Person, dict[str, Any]],
    no: str,
    status: str,
) -> None:
    leo, email = invited
    wait_for_status(api, leo, "sent")
    queued = queue_for_later(people, leo)

    path = unsubscribe_path(email)
    if no == "one_click":
        answer = api.call("POST", path, data=ONE_CLICK)
    elif no == "page":
        form = {"match_notifications": "off"}
        answer = api.call("POST", path.replace("/api/email/unsubscribe", PREFERENCES), data=form)
    elif no == "preference":
        changes = {"match_notifications": False}
        answer = api.call("PUT", f"/api/email/preferences/{leo.id}", leo, json=changes)
    else:
        event = {"email_id": email["id"], "type": no}
        answer = httpx.post(f"{stack['RESEND_API_URL']}/_sandbox/events", json=event, timeout=30)
    assert answer.status_code == 200, answer.text

    people.connection.execute(
        "update public.email_logs set due_at = now() where id = %s", (queued,)
    )
    sweep = function("session_reminders")
    sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)
    assert wait_for_status(api, leo, status)["id"] == queued
    assert len(inbox.of(leo)) == 1
