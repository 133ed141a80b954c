"""One Idempotency-Key, one invitation."""

from typing import Any

from tests.integration.connections import Connection
from tests.integration.database import (
    Person,
    call,
    invitation,
    invoke,
    look,
    new_person,
    race,
    sqlstate,
)

_KEY = {"p_idempotency_key": "key-1", "p_request_hash": "hash-1"}


def _invite(url: str, inviter: Person, invitee: Person, **changes: object) -> Any:
    return call(url, inviter, "request_match", **invitation(invitee, **changes))


def test_the_same_request_again_gets_the_first_answer(url: str, maya: Person, leo: Person) -> None:
    first = _invite(url, maya, leo, **_KEY)
    call(url, leo, "respond_to_match", p_match_id=first["match"]["id"], p_action="accept")

    again = _invite(url, maya, leo, **_KEY)

    assert again == {"match": first["match"], "replayed": True, "due": []}


def test_another_request_under_the_same_key_is_refused(url: str, maya: Person, leo: Person) -> None:
    _invite(url, maya, leo, **_KEY)

    other = invitation(new_person(url)) | _KEY | {"p_request_hash": "hash-2"}

    assert sqlstate(url, maya, "request_match", **other) == ("WA002", "idempotency_key_reused")


def test_a_key_is_one_persons_own(url: str, maya: Person, leo: Person) -> None:
    _invite(url, maya, leo, **_KEY)

    assert _invite(url, leo, new_person(url), **_KEY)["replayed"] is False


def test_a_key_is_free_again_after_24_hours(url: str, maya: Person, leo: Person) -> None:
    _invite(url, maya, leo, **_KEY)
    look(
        url,
        "update private.idempotency_keys set created_at = now() - interval '24 hours'"
        " where user_id = %s",
        maya.user_id,
    )

    other = _invite(url, maya, new_person(url), **_KEY | {"p_request_hash": "hash-2"})

    assert other["replayed"] is False
    stored = look(
        url,
        "select request_hash from private.idempotency_keys where user_id = %s",
        maya.user_id,
    )
    assert stored == [{"request_hash": "hash-2"}]


def test_a_refused_request_leaves_its_key_free(url: str, maya: Person, leo: Person) -> None:
    sqlstate(url, maya, "request_match", **invitation(leo, p_max_daily=0, **_KEY))

    assert _invite(url, maya, leo, **_KEY)["replayed"] is False


def test_simultaneous_first_uses_make_one_match_and_replay_it(
    url: str, maya: Person, leo: Person
) -> None:
    def invite(connection: Connection) -> dict[str, Any]:
        (row,) = invoke(connection, "request_match", **invitation(leo, **_KEY))
        return row["request_match"]  # type: ignore[no-any-return]  # JSON

    answers = race(url, [(maya, invite)] * 8)

    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 7
    assert len({answer["match"]["id"] for answer in answers}) == 1
    assert sum(len(answer["due"]) for answer in answers) == 1
