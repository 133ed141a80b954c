"""Users who want to be seen more often than others, or want others to be seen less."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import connected
from tests.integration.database import look
from tests.integration.discovery import Dog, listed, settle
from tests.integration.own_database import own_database


@pytest.fixture
def town(database_url: str) -> Iterator[tuple[str, Sequence[Dog]]]:
    with own_database(database_url) as url:
        dogs = [Dog(uuid4(), 52.52, 13.41) for _ in range(40)]
        settle(url, dogs)
        yield url, dogs


def show(url: str, viewer: Dog, ids: Sequence[UUID]) -> None:
    look(url, "select private.record_exposures(%s, %s)", viewer.id, list(ids))


def shown_today(url: str, *dogs: Dog) -> list[int]:
    rows = look(
        url,
        "select shown from private.exposures where user_id = any(%s)"
        " order by array_position(%s, user_id)",
        *([dog.id for dog in dogs],) * 2,
    )
    return [row["shown"] for row in rows]


def test_one_account_cannot_use_up_the_exposure_of_others(
    town: tuple[str, Sequence[Dog]],
) -> None:
    """One account counts for 300 exposures a day; using up 14 profiles would take 840."""
    url, (attacker, *others) = town
    victims = others[:14]

    for _ in range(100):
        show(url, attacker, [dog.id for dog in victims])

    assert max(shown_today(url, *victims)) <= 300 / 14
    assert set(listed(url, attacker)) == {dog.id for dog in others}


def test_many_accounts_cannot_make_a_user_disappear(town: tuple[str, Sequence[Dog]]) -> None:
    url, (victim, *attackers) = town
    for attacker in attackers:
        for _ in range(10):
            show(url, attacker, [victim.id])

    innocent = attackers[0]

    assert shown_today(url, victim) == [390]
    assert listed(url, innocent)[-1] == victim.id


def test_a_user_cannot_count_their_own_profile(town: tuple[str, Sequence[Dog]]) -> None:
    url, (one, other, *_) = town

    show(url, one, [one.id, other.id])

    assert shown_today(url, one, other) == [0, 1]


def test_a_new_day_begins_at_zero(town: tuple[str, Sequence[Dog]]) -> None:
    url, (one, other, *_) = town
    for _ in range(3):
        show(url, one, [other.id])
    look(url, "update private.exposures set counted_on = counted_on - 1 where user_id = %s", one.id)
    look(
        url, "update private.exposures set counted_on = counted_on - 1 where user_id = %s", other.id
    )

    show(url, one, [other.id])

    assert shown_today(url, other) == [1]
    [row] = look(url, "select * from private.exposures where user_id = %s", other.id)
    assert row["shown_ever"] == 4


def test_a_page_waits_for_no_other_page(town: tuple[str, Sequence[Dog]]) -> None:
    url, (one, two, other, *_) = town
    counts = "select private.record_exposures(%s, %s)"

    with connected(url) as page, connected(url) as second:
        page.execute(counts, [one.id, [two.id, other.id]])
        second.execute("set local lock_timeout = '2s'")
        second.execute(counts, [two.id, [other.id, one.id]])

    assert shown_today(url, one, two, other) == [0, 1, 1]
