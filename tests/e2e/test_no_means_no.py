"""Right after a "no", what is queued already is not sent: through the deployed stack."""

import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.people import People, Person

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def unsubscribe_path(mail: dict[str, Any]) -> str:
    """Where a mail program posts to: the headers' pair, as RFC 8058 has it."""
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = urlsplit(mail["headers"]["List-Unsubscribe"].strip("<>"))
    assert mail["html"].count(f"{url.path}?{url.query}") == 1
    return f"{url.path}?{url.query}"


def wait_for_status(api: Api, person: Person, status: str) -> dict[str, Any]:
    """Return the person's one mail of this status, once there is one."""
    ends_at = time.monotonic() + 90
    path = f"/api/email/status/{person.id}?status={status}"
    while not (mails := api.call("GET", path, person).json()["emails"]):
        assert time.monotonic() < ends_at, api.call("GET", path, person).text
        time.sleep(0.2)
    [mail] = mails
    return dict(mail)


@pytest.fixture
def invited(api: Api, people: People, inbox: Inbox) -> tuple[Person, dict[str, Any]]:
    """Leo, who has got an invitation from Maya, and that mail."""
    maya, leo = people.pair()
    api.invited(maya, leo)
    [mail] = inbox.wait_for(leo, 1)
    return leo, mail


def test_after_one_click_the_next_mail_of_that_kind_is_skipped(
    api: Api, people: People, inbox: Inbox, invited: tuple[Person, dict[str, Any]]
) -> None:
    leo, mail = invited
    path = unsubscribe_path(mail)
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
    leo, mail = invited
    wait_for_status(api, leo, "sent")
    event = {"email_id": mail["id"], "type": kind}
    told = httpx.post(f"{stack['RESEND_API_URL']}/_sandbox/events", json=event, timeout=30)
    assert told.json()["status"] == 200
    assert wait_for_status(api, leo, kind)["template"] == "match_invitation"

    api.invited(people.new("Ada"), leo)

    assert wait_for_status(api, leo, "suppressed")["error"] == "suppressed"
    assert len(inbox.of(leo)) == 1
