"""Limits of links in emails.

Email providers follow the links of many readers from few IP addresses; an attacker who guesses
tokens looks the same.
"""

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
# More than 100, because the bucket of 100 refills by one token per second in the meantime.
FLOOD = 120


def knock(app: Function, case: str, token: str, *, address: str = "", query: str = "") -> int:
    event: dict[str, Any] = app.event(case, token=token)
    event["requestContext"]["http"]["sourceIp"] = (
        address or f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    )
    event["rawQueryString"] = query or event["rawQueryString"]
    return int(app.invoke(event)["statusCode"])


@pytest.mark.parametrize("case", ["one_click", "json", "ask", "save_preferences"])
def test_an_ip_may_act_for_many_readers_but_guess_few_tokens(
    function: Load, stack: dict[str, str], people: People, case: str
) -> None:
    app, address = function("email_unsubscribe"), str(uuid4())
    links = [Link(people.new().id, Category.MARKETING_EMAILS) for _ in range(3)]
    tokens = [sign(stack["EMAIL_LINK_SECRET"], link) for link in links]
    # A valid link in the same request does not pay for the guess.
    query = f"token={tokens[0]}" if case == "json" else ""

    guesses = [knock(app, case, "A" * 46, address=address, query=query) for _ in range(FLOOD)]

    assert set(guesses[:100]) == {400}
    assert 429 in guesses[100:]
    assert knock(app, case, "A" * 46, query=query) == 400
    assert [knock(app, case, token, address=address) for token in tokens] == [200] * 3


def test_an_ip_may_fetch_many_calendars_but_guess_few_tokens(
    function: Load, stack: dict[str, str], people: People
) -> None:
    app, address, planned = function("session_calendar"), str(uuid4()), meeting(people)
    session = UUID(planned.session_id)
    links = [CalendarLink(person.id, session) for person in planned.both]
    tokens = [sign_calendar(stack["EMAIL_LINK_SECRET"], link) for link in links]

    guesses = [knock(app, "open", "A" * 66, address=address) for _ in range(FLOOD)]

    assert set(guesses[:100]) == {400}
    assert 429 in guesses[100:]
    assert [knock(app, "open", token, address=address) for token in tokens] == [200, 200]


def test_a_shared_link_is_limited_across_addresses(
    function: Load, stack: dict[str, str], people: People
) -> None:
    app = function("email_unsubscribe")
    link = Link(people.new().id, Category.MARKETING_EMAILS)
    token = sign(stack["EMAIL_LINK_SECRET"], link)

    answers = [knock(app, "ask", token) for _ in range(FLOOD)]

    assert set(answers[:100]) == {200}
    assert 429 in answers[100:]
