"""The real side of the state machine of discovery: users by name, on PostgREST and its database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg import sql

from tests.integration.discovery_model import PLACES, Match, Pair
from tests.integration.published import published
from tests.support.own_postgrest import Rest

_PAIRS = {
    "likes": "select user_id, liked_id from public.likes",
    "passes": "select user_id, passed_id from public.passes where until > now()",
    "blocks": "select user_id, blocked_id from private.blocks",
}
_CONVERSATIONS = """
select
    (select array_agg(user_id) from private.conversation_members where match_id = talk.match_id),
    (
        select array_agg(sender_id order by seq)
        from public.messages
        where match_id = talk.match_id
    )
from private.conversations as talk
"""
_MATCHES = "select id, user1_id, user2_id, status, origin from public.wingman_matches"
# By the functions for many users at once, and by those for one.
_VERDICTS = {
    "together": """
        select
            asked.user_id,
            asked.user_id = any(private.existing_for(%(viewer)s, %(users)s)),
            asked.user_id = any(private.visible_to(%(viewer)s, %(users)s)),
            asked.refusal
        from private.like_refusals(%(viewer)s, %(users)s) as asked
    """,
    "alone": """
        select
            asked.user_id,
            private.exists_for(%(viewer)s, asked.user_id),
            private.may_see(%(viewer)s, asked.user_id),
            private.like_refusal(%(viewer)s, asked.user_id)
        from unnest(%(users)s::uuid[]) as asked (user_id)
    """,
}


@dataclass(frozen=True)
class Held:
    """A list as a cache holds it, and the step after which it was made."""

    owner: str
    users: list[str]
    generation: int
    stage: str
    step: int


class World:
    """Some users, alone on their database."""

    def __init__(
        self, rest: Rest, connection: psycopg.Connection[Any], ages: Mapping[str, int]
    ) -> None:
        self._rest, self._connection = rest, connection
        connection.execute("delete from auth.users")
        self._ids = dict(zip(ages, published(connection, len(ages)), strict=True))
        self._names = {each: name for name, each in self._ids.items()}
        for name, age in ages.items():
            assert self.call(name, "change_profile", p_changes={"age": age}).is_success

    def call(self, who: str, function: str, **params: object) -> httpx.Response:
        return self._rest.call(self._ids[who], function, **params)

    def say(self, who: str, function: str, whom: str) -> httpx.Response:
        return self.call(who, function, p_user_id=self._ids[whom])

    def accepts_a_like(self, who: str, whom: str) -> bool:
        """Like, and undo it."""
        answer = self._rest.attempt(self._ids[who], "put_like", p_user_id=self._ids[whom])
        return answer.is_success

    def invite(self, who: str, whom: str) -> httpx.Response:
        return self.call(
            who,
            "request_match",
            p_invitee_id=self._ids[whom],
            p_venue_suggestion=None,
            p_note=None,
            p_max_daily=1000,
        )

    def on_match(self, who: str, function: str, match: Match, **params: object) -> httpx.Response:
        """Take a step on the newest match of two users with that status."""
        found = self._connection.execute(
            f"{_MATCHES} where user1_id = %s and user2_id = %s and status = %s"
            " order by created_at desc limit 1".encode(),
            [self._ids[match.initiator], self._ids[match.other], match.status],
        )
        [row] = found.fetchall()
        return self.call(who, function, p_match_id=row[0], **params)

    def move(self, who: str, name: str | None) -> httpx.Response:
        if name is None:
            return self.call(who, "delete_location")
        place = PLACES[name]
        return self.call(
            who, "put_location", p_latitude=place.latitude, p_longitude=place.longitude
        )

    def page(self, held: Held, **params: object) -> httpx.Response:
        """Ask for a page of a list that was kept."""
        return self.call(
            held.owner,
            "discovery_page",
            p_user_ids=[self._ids[name] for name in held.users],
            p_generation=held.generation,
            p_stage=held.stage,
            **params,
        )

    def held(self, owner: str, made: Any, step: int) -> Held:
        """Keep a list as a cache does."""
        found = [self.name(each["user_id"]) for each in made["candidates"]]
        return Held(owner, found, made["generation"], made["stage"], step)

    def name(self, user_id: str) -> str:
        return self._names[UUID(user_id)]

    def end_passes(self) -> None:
        self._connection.execute("update public.passes set until = now()")

    def hide(self, who: str, hidden: bool) -> None:
        self._connection.execute(
            "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')"
            " on conflict do nothing"
            if hidden
            else "delete from private.hidden_profiles where user_id = %s",
            [self._ids[who]],
        )

    def leave(self, who: str) -> None:
        self._connection.execute("delete from auth.users where id = %s", [self._ids[who]])

    def verdicts(self, viewer: str) -> Mapping[str, Mapping[str, tuple[Any, ...]]]:
        """Return for each user: exists for the viewer, is visible, and why a like is refused."""
        asked = {"viewer": self._ids[viewer], "users": list(self._ids.values())}
        return {
            how: {
                self._names[each[0]]: each[1:]
                for each in self._connection.execute(statement.encode(), asked).fetchall()
            }
            for how, statement in _VERDICTS.items()
        }

    def pairs(self, kind: str) -> set[Pair]:
        found = self._connection.execute(_PAIRS[kind].encode()).fetchall()
        return {(self._names[one], self._names[other]) for one, other in found}

    def matches(self) -> list[tuple[str, str, str, str]]:
        found = self._connection.execute(_MATCHES.encode()).fetchall()
        return sorted(
            (self._names[one], self._names[other], status, origin)
            for _, one, other, status, origin in found
        )

    def conversations(self) -> list[tuple[list[str], list[str | None]]]:
        found = self._connection.execute(_CONVERSATIONS).fetchall()
        return sorted(
            (
                (
                    sorted(self._names[each] for each in members),
                    [self._names.get(each) for each in senders],
                )
                for members, senders in found
            ),
            key=str,
        )


def lift_daily_limits(connection: psycopg.Connection[Any]) -> None:
    """Let users do as much as they like; the limits have tests of their own."""
    found = connection.execute(
        "select column_name from information_schema.columns"
        " where table_name = 'app_settings' and starts_with(column_name, 'max_daily_')"
    ).fetchall()
    for (column,) in found:
        statement = sql.SQL("update private.app_settings set {} = 100000")
        connection.execute(statement.format(sql.Identifier(column)))
