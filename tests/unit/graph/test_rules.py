"""The cost of documents, and the work that it takes to compute the cost."""

import contextlib
import math
import time
from collections import Counter
from typing import Any

import pytest
from graphql import DocumentNode, parse, visit
from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode, Visitor
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.bombs import BOMBS
from wingman.graph import documents
from wingman.graph.documents import Request, checked
from wingman.graph.errors import QueryError
from wingman.graph.rules import MAX_TOKENS, Walker, Weight, operation_of
from wingman.graph.schema import schema
from wingman.kit.errors import ProblemError
from wingman.likes.limits import LIKES
from wingman.notifications.email.limits import EMAIL


def weight(query: str, **variables: Any) -> Weight:
    return checked(Request(query, variables, None), introspection=False).weight


@pytest.mark.parametrize(
    ("query", "cost", "depth", "tokens"),
    [
        ("{ __typename }", 0, 1, 1),
        ("{ me { id } }", 101, 2, 1),
        ("{ me { id } profile { photos { url } prompts { answer } } }", 204, 3, 2),
        ("{ matches { nodes { id } } }", 120, 3, 1),
        ("{ matches(first: 5) { edges { node { id } } pageInfo { endCursor } } }", 105, 4, 1),
        ("{ matches(first: 5) { nodes { partner { name } } } }", 110, 4, 1),
        ("{ matches(first: 5) { nodes { partner { card { age } } } } }", 215, 5, 2),
        ("{ ...f } fragment f on Query { me { ...g } } fragment g on User { id }", 101, 2, 1),
        ("{ ...f ...f } fragment f on Query { me { id } }", 202, 2, 2),
        ("{ ... @include(if: false) { me { id } } }", 101, 2, 1),
        ("{ a: me { id } b: me { id } }", 202, 2, 2),
        ("{ matches(first: 10) { nodes { conversation { messages(last: 3) { nodes { id } } } } } }",
            350, 6, 3),
    ],
)  # fmt: skip
def test_a_document_has_a_cost(query: str, cost: int, depth: int, tokens: int) -> None:
    found = weight(query)
    assert (found.cost, found.depth, found.tokens) == (cost, depth, tokens)


@pytest.mark.parametrize(
    ("variables", "cost"), [({}, 107), ({"n": 50}, 150), ({"n": None}, 120), ({"n": 2.0}, 200)]
)
def test_a_variable_sets_the_size_of_a_page(variables: dict[str, Any], cost: int) -> None:
    query = "query ($n: Int = 7) { matches(first: $n) { nodes { id } } }"
    assert weight(query, **variables).cost == cost


def test_both_sizes_of_a_page_do_not_hide_the_larger_one() -> None:
    query = """
    { messages(matchId: "0d5a8a3e-6d0b-4f63-9c57-0e6c1d2f9b11", first: 1, last: 90) {
        nodes { id } } }
    """
    assert weight(query).cost == 190


def test_a_mutation_is_charged_as_its_endpoint_is() -> None:
    user = "0d5a8a3e-6d0b-4f63-9c57-0e6c1d2f9b11"
    assert weight(f'mutation {{ likeUser(userId: "{user}") {{ likedAt }} }}').policies == {LIKES: 1}
    plan = """
    mutation ($changes: SessionChanges!) {
      updateSession(sessionId: "0d5a8a3e-6d0b-4f63-9c57-0e6c1d2f9b11", changes: $changes) { id }
    }
    """
    assert weight(plan, changes={"notes": "!"}).policies == Counter()
    assert weight(plan, changes={"venueName": "Park"}).policies == {EMAIL: 1}
    literal = plan.replace("($changes: SessionChanges!)", "")
    assert weight(literal.replace("$changes", '{venueName: "Park"}')).policies == {EMAIL: 1}
    assert weight(literal.replace("$changes", '{notes: "!"}')).policies == Counter()


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_refused(name: str) -> None:
    query, code = BOMBS[name]
    with pytest.raises(ProblemError) as refused:
        weight(query)
    assert refused.value.code == code


class _Selections(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter(self, node: object, *_: object) -> None:
        self.count += isinstance(node, FieldNode | FragmentSpreadNode | InlineFragmentNode)


def selections_of(document: DocumentNode) -> int:
    counted = _Selections()
    visit(document, counted)
    return counted.count


DOUBLING = [2, 10, 20, 40]


@pytest.mark.parametrize("levels", DOUBLING)
def test_doubling_fragments_are_walked_once(levels: int) -> None:
    spreads = " ".join(
        f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)
    )
    document = parse(f"{{ ...f0 }} {spreads} fragment f{levels} on Query {{ __typename }}")
    operation = operation_of(document, None)
    walker = Walker(schema(), document, operation, {})

    try:
        walker.weigh(operation)
    except QueryError:
        assert levels > 3  # more uses of a fragment than a client needs

    assert walker.steps <= selections_of(document)


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_the_walker_visits_no_selection_of_a_bomb_twice(name: str) -> None:
    try:
        document = parse(BOMBS[name][0], max_lexical_tokens=MAX_TOKENS)
        operation = operation_of(document, None)
    except Exception:  # noqa: BLE001 - refused before it is walked
        return
    walker = Walker(schema(), document, operation, {})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wingman.graph.rules._MAX_REPEATS", 10**100)
        patch.setattr("wingman.graph.rules._MAX_FRAGMENTS", 10**100)
        with contextlib.suppress(QueryError):
            walker.weigh(operation)

    assert walker.steps <= selections_of(document) <= MAX_TOKENS


def test_refusing_takes_no_longer_than_parsing_a_document_of_that_size() -> None:
    plain = "{{ me {{ {} }} }}".format(" ".join(f"a{n}: id" for n in range(330)))
    allowed = 4 * shortest(plain, parse)
    slow = {
        name: seconds
        for name, (query, _) in BOMBS.items()
        if (seconds := shortest(query, within=allowed)) > allowed
    }
    assert slow == {}


def shortest(query: str, run: Any = None, within: float = 0) -> float:
    """Return the shortest of five times, or the first time that is short enough."""
    best = math.inf
    for _ in range(5):
        documents._parsed.cache_clear()
        began = time.process_time()
        with contextlib.suppress(ProblemError):
            run(query) if run else weight(query)
        best = min(best, time.process_time() - began)
        if best <= within:
            break
    return best


WORDS = (
    "me id matches nodes partner card name f g x first last { { { } } } ( ) : ! $ @ ... fragment on"
    ' query mutation Query User 1 100 "x" ""'
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=60).map(" ".join))
def test_any_document_is_weighed_or_refused(query: str) -> None:
    codes = set()
    with contextlib.suppress(ProblemError):
        codes = {weight(query).cost <= 1000}
    assert codes <= {True}
