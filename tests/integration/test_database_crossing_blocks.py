"""Steps that bring two users together, at the moment in which one of them blocks the other."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.integration.connections import Connection
from tests.integration.database import Person, call, invitation, invoke, look, new_person, race
from tests.integration.test_database_profiles import publish

PAIRS = 8
Crossing = Callable[[str, Person, Person], Callable[[Connection], Any]]
_LEFT = """
select status from public.wingman_matches
where user1_id = any(%s) and status in ('pending', 'accepted')
union all
select 'liked' from public.likes where user_id = any(%s)
"""


def like(url: str, maya: Person, leo: Person) -> Callable[[Connection], Any]:
    call(url, maya, "put_like", p_user_id=leo.user_id)
    return partial(invoke, function="put_like", p_user_id=maya.user_id)


def invite(_: str, maya: Person, __: Person) -> Callable[[Connection], Any]:
    return partial(invoke, function="request_match", **invitation(maya))


def accept(url: str, maya: Person, leo: Person) -> Callable[[Connection], Any]:
    asked = call(url, maya, "request_match", **invitation(leo))["match"]["id"]
    return partial(invoke, function="respond_to_match", p_match_id=asked, p_action="accept")


@pytest.mark.parametrize("crossing", [like, invite, accept])
def test_no_step_that_crosses_a_block_leaves_a_match(url: str, crossing: Crossing) -> None:
    for _ in range(PAIRS):
        maya, leo = new_person(url, "Maya"), new_person(url, "Leo")
        for person in (maya, leo):
            publish(url, person, "Rex")
        step = crossing(url, maya, leo)
        block = partial(invoke, function="put_block", p_user_id=leo.user_id)

        _, blocked = race(url, [(leo, step), (maya, block)])

        assert not isinstance(blocked, Exception), blocked
        both = [maya.user_id, leo.user_id]
        assert look(url, _LEFT, both, both) == []
