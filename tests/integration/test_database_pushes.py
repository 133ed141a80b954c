"""A push reflects the facts at the time of sending, and goes only to live devices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.integration.database import (
    Person,
    call,
    invitation,
    look,
    new_person,
)
from tests.integration.feeds import feed, notified
from tests.integration.meetings import Pair, new_match
from tests.integration.pushes import MANY, Phones, Post, new_post
from wingman.notifications.push import service


@pytest.fixture
def phones(url: str) -> Phones:
    return Phones(url)


@pytest.fixture
def post(url: str) -> Post:
    return new_post(url)


def test_a_push_reaches_every_device_once(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    tokens = {phones.give(maya)[1] for _ in range(3)}

    [due] = [one for one in notified(url, maya) if one["channel"] == "push"]
    assert due["id"] == feed(url, maya)[0]["id"]
    for _ in range(2):
        post.send()

    assert sorted(post.provider.tokens()) == sorted(tokens)
    assert post.provider.sent[0]["notification"]["body"] == "Leo said yes"
    assert (post.row(maya)["status"], len(post.row(maya)["sent_to"])) == ("sent", 3)


def test_without_a_device_nothing_is_recorded(url: str, maya: Person) -> None:
    assert {one["channel"] for one in notified(url, maya)} == {"email"}
    assert (
        look(
            url,
            "select 1 from private.pushes as p inner join public.notifications as n"
            " on p.notification_id = n.id where n.user_id = %s",
            maya.user_id,
        )
        == []
    )


def test_a_match_is_pushed_to_both_and_a_plan_to_the_other(
    phones: Phones, post: Post, pair: Pair
) -> None:
    url, (maya, leo) = pair.url, (pair.first, pair.second)
    tokens = [phones.give(person)[1] for person in (maya, leo)]
    stranger = new_person(url)
    phones.give(stranger, theirs := uuid4().hex)
    match = call(url, maya, "request_match", **invitation(stranger))["match"]
    call(
        url, stranger, "respond_to_match", p_match_id=match["id"], p_action="accept", p_reason=None
    )
    post.send()
    assert sorted(set(post.provider.tokens())) == sorted([tokens[0], theirs])
    post.provider.sent.clear()

    pair.session()
    post.send()

    assert post.provider.tokens() == [tokens[1]]


_OFF = "insert into private.push_preferences (user_id, matches) values ({me}, false)"
_READ = "update public.notifications set read_at = now() where user_id = {me}"
_OLD = (
    "update public.notifications set listed_at = now() - interval '25 hours' where user_id = {me}"
)
_BAN = "update auth.users set banned_until = now() + interval '1 day' where id = {partner}"
_BLOCK = "insert into private.blocks (user_id, blocked_id) values "


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_OFF, "preference_off"),
        (_READ, "seen"),
        (_OLD, "no_longer_useful"),
        (_BAN, "superseded"),
        (_BLOCK + "({me}, {partner})", "superseded"),
        (_BLOCK + "({partner}, {me})", "superseded"),
        ("delete from auth.sessions where user_id = {me}", "no_device"),
        ("update public.wingman_matches set status = 'declined' where id = {match}", None),
    ],
)
def test_a_push_follows_the_facts_as_they_are_when_it_is_sent(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post, change: str, reason: str | None
) -> None:
    phones.give(maya)
    match_id = new_match(url, leo, maya)
    notified(url, maya, match_id=match_id)
    names = {"me": maya.user_id, "partner": leo.user_id, "match": match_id}
    look(url, change.format(**{name: f"'{value}'" for name, value in names.items()}))

    post.send()

    expected = ("skipped", reason) if reason else ("sent", None)
    assert (post.row(maya)["status"], post.row(maya)["reason"]) == expected
    assert len(post.provider.sent) == (reason is None)


def test_an_answered_invitation_is_not_pushed(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post
) -> None:
    phones.give(leo)
    match = call(url, maya, "request_match", **invitation(leo))["match"]
    call(url, maya, "withdraw_match", p_match_id=match["id"])

    post.send()

    assert post.provider.sent == []
    assert post.row(leo)["reason"] == "superseded"


def test_an_invitation_waits_for_the_end_of_quiet_hours(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post
) -> None:
    phones.give(leo)
    call(url, maya, "request_match", **invitation(leo))
    night = datetime.now(UTC).replace(hour=23, minute=0) + timedelta(days=1)
    quiet = replace(post.sender, now=lambda: night - timedelta(days=1))

    service.send(quiet, MANY)

    row = post.row(leo)
    assert (row["status"], row["reason"], row["due_at"].hour) == ("pending", "quiet_hours", 8)
    assert (row["retry_count"], post.provider.sent) == (0, [])


def test_a_token_that_moved_gets_only_the_pushes_of_its_new_owner(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post
) -> None:
    _, token = phones.give(maya)
    notified(url, maya)
    phones.give(leo, token)

    post.send()

    assert post.provider.sent == []
    notified(url, leo)
    post.send()
    assert [one["data"]["user_id"] for one in post.provider.sent] == [str(leo.user_id)]


def test_previews_are_shown_to_readers_who_want_them(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post
) -> None:
    bodies = []
    for wanted in (False, True):
        reader = new_person(url)
        look(
            url,
            "insert into public.email_preferences (user_id, quiet_hours_start, quiet_hours_end)"
            " values (%s, null, null)",
            reader.user_id,
        )
        phones.give(reader)
        look(
            url,
            "insert into private.push_preferences (user_id, message_previews) values (%s, %s)",
            *(reader.user_id, wanted),
        )
        call(url, maya, "request_match", **invitation(reader, p_note="Chess?"))
        post.send()
        bodies.append(post.provider.sent[-1]["notification"]["body"])

    assert bodies == ["Maya would like to meet you", "Maya would like to meet you\nChess?"]


def test_nothing_is_sent_while_push_is_off(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    phones.give(maya)
    notified(url, maya)

    service.send(replace(post.sender, provider=None), MANY)

    assert post.row(maya)["reason"] == "push_is_off"
