"""Users who like each other at the same moment, in many pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg

from tests.support.own_postgrest import Rest

Pair = tuple[UUID, UUID]
_PAIRS_AT_ONCE = 8  # 16 calls, for the 20 connections of PostgREST

# Loses a match if neither like is committed when the other is checked; makes two if both are.
NAIVE = """
create table public.naive_likes (user_id uuid, liked_id uuid, primary key (user_id, liked_id));
create table public.naive_matches (user1_id uuid, user2_id uuid);
create function public.naive_like(p_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.naive_likes values (auth.uid(), p_user_id);
    if exists (
        select from public.naive_likes as back
        where back.user_id = p_user_id and back.liked_id = auth.uid()
    ) then
        insert into public.naive_matches values (auth.uid(), p_user_id);
    end if;
end;
$$;
grant execute on function public.naive_like to authenticated;
"""


@dataclass(frozen=True)
class Outcome:
    """How the crossing likes of pairs ended."""

    pairs: int
    lost: int
    double: int
    refused: int


def rounds(people: Sequence[UUID]) -> Iterator[list[Pair]]:
    """Pair an even number of people as in a round robin: each is in one pair per round."""
    first, *others = people
    for _ in others:
        row = [first, *others]
        yield list(zip(row[: len(row) // 2], reversed(row[len(row) // 2 :]), strict=True))
        others = [others[-1], *others[:-1]]


def cross(
    rest: Rest,
    connection: psycopg.Connection[Any],
    people: Sequence[UUID],
    pairs: int,
    function: str = "put_like",
    table: str = "wingman_matches",
) -> Outcome:
    """Let this many pairs like each other, eight pairs at once; count their matches."""
    chosen = list(islice((pair for row in rounds(people) for pair in row), pairs))
    refused = 0
    for begin in range(0, pairs, _PAIRS_AT_ONCE):
        some = chosen[begin : begin + _PAIRS_AT_ONCE]
        likes = [like for one, other in some for like in ((one, other), (other, one))]
        answers = rest.at_once([(who, function, {"p_user_id": whom}) for who, whom in likes])
        refused += sum(status >= 300 for status, _ in answers)
    found = connection.execute(
        f"select least(user1_id, user2_id), greatest(user1_id, user2_id), count(*)"  # noqa: S608
        f" from public.{table} group by 1, 2".encode()
    ).fetchall()
    matches = {(row[0], row[1]): row[2] for row in found}
    counts = [matches.get((min(pair), max(pair)), 0) for pair in chosen]
    return Outcome(pairs, counts.count(0), sum(count > 1 for count in counts), refused)
