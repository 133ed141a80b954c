"""No document that the schema allows, with values of any kind, causes a server error."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from graphql import parse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from tests.support.functions import Function
from tests.support.graph import Graph
from tests.support.people import People, Person
from wingman.graph.schema import sdl

SCALARS = {
    "UUID": st.uuids(version=4).map(str).map(nodes.String),
    "DateTime": st.datetimes().map(lambda at: f"{at.isoformat()}Z").map(nodes.String),
}
FUZZ = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


@pytest.fixture
def graph(function: Callable[..., Function], people: People) -> Graph:
    return Graph(function("graphql", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def maya(people: People) -> Person:
    return people.new("Maya")


@FUZZ
@given(queries(sdl(), custom_scalars=SCALARS))
def test_any_query_is_answered_or_refused(graph: Graph, maya: Person, query: str) -> None:
    assert "internal_error" not in codes(graph, maya, query)


@FUZZ
@given(mutations(sdl(), custom_scalars=SCALARS))
def test_any_mutation_is_done_or_refused(graph: Graph, maya: Person, query: str) -> None:
    assert "internal_error" not in codes(graph, maya, query)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@FUZZ
@given(st.fixed_dictionaries({}, optional={"query": JSON, "variables": JSON, "documentId": JSON}))
def test_any_body_is_refused(graph: Graph, maya: Person, body: object) -> None:
    answer = graph.send(maya, json.dumps(body))

    assert answer["statusCode"] in {400, 403, 422}


@FUZZ
@given(st.dictionaries(st.sampled_from(["id", "changes", "first", "after"]), JSON))
def test_any_variables_are_taken_or_refused(
    graph: Graph, maya: Person, variables: dict[str, object]
) -> None:
    query = """
    query ($id: UUID, $first: Int, $after: String) {
      me { id } matches(first: $first, after: $after) { nodes { id } }
    }
    """
    body = {"query": query, "variables": {"id": str(uuid4())} | variables}

    answer = graph.send(maya, json.dumps(body))

    assert "internal_error" not in answer["body"]


def codes(graph: Graph, maya: Person, query: str) -> list[str]:
    parse(query)
    answer = json.loads(graph.send(maya, {"query": query})["body"])
    return [each["extensions"]["code"] for each in answer.get("errors", [])]
