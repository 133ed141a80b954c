"""Two users take a step about each other at the same moment: any two steps, from any beginning."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.discovery_world import lift_daily_limits
from tests.integration.published import published
from tests.support.own_postgrest import Rest, own_postgrest

BEGINNINGS = ("strangers", "liked", "liked back", "invited", "matched", "passed")
STEPS = (
    *("put_like", "delete_like", "put_pass", "delete_pass", "put_block", "invite", "end"),
    "write",
)
PAIRS_AT_ONCE = 8
# Refusals by the rules; any other error is a deadlock, a broken constraint or a bug.
REFUSALS = {
    "not_found",
    "match_ended",
    "match_not_active",
    "match_already_open",
    "match_not_accepted",
    "match_already_answered",
    "initiator_cannot_respond",
    "recently_declined",
    "recently_withdrawn",
}
Call = tuple[UUID, str, dict[str, object]]


@dataclass
class Pair:
    """Two users, their relation at the beginning, and the step that each then takes."""

    one: UUID
    other: UUID
    beginning: str
    steps: tuple[str, str]
    match_id: str | None = None
    answers: list[tuple[int, Any]] = field(default_factory=list)

    def begin(self, rest: Rest) -> None:
        said: dict[str, list[tuple[UUID, str]]] = {
            "liked": [(self.one, "put_like")],
            "liked back": [(self.other, "put_like")],
            "passed": [(self.one, "put_pass")],
            "matched": [(self.one, "put_like"), (self.other, "put_like")],
        }
        answer = None
        for who, function in said.get(self.beginning, []):
            answer = rest.call(who, function, p_user_id=self._partner(who)).json()
        if self.beginning == "invited":
            who, function, params = self._call(self.one, "invite")
            answer = rest.call(who, function, **params).json()
        if answer and answer.get("match"):
            self.match_id = answer["match"]["id"]

    def calls(self) -> list[Call]:
        return [self._call(self.one, self.steps[0]), self._call(self.other, self.steps[1])]

    def _partner(self, who: UUID) -> UUID:
        return self.other if who == self.one else self.one

    def _call(self, who: UUID, step: str) -> Call:
        partner = self._partner(who)
        if step == "invite":
            words = {"p_venue_suggestion": None, "p_note": None, "p_max_daily": 1000}
            return who, "request_match", {"p_invitee_id": partner, **words}
        if step == "write":
            said = {"p_client_id": str(uuid4()), "p_text": "Hello"}
            return who, "send_message", {"p_match_id": self.match_id or who, **said}
        if step == "end" and self.beginning == "invited":
            return who, "respond_to_match", {"p_match_id": self.match_id, "p_action": "accept"}
        if step == "end":
            return who, "unmatch", {"p_match_id": self.match_id or who}
        return who, step, {"p_user_id": partner}


@dataclass
class Outcome:
    """The rows of a pair afterwards."""

    likes: set[tuple[UUID, UUID]] = field(default_factory=set)
    passes: set[tuple[UUID, UUID]] = field(default_factory=set)
    blocks: set[tuple[UUID, UUID]] = field(default_factory=set)
    matches: list[tuple[str, str]] = field(default_factory=list)

    def flaws(self) -> list[str]:
        """Return which rules do not hold."""
        open_ = [each for each in self.matches if each[0] in {"pending", "accepted"}]
        accepted = [origin for status, origin in self.matches if status == "accepted"]
        ended = any(status == "ended" for status, _ in self.matches)
        rules = {
            "a user likes and passes on the same one": self.likes & self.passes,
            "blocked, with a like or an open match": self.blocks and (self.likes or open_),
            "ended, with a like or an open match": ended and (self.likes or open_),
            "two open matches": len(open_) > 1,
            "two likes without a match": len(self.likes) == 2 and not accepted,
            "a mutual match without both likes": "mutual_like" in accepted and len(self.likes) < 2,
        }
        return [name for name, broken in rules.items() if broken]


def outcomes(connection: psycopg.Connection[Any]) -> dict[frozenset[UUID], Outcome]:
    found: dict[frozenset[UUID], Outcome] = defaultdict(Outcome)
    for kind, table in (
        ("likes", "public.likes"),
        ("passes", "public.passes"),
        ("blocks", "private.blocks"),
    ):
        column = {"likes": "liked_id", "passes": "passed_id", "blocks": "blocked_id"}[kind]
        query = f"select user_id, {column} from {table}"  # noqa: S608
        for one, other in connection.execute(query.encode()).fetchall():
            getattr(found[frozenset((one, other))], kind).add((one, other))
    query = "select user1_id, user2_id, status, origin from public.wingman_matches"
    for one, other, *match in connection.execute(query).fetchall():
        found[frozenset((one, other))].matches.append((match[0], match[1]))
    return found


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        lift_daily_limits(connection)
        yield connection


@pytest.fixture
def rest(url: str, stack: dict[str, str]) -> Iterator[Rest]:
    with own_postgrest(url, stack) as rest:
        yield rest


def test_two_simultaneous_steps_leave_a_state_that_a_sequence_could_leave(
    rest: Rest, connection: psycopg.Connection[Any]
) -> None:
    cases = [(beginning, steps) for beginning in BEGINNINGS for steps in product(STEPS, STEPS)]
    users = iter(published(connection, 2 * len(cases)))
    pairs = [Pair(next(users), next(users), *case) for case in cases]
    for pair in pairs:
        pair.begin(rest)

    for begin in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[begin : begin + PAIRS_AT_ONCE]
        answers = rest.at_once([call for pair in some for call in pair.calls()])
        for pair, one, other in zip(some, answers[::2], answers[1::2], strict=True):
            pair.answers = [one, other]

    found = outcomes(connection)
    flaws = {
        (pair.beginning, pair.steps): flaw
        for pair in pairs
        if (flaw := found[frozenset((pair.one, pair.other))].flaws())
    }
    assert flaws == {}
    refused = [
        (pair.beginning, pair.steps, body)
        for pair in pairs
        for status, body in pair.answers
        if status >= 300 and body["message"] not in REFUSALS
    ]
    assert refused == []
