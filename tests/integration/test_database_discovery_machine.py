"""Random steps of four users, through PostgREST: the database does as the model says.

Properties 5 (a match implies both likes or an accepted invitation), 6 (one open match per pair),
7 (a message implies a match), 11 (discovery proposes no user who was liked, passed on, or has
passed), 15 (repeating a like or a pass changes nothing) and 16 (an ended match stays ended, and
its messages end).
"""

import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.integration.discovery_model import Model, Pair, User, refusal_of
from tests.integration.discovery_steps import AGES, STEP, one_of, some_match
from tests.integration.discovery_world import Held, World, lift_daily_limits
from tests.support.own_postgrest import Rest, own_postgrest

EXAMPLES = int(os.environ.get("DISCOVERY_EXAMPLES", "20"))


class Discovery(RuleBasedStateMachine):
    """Four users who like, pass, invite, block, hide, move and leave."""

    def __init__(self, rest: Rest, connection: psycopg.Connection[Any]) -> None:
        super().__init__()
        self._world = World(rest, connection, AGES)
        self._model = Model({name: User(age) for name, age in AGES.items()})
        self._step = 0
        self._changed = dict.fromkeys(AGES, 0)
        self._returned = dict.fromkeys(AGES, 0)
        self._times: dict[tuple[str, Pair], str] = {}
        self._lists: list[Held] = []

    @rule(step=STEP)
    def take(self, step: tuple[str, tuple[Any, ...]]) -> None:
        name, arguments = step
        getattr(self, name)(*arguments)

    # --- likes and passes

    def like(self, pair: Pair) -> None:
        answer = self._say("put_like", pair, self._model.like)
        if answer:
            matched = self._model.match(*pair, "accepted") is not None
            assert (answer["match"] is not None) == matched
            self._same_time("liked_at", pair, answer)

    def unlike(self, which: int) -> None:
        self._say("delete_like", one_of(self._model.likes, which), self._model.unlike)

    def pass_on(self, pair: Pair) -> None:
        answer = self._say("put_pass", pair, self._model.pass_on)
        if answer:
            self._same_time("passed_at", pair, answer)

    def undo(self, which: int) -> None:
        self._say("delete_pass", one_of(self._model.passes, which), self._model.undo)

    def passes_end(self) -> None:
        """Let a month pass for all passes."""
        self._model.passes.clear()
        self._world.end_passes()

    # --- matches

    def invite(self, pair: Pair) -> None:
        if pair[0] in self._model.users:
            self._agree(self._world.invite(*pair), lambda: self._model.invite(*pair))

    def answer(self, which: int, accepts: bool) -> None:
        pending = [each for each in self._model.matches if each.status == "pending"]
        if pending:
            match = pending[which % len(pending)]
            action = "accept" if accepts else "decline"
            answer = self._world.on_match(match.other, "respond_to_match", match, p_action=action)
            self._agree(answer, lambda: self._model.answer(match, accepts))

    def unmatch(self, which: int, by_the_first: bool) -> None:
        if match := some_match(self._model.matches, which):
            who = match.initiator if by_the_first else match.other
            answer = self._world.on_match(who, "unmatch", match)
            self._agree(answer, lambda: self._model.unmatch(who, match))

    # --- messages

    def write(self, which: int, by_the_first: bool) -> None:
        if match := some_match(self._model.matches, which):
            who = match.initiator if by_the_first else match.other
            words = {"p_client_id": str(uuid4()), "p_text": f"Message of {who}"}
            answer = self._world.on_match(who, "send_message", match, **words)
            if found := self._agree(answer, lambda: self._model.write(who, match)):
                assert found["message"]["seq"] == len(match.senders)

    def read(self, which: int, by_the_first: bool) -> None:
        if match := some_match(self._model.matches, which):
            who = match.initiator if by_the_first else match.other
            answer = self._world.on_match(who, "list_messages", match, p_limit=100)
            found = self._agree(answer, lambda: self._model.check_readable(who, match))
            if found:
                senders = [self._world.name(each["sender_id"]) for each in found["messages"]]
                assert senders == match.senders[-100:]

    # --- safety

    def block(self, pair: Pair) -> None:
        self._say("put_block", pair, self._model.block)

    def unblock(self, which: int) -> None:
        self._say("delete_block", one_of(self._model.blocks, which), self._model.unblock)

    def an_operator_decides(self, who: str, hidden: bool) -> None:
        if who in self._model.users:
            self._model.users[who].hidden = hidden
            self._world.hide(who, hidden)

    def leave(self, who: str) -> None:
        """Delete the account."""
        if who in self._model.users:
            self._model.leave(who)
            self._world.leave(who)

    # --- profiles and preferences

    def show(self, who: str, visible: bool) -> None:
        if user := self._model.users.get(who):
            self._change(who, user.visible != visible)
            user.visible = visible
            changes = {"visible": visible}
            assert self._world.call(who, "change_profile", p_changes=changes).is_success

    def move(self, who: str, place: str | None) -> None:
        if user := self._model.users.get(who):
            within_a_cell = {user.place, place} <= {"home", "next door"}
            self._change(who, user.place != place and not within_a_cell)
            user.place = place
            assert self._world.move(who, place).is_success

    def prefer(self, who: str, reach: float, window: tuple[int, int]) -> None:
        if user := self._model.users.get(who):
            before = (user.reach, user.min_age, user.max_age)
            self._change(who, before != (reach, *window))
            user.reach, (user.min_age, user.max_age) = reach, window
            changes = {
                "distance_unit": "kilometers",
                "max_distance": reach / 1000,
                "min_age": window[0],
                "max_age": window[1],
            }
            answer = self._world.call(who, "change_profile_preferences", p_changes=changes)
            assert answer.is_success

    # --- discovery

    def discover(self, who: str, limit: int) -> None:
        if who in self._model.users:
            answer = self._world.call(who, "discover", p_limit=limit)
            found = self._agree(answer, lambda: self._model.check_published(who))
            if found:
                self._is_a_new_list(who, found, limit)

    def page_of_an_old_list(self, which: int, limit: int, first: bool, renewable: bool) -> None:
        if not self._lists:
            return
        held = self._lists[-1 - which % len(self._lists)]
        if held.owner not in self._model.users:
            return
        answer = self._world.page(held, p_limit=limit, p_first=first, p_renewable=renewable)
        changed = self._changed[held.owner] > held.step
        who = held.owner
        found = self._agree(answer, lambda: self._model.check_page(who, changed and not first))
        if found and found["list"]:
            assert first
            self._is_a_new_list(who, found, limit)
        elif found:
            must_be_new = first and max(self._changed[who], self._returned[who]) > held.step
            assert found["outdated"] or not must_be_new
            self._is_a_page(held, found, limit)

    # --- what must hold

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        assert self._world.pairs("likes") == self._model.likes
        assert self._world.pairs("passes") == self._model.passes
        assert self._world.pairs("blocks") == self._model.blocks
        assert self._world.matches() == sorted(
            (each.initiator, each.other, each.status, each.origin) for each in self._model.matches
        )
        assert self._world.conversations() == self._model.conversations()

    @invariant()
    def a_mutual_match_has_both_likes_and_a_pair_one_open_match(self) -> None:
        likes = self._world.pairs("likes")
        open_ = [each for each in self._world.matches() if each[2] in {"pending", "accepted"}]
        assert len({frozenset(each[:2]) for each in open_}) == len(open_)
        for one, other, _, origin in open_:
            assert origin == "invitation" or {(one, other), (other, one)} <= likes

    @invariant()
    def what_is_asked_of_all_users_at_once_is_as_the_model(self) -> None:
        for viewer in list(self._model.users)[self._step % len(AGES) :][:1]:
            expected = self._model.verdicts(viewer, AGES)
            assert self._world.verdicts(viewer) == {"together": expected, "alone": expected}

    # --- mechanics

    def _say(self, function: str, pair: Pair, mirror: Callable[[str, str], object]) -> Any:
        who = pair[0]
        if who not in self._model.users:
            return None
        before = self._model.may_be_shown(*pair)
        answer = self._world.say(who, function, pair[1])
        found = self._agree(answer, lambda: mirror(*pair))
        self._step += 1
        if self._model.may_be_shown(*pair) and not before:
            self._returned[who] = self._step
        return found

    def _change(self, who: str, differs: bool) -> None:
        self._step += 1
        if differs:
            self._changed[who] = self._step

    def _agree(self, answer: httpx.Response, mirror: Callable[[], object]) -> Any:
        """Compare with the model: the same refusal, or success; return the answer."""
        refused = refusal_of(mirror)
        if refused:
            assert not answer.is_success, f"the model says {refused}: {answer.text}"
            assert answer.json()["message"] == refused
            return None
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _same_time(self, what: str, pair: Pair, answer: Any) -> None:
        """Repeating it returns the time of the first one."""
        known = self._model.since[pair]
        assert self._times.setdefault((f"{what} {known}", pair), answer[what]) == answer[what]

    def _is_a_new_list(self, who: str, found: Any, limit: int) -> None:
        self._step += 1
        held = self._world.held(who, found["list"], self._step)
        self._lists.append(held)
        stage, expected = self._model.proposals(who)
        assert (held.stage, set(held.users)) == (stage, expected)
        assert len(held.users) == len(expected)
        scores = [each["score"] for each in found["list"]["candidates"]]
        assert scores == sorted(scores, reverse=True)
        self._is_a_page(held, found, limit)

    def _is_a_page(self, held: Held, found: Any, limit: int) -> None:
        shown = [self._world.name(each["card"]["user_id"]) for each in found["shown"]]
        model, owner = self._model, held.owner
        allowed = [name for name in held.users if model.may_be_shown(owner, name)]
        fitting = [name for name in allowed if model.fits(owner, name, held.stage)]
        assert shown == fitting[:limit]
        assert found["scanned"] == (
            held.users.index(shown[-1]) + 1 if len(shown) == limit else len(held.users)
        )
        assert [name for name in shown if not self._world.accepts_a_like(held.owner, name)] == []


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        lift_daily_limits(connection)
        yield connection


@pytest.fixture
def rest(url: str, stack: dict[str, str]) -> Iterator[Rest]:
    with own_postgrest(url, stack) as rest:
        yield rest


def test_any_steps_of_four_users_leave_the_state_of_the_model(
    rest: Rest, connection: psycopg.Connection[Any]
) -> None:
    run_state_machine_as_test(
        lambda: Discovery(rest, connection),  # type: ignore[arg-type]  # any factory will do
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            # Shrinking takes minutes here, and hides the failure behind the test's time limit.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
