"""An address changes while an email to it is recorded, or about to be sent again."""

from uuid import uuid4

import pytest

from tests.faults.emails import Story, new_story
from tests.faults.test_exactly_once import OUTLASTING, deliver, worker
from tests.support.inbox import Inbox
from tests.support.people import People, Person
from wingman.notifications.email.sending import provider as adapter

__all__ = ["worker"]  # the fixture that makes this process a container


def move(people: People, person: Person) -> Person:
    """Change the account's address, as Supabase Auth does; return its reader."""
    address = f"{uuid4().hex}@example.com"
    people.connection.execute(
        "update auth.users set email = %s where id = %s", (address, person.id)
    )
    return Person(person.id, address, person.first_name, person.token)


@pytest.fixture
def story(people: People) -> Story:
    return new_story(people, "invitation")


def test_a_recorded_email_goes_to_the_new_address(
    story: Story, people: People, inbox: Inbox
) -> None:
    (leo,) = story.readers
    moved = move(people, leo)

    deliver(story)

    assert (len(inbox.of(moved)), inbox.of(leo)) == (1, [])
    assert story.column("recipient_email") == {moved.email}


@pytest.mark.parametrize("mode", ["lost_response", "timeout"])
def test_an_email_that_the_provider_may_have_goes_only_to_the_old_address(
    story: Story, people: People, inbox: Inbox, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 0.5)
    (leo,) = story.readers
    inbox.fault(mode, OUTLASTING, match=leo.email)
    deliver(story)
    assert story.column("send_group") != {None}
    moved = move(people, leo)

    inbox.heal()
    story.expire_leases()
    deliver(story)

    assert inbox.of(moved) == []
    story.assert_accepted_exactly_once(inbox)


@pytest.mark.parametrize("address", [None, ""])
def test_an_account_without_an_address_gets_nothing(
    story: Story, people: People, inbox: Inbox, address: str | None
) -> None:
    (leo,) = story.readers
    people.connection.execute(
        "update public.user_profiles set email = %s where id = %s", (address, leo.id)
    )

    deliver(story)

    assert inbox.of(leo) == []
    assert story.column("error_message") == {"no_address"}
    assert story.statuses() == {"skipped"}
