"""A reader who opted in gets one digest a week, until they unsubscribe."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.attacks.test_no_means_no import ONE_CLICK, unsubscribe_path
from tests.support.api import Api
from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.meetings import Meeting, meeting
from tests.support.people import People
from wingman.notifications.email.operating import digests

Job = Callable[[datetime], None]
A_WEEK = timedelta(days=7)


@pytest.fixture
def at() -> datetime:
    """A moment in the current week, the same throughout a test."""
    return datetime.now(UTC)


@pytest.fixture
def monday(at: datetime) -> datetime:
    """The moment just after that week has ended, in UTC; digests cover the week that has ended."""
    return (at + timedelta(days=7 - at.weekday())).replace(hour=0, minute=10)


@pytest.fixture
def housekeeping(function: Callable[..., Function], monkeypatch: pytest.MonkeyPatch) -> Job:
    """Run the hourly job at a given time, twice as EventBridge may call it, and then the sweep."""
    job, sweep = function("housekeeping"), function("session_reminders")

    def run(now: datetime) -> None:
        step = partial(digests.record, now=lambda: now)
        monkeypatch.setitem(job.module._STEPS, "digests_recorded", step)
        for _ in range(2):
            job.invoke(job.event("every_hour"), milliseconds=60_000)
        sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)

    return run


def met(people: People, api: Api, venue: str, at: datetime) -> Meeting:
    """Record a meeting of Maya, who asked for digests, and Leo, who did not."""
    both_came = {
        "status": "completed",
        "completed_at": at,
        "user1_completed_confirmed_by_user2": True,
        "user2_completed_confirmed_by_user1": True,
    }
    found = meeting(people, timedelta(hours=-2), venue_name=venue, **both_came)
    api.never_rest(*found.both)
    path, wish = f"/api/email/preferences/{found.maya.id}", {"marketing_emails": True}
    assert api.call("PUT", path, found.maya, json=wish).json()["marketing_emails"] is True
    return found


def test_a_digest_comes_once_a_week_until_its_reader_unsubscribes(
    api: Api, people: People, inbox: Inbox, housekeeping: Job, at: datetime, monday: datetime
) -> None:
    stays, leaves = met(people, api, "Café Central", at), met(people, api, "Bar Nord", at)

    housekeeping(monday)

    [digest] = inbox.wait_for(leaves.maya, 1)
    assert digest["subject"] == "Your week: 1 meeting"
    for part in (digest["html"], digest["text"]):
        assert "Leo" in part
        assert "Bar Nord" in part
        assert "Café Central" not in part
    inbox.wait_for(stays.maya, 1)

    answer = api.call("POST", unsubscribe_path(digest), data=ONE_CLICK)

    assert answer.json() == {"unsubscribed": ["marketing_emails"]}
    for one in (stays, leaves):
        people.connection.execute(
            "update public.wingman_sessions set completed_at = completed_at + %s where id = %s",
            (A_WEEK, one.session_id),
        )
    housekeeping(monday + A_WEEK)
    inbox.wait_for(stays.maya, 2)
    assert len(inbox.of(leaves.maya)) == 1
    assert [inbox.of(one.leo) for one in (stays, leaves)] == [[], []]
