"""A reader of an email, and the pages behind its links."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from playwright.sync_api import Page

from local import sample_accounts
from tests.support.meetings import meeting
from tests.support.people import People
from wingman.notifications.email.letters.links import FeedbackLink, Link, Links
from wingman.notifications.email.models import Category


class Reader:
    """A user, the links in their emails, and their preferences in the database."""

    def __init__(self, people: People, stack: dict[str, str], category: Category) -> None:
        self.person = people.new(rests=True)
        links = Links(stack["API_URL"], stack["EMAIL_LINK_SECRET"])
        link = Link(self.person.id, category)
        self.unsubscribe_url = links.unsubscribe(link)
        self.preferences_url = links.preferences(link)
        over = meeting(people, timedelta(hours=-3), status="completed")
        self.feedback_url = links.feedback(FeedbackLink(over.maya.id, UUID(over.session_id)))
        token = sample_accounts.values("account_links", "confirm", stack)["token_hash"]
        self.confirmation_url = f"{stack['API_URL']}/auth/confirm?token={token}&type=signup"
        self.reset_url = f"{stack['API_URL']}/auth/password/reset?token={token}"
        self._people = people

    def stored(self, columns: str) -> tuple[Any, ...] | None:
        """Return these columns of the stored preferences; None if nothing is stored yet."""
        return self._people.connection.execute(
            f"select {columns} from public.email_preferences as stored"  # noqa: S608
            " cross join lateral jsonb_to_record(private.email_preferences_json(user_id)) as shown"
            f" ({', '.join(f'{category} boolean' for category in Category)})"
            " where stored.user_id = %s",
            (self.person.id,),
        ).fetchone()


def ask(page: Page, reader: Reader) -> None:
    page.goto(reader.unsubscribe_url)


def done(page: Page, reader: Reader) -> None:
    ask(page, reader)
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()


def choose(page: Page, reader: Reader) -> None:
    page.goto(reader.preferences_url)


def saved(page: Page, reader: Reader) -> None:
    choose(page, reader)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()


def refused(page: Page, reader: Reader) -> None:
    choose(page, reader)
    page.get_by_label("Quiet hours").check()
    page.get_by_label("From").fill("08:00")
    page.get_by_label("Until").fill("07:30")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()


def feedback(page: Page, reader: Reader) -> None:
    page.goto(reader.feedback_url)


def feedback_refused(page: Page, reader: Reader) -> None:
    feedback(page, reader)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").wait_for()


def feedback_given(page: Page, reader: Reader) -> None:
    feedback(page, reader)
    page.get_by_label("Great").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("status").wait_for()


def not_valid(page: Page, reader: Reader) -> None:
    page.goto(reader.preferences_url[:-1])


def confirm(page: Page, reader: Reader) -> None:
    page.goto(reader.confirmation_url)


def confirmed(page: Page, reader: Reader) -> None:
    confirm(page, reader)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("status").wait_for()


def reset(page: Page, reader: Reader) -> None:
    page.goto(reader.reset_url)


STATES: dict[str, Callable[[Page, Reader], None]] = {
    "asked whether to unsubscribe": ask,
    "unsubscribed": done,
    "choosing": choose,
    "saved": saved,
    "refused": refused,
    "asked for feedback": feedback,
    "feedback refused": feedback_refused,
    "feedback given": feedback_given,
    "asked to confirm an address": confirm,
    "address confirmed": confirmed,
    "asked for a new password": reset,
    "a link that is not valid": not_valid,
}
"""The steps by which a reader reaches each of the pages."""
