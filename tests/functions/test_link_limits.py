"""Mail providers follow links for many readers from few addresses; so does who tries tokens out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import meeting
from tests.support.people import People
from wingman.notifications.email.letters.links import CalendarLink, Link, sign, sign_calendar
from wingman.notifications.email.models import Category

Load = Callable[..., Function]
# The bucket of 100 gets one back a second while they arrive.
FLOOD = 120


def knock(app: Function, case: str, token: str, *, address: str = "", query: str = "") -> int:
    event: dict[str, Any] = app.event(case, token=token)
    event["requestContext"]["http"]["sourceIp"] = address or f"2001:db8::{uuid4().hex[:4]}"
    event["rawQueryString"] = query or event["rawQueryString"]
    return int(app.invoke(event)["statusCode"])


@pytest.mark.parametrize("case", ["one_click", "json", "ask", "save_preferences"])
def test_an_address_acts_for_many_readers_and_tries_few_tokens(
    function: Load, stack: dict[str, str], people: People, case: str
) -> None:
    app, address = function("email_unsubscribe"), str(uuid4())
    links = [Link(people.new().id, Category.MARKETING_EMAILS) for _ in range(3)]
    tokens = [sign(stack["EMAIL_LINK_SECRET"], link) for link in links]
    # A link of one's own beside the guess does not pay for it.
    query = f"token={tokens[0]}" if case == "json" else ""

    guesses = [knock(app, case, "A" * 46, address=address, query=query) for _ in range(FLOOD)]

    assert (set(guesses[:100]), guesses[-1]) == ({400}, 429)
    assert knock(app, case, "A" * 46, query=query) == 400
    assert [knock(app, case, token, address=address) for token in tokens] == [200] * 3


def test_an_address_takes_the_calendars_of_many_readers_and_tries_few_tokens(
    function: Load, stack: dict[str, str], people: People
) -> None:
    app, address, planned = function("session_calendar"), str(uuid4()), meeting(people)
    session = UUID(planned.session_id)
    links = [CalendarLink(person.id, session) for person in planned.both]
    tokens = [sign_calendar(stack["EMAIL_LINK_SECRET"], link) for link in links]

    guesses = [knock(app, "open", "A" * 66, address=address) for _ in range(FLOOD)]

    assert (set(guesses[:100]), guesses[-1]) == ({400}, 429)
    assert [knock(app, "open", token, address=address) for token in tokens] == [200, 200]


def test_a_link_that_got_around_is_limited_wherever_it_is_followed(
    function: Load, stack: dict[str, str], people: People
) -> None:
    app = function("email_unsubscribe")
    link = Link(people.new().id, Category.MARKETING_EMAILS)
    token = sign(stack["EMAIL_LINK_SECRET"], link)

    answers = [knock(app, "ask", token) for _ in range(FLOOD)]

    assert (set(answers[:100]), answers[-1]) == ({200}, 429)
