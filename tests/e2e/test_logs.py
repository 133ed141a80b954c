"""The logs of the whole run have no personal data. These tests run after all others."""

import json
import re
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.fixtures import ENV_FILE
from tests.support.inbox import Inbox
from tests.support.logs import (
    ACCESS_TOKEN,
    ADDRESS,
    LINK_TOKEN,
    database_log,
    events,
    function_logs,
    part_logs,
)
from tests.support.meetings import BEGINNER, in_days
from tests.support.model import Model
from tests.support.people import People
from tests.support.run import kept
from tests.support.template import template

pytestmark = [pytest.mark.alone, pytest.mark.last, pytest.mark.usefixtures("closed_breakers")]

LINK = re.compile(r"/[\w/.]+\?token=([\w-]+)")
LONG_ENOUGH = 6
OPEN_TO_ALL = {"/api/email/unsubscribe", "/email/preferences", "/email/calendar.ics"}
SEEN = {
    *("match.requested", "match.accepted", "session.created", "session.cancelled"),
    *("challenge.submitted", "coach.advised", "coach.provider_failed", "emails.accepted"),
    *("reminders.swept", "http.failed"),
}


@pytest.fixture(scope="module")
def tokens(stack: dict[str, str], api: Api, people: People) -> set[str]:
    """Write into every field that takes text, cause some errors, then open every link.

    Return the tokens of those links.
    """
    maya, leo = people.pair()
    words = {name: f"{name} {uuid4().hex}" for name in ("note", "place", "notes", "reason")}
    with Inbox(stack["RESEND_API_URL"]) as inbox, Model(stack["ANTHROPIC_API_URL"]) as model:
        match_id = api.invited(maya, leo, venue_suggestion=words["place"], note=words["note"])
        inbox.wait_for(leo, 1)  # an outdated email would not be sent
        api.answer(leo, match_id)
        assert api.answer(leo, match_id, "decline").status_code == 409  # refused by the database
        plan = {"match_id": match_id, "venue_name": words["place"], "notes": words["notes"]}
        session = api.call(
            "POST", "/api/sessions", maya, json=plan | {"scheduled_time": in_days(3)}
        )
        inbox.wait_for(leo, 3)
        links = opened(api, inbox.wait_for(maya, 2))
        cancel = f"/api/sessions/{session.json()['id']}/cancel"
        api.call("POST", cancel, leo, json={"reason": words["reason"]})
        attempt = {"outcome": "done", "reflection": f"I wrote to {leo.email}"}
        submissions = f"/api/challenges/{BEGINNER}/submissions"
        submitted = api.call("POST", submissions, maya, json=attempt)
        assert submitted.status_code == 201, submitted.text
        for fault in (None, "error_500", "malformed"):
            if fault:
                model.fault(fault, 2)
            asked = {"question": f"Why does {leo.email} not answer? {uuid4().hex}"}
            api.call("POST", "/api/coach/tips", maya, json=asked)
        api.call("POST", "/api/matches", maya, json={"invitee_id": leo.email, "note": "a\u0000b"})
        inbox.wait_for(maya, 3)
    api.call("GET", f"/api/user/reputation/{leo.email}")
    for link in links:
        api.call("POST", link, data={"List-Unsubscribe": "One-Click"})
    return set(links.values())


def opened(api: Api, emails: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Open every link that needs no login, complete and truncated; return their tokens."""
    links = {found[0]: found[1] for email in emails for found in LINK.finditer(email["html"])}
    assert {link.partition("?")[0] for link in links} == OPEN_TO_ALL
    for link in links:
        assert api.call("GET", link).status_code == 200, link
        assert api.call("GET", link[:-3]).status_code == 400, link
    return links


@pytest.fixture(scope="module")
def lines(stack: dict[str, str], tokens: set[str]) -> list[str]:
    """Wait until every event in SEEN is logged; return all lines."""
    ends_at = time.monotonic() + 70  # the sweep runs every minute
    found = function_logs(stack)
    while missing := SEEN - {event.get("message") for event in events(found)}:
        assert time.monotonic() < ends_at, f"no function has logged {missing}"
        time.sleep(1)
        found = function_logs(stack)
    return found


@pytest.fixture(scope="module")
def written(lines: list[str]) -> dict[str, str]:
    """Return all text that must not have personal data, by its source."""
    here = {"functions": "\n".join(lines), "the tests": "\n".join(kept("printed"))}
    for folder in (ENV_FILE.parent / "logs", *ENV_FILE.parent.parent.glob("test-*/logs")):
        name = folder.parent.name
        here |= {f"{name}/database": database_log(folder)}
        here |= {f"{name}/{part}": text for part, text in part_logs(folder).items()}
    return here


def test_the_logs_are_not_empty(written: dict[str, str]) -> None:
    assert len(written["functions"]) > 10_000
    here = ENV_FILE.parent.name
    parts = ("edge", "ministack", "postgrest", "resend")
    assert {f"{here}/{part}.log" for part in parts} <= set(written)
    assert written[f"{here}/ministack.log"]
    assert "ERROR" in written[f"{here}/database"]


def test_libraries_log_no_request(lines: list[str]) -> None:
    """The runtime logs INFO. Lines of libraries have a `logger`; our lines have a `service`."""
    assert [line for line in events(lines) if "logger" in line and line["level"] == "INFO"] == []


@pytest.mark.parametrize("pattern", [ADDRESS, ACCESS_TOKEN, LINK_TOKEN])
def test_no_log_has_an_address_or_a_token(
    pattern: re.Pattern[str], written: dict[str, str]
) -> None:
    assert {name: pattern.findall(text)[:3] for name, text in written.items()} == {
        name: [] for name in written
    }


def test_no_log_has_the_token_of_a_link(tokens: set[str], written: dict[str, str]) -> None:
    assert [(name, one) for one in tokens for name, text in written.items() if one in text] == []


def test_no_log_has_a_secret(written: dict[str, str]) -> None:
    secrets = {tuple(word.split("=", 1)) for word in kept("secrets")}
    assert len(secrets) > LONG_ENOUGH
    assert [
        (secret, name)
        for secret, value in secrets
        for name, text in written.items()
        if value in text
    ] == []


def test_no_log_has_text_that_a_user_wrote(api: Api, written: dict[str, str]) -> None:
    said = {text for text in {*api.said, *kept("said")} if len(text) >= LONG_ENOUGH}
    assert len(said) > LONG_ENOUGH
    everything = "\n".join(written.values())
    spellings = {spelling for text in said for spelling in (text, json.dumps(text)[1:-1])}
    assert [spelling for spelling in spellings if spelling in everything] == []


def test_an_access_log_names_the_route_and_not_the_user() -> None:
    settings = template()["Resources"]["Api"]["Properties"]["AccessLogSettings"]
    assert set(re.findall(r"\$context\.([\w.]+)", settings["Format"])) == {
        *("requestId", "routeKey", "status", "responseLatency"),
        "integrationErrorMessage",
    }
