"""The sandbox stores pushes for an offline phone as FCM does."""

from typing import Any

from local.fcm.phones import Phones


def message(tag: str, **android: object) -> dict[str, Any]:
    return {"android": {"notification": {"tag": tag}, **android}, "notification": {"body": tag}}


def offline() -> Phones:
    phones = Phones()
    phones.set_online("t", online=False)
    return phones


def test_the_same_tag_replaces_and_rings_again() -> None:
    phones = Phones()
    for _ in range(2):
        phones.accept("1", "t", message("a"), 60)
    phones.accept("2", "t", message("b"), 60)

    assert (set(phones.of("t").shown), phones.of("t").rang) == ({"a", "b"}, 3)


def test_four_collapse_keys_wait_and_each_has_its_newest_push() -> None:
    phones = offline()
    for number in range(6):
        phones.accept(str(number), "t", message(str(number), collapse_key=str(number)), 60)
    phones.accept("again", "t", message("again", collapse_key="5"), 60)

    phones.set_online("t", online=True)

    assert set(phones.of("t").shown) == {"2", "3", "4", "again"}


def test_a_hundred_pushes_without_a_key_wait_and_one_more_discards_them() -> None:
    phones = offline()
    for number in range(100):
        phones.accept(str(number), "t", message(str(number)), 60)
    assert len(phones.of("t").stored) == 100

    phones.accept("one more", "t", message("one more"), 60)

    assert [one.id for one in phones.of("t").stored] == ["one more"]


def test_a_push_that_is_too_old_is_not_shown() -> None:
    phones = offline()
    phones.accept("short", "t", message("short"), 60)
    phones.accept("long", "t", message("long"), 120)
    phones.accept("now", "t", message("now"), 0)
    phones.pass_time(90)

    phones.set_online("t", online=True)

    assert set(phones.of("t").shown) == {"long"}
