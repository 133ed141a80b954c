"""The SQL statements of docs/operating.md find the faults that they are for."""

import re
from datetime import timedelta
from typing import Any

import pytest

from local.stack import CHECKOUT
from tests.integration.connections import Row
from tests.integration.database import Person, look, new_person
from tests.integration.meetings import Pair
from tests.integration.talking import Talk

_PAGE = (CHECKOUT / "docs" / "operating.md").read_text()
YEAR = timedelta(days=365)


def run(url: str, heading: str, user: Person | None = None) -> list[Row]:
    """Run the statement below a heading as an operator does."""
    section = _PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    [statement] = re.findall(r"```sql\n(.*?);\n```", section, re.DOTALL)
    given: list[Any] = [user.user_id] if user else []
    return look(url, statement.replace(":'user'", "%s"), *given)


def test_a_stuck_photo_is_found(url: str, maya: Person) -> None:
    for age in ("4 minutes", "6 minutes"):
        look(
            url,
            "insert into public.photos (user_id, sort_order, content_type, size_bytes, created_at)"
            " values (%s, %s, 'image/png', 9, now() - %s::interval)",
            *(maya.user_id, int(age[0]), age),
        )

    [found] = run(url, "When photos are stuck")

    assert found["user_id"] == maya.user_id


def test_a_hot_conversation_is_first(url: str, pair: Pair) -> None:
    talk = Talk(pair)
    talk.say(*[(pair.first, f"Number {number}") for number in range(5)])

    found = run(url, "When a conversation is hot")[0]

    assert (found["match_id"], found["messages"], found["senders"]) == (pair.match_id, 5, 1)


@pytest.mark.parametrize("network", ["203.0.113.9", "203.0.113.10"])
def test_a_new_account_from_the_network_of_a_banned_user_is_found(url: str, network: str) -> None:
    banned, new = new_person(url), new_person(url)
    address = "203.0.113.9"
    for person, ip in ((banned, address), (new, network)):
        look(
            url,
            "insert into auth.sessions (id, user_id, created_at, ip)"
            " values (gen_random_uuid(), %s, now(), %s)",
            *(person.user_id, ip),
        )
    look(url, "update auth.users set banned_until = now() + %s where id = %s", YEAR, banned.user_id)

    found = {row["id"] for row in run(url, "When a user is reported, or comes back")}

    assert (new.user_id in found) is (network == address)
    assert banned.user_id not in found


def test_an_empty_feed_says_what_is_missing(url: str, rex: Person) -> None:
    unfinished = new_person(url)
    look(url, "insert into public.dog_profiles (user_id) values (%s)", unfinished.user_id)

    [empty] = run(url, "When a feed is empty", unfinished)
    [whole] = run(url, "When a feed is empty", rex)

    assert "photos" in empty["missing"]
    assert empty["list"]["candidates"] == []
    assert (whole["missing"], whole["visible"], whole["banned"]) == ([], True, False)
