"""POST /graphql, through the function `graphql`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.graph import MESSAGE, Graph, codes_of, said
from tests.support.people import People, Person
from tests.support.profiles import REX, add_photos, match

Load = Callable[..., Function]


@pytest.fixture
def graph(function: Load, people: People) -> Graph:
    return Graph(function("graphql", ENABLE_RATE_LIMITING="false"), people)


def talking(graph: Graph, pairs: int = 1) -> Person:
    """Return a person who has matches, each with two messages and a partner with a profile."""
    maya = graph.people.new("Maya")
    for _ in range(pairs):
        leo = graph.people.new("Leo")
        match_id = match(graph.people, leo, maya)
        graph.ask(leo, PROFILE, profile={"displayName": "Rex", "age": 4})
        for person in (maya, leo):
            graph.ask(person, MESSAGE, match=match_id, message=said())
    return maya


PROFILE = "mutation ($profile: ProfileInput!) { putProfile(profile: $profile) { displayName } }"
NESTED = """
{
  matches {
    nodes {
      partner { name card { displayName photos { url } } }
      openSession { id }
      conversation { unreadCount messages(last: 2) { nodes { text } } match { id } }
    }
  }
}
"""


def test_one_request_reads_several_things(graph: Graph) -> None:
    maya = graph.people.new("Maya")

    status, body = graph.call(maya, "{ me { firstName } matches { nodes { id } } }")

    assert status == 200
    assert body["data"] == {"me": {"firstName": "Maya"}, "matches": {"nodes": []}}
    assert body["extensions"] == {"cost": 221}


@pytest.mark.parametrize("pairs", [1, 4])
def test_a_level_is_one_call_for_any_number_of_objects(
    graph: Graph, calls: list[str], pairs: int
) -> None:
    maya = talking(graph, pairs)
    calls.clear()

    data = graph.ask(maya, NESTED)

    assert len(data["matches"]["nodes"]) == pairs
    for node in data["matches"]["nodes"]:
        assert node["partner"]["card"] == {"displayName": "Rex", "photos": []}
        assert node["conversation"]["unreadCount"] == 1
        assert len(node["conversation"]["messages"]["nodes"]) == 2
        assert node["conversation"]["match"]["id"]
        assert node["openSession"] is None
    rpcs = [each.rpartition("/")[2] for each in calls if "/rpc/" in each]
    assert sorted(rpcs) == [
        *("get_cards", "get_conversations", "get_matches"),
        *("get_newest_messages", "get_open_sessions", "list_matches"),
    ]


def test_pages_have_no_gaps(graph: Graph) -> None:
    maya = talking(graph, 3)
    every = graph.ask(maya, "{ matches { nodes { id } } }")["matches"]["nodes"]
    query = """
    query ($after: String) {
      matches(first: 2, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }
    """

    first = graph.ask(maya, query)["matches"]
    second = graph.ask(maya, query, after=first["pageInfo"]["endCursor"])["matches"]
    from_edge = graph.ask(maya, query, after=first["edges"][0]["cursor"])["matches"]

    assert [each["node"] for each in [*first["edges"], *second["edges"]]] == every
    assert [each["node"] for each in from_edge["edges"]] == every[1:]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


def test_messages_are_read_in_both_directions(graph: Graph) -> None:
    maya, leo = graph.people.pair()
    match_id = match(graph.people, maya, leo)
    for n in range(5):
        graph.ask(maya, MESSAGE, match=match_id, message=said(str(n)))
    query = """
    query ($match: UUID!, $first: Int, $after: Int, $last: Int, $before: Int) {
      messages(matchId: $match, first: $first, after: $after, last: $last, before: $before) {
        nodes { text } firstSeq
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
    """

    def page(**asked: int) -> Any:
        found = graph.ask(leo, query, match=match_id, **asked)["messages"]
        info = found["pageInfo"]
        texts = "".join(each["text"] for each in found["nodes"])
        return texts, info["hasPreviousPage"], info["hasNextPage"]

    assert page() == ("01234", False, False)
    assert page(last=2) == ("34", True, False)
    assert page(last=2, before=4) == ("12", True, True)
    assert page(first=2) == ("01", False, True)
    assert page(first=2, after=2) == ("23", True, True)
    assert page(after=4) == ("4", True, False)


def test_a_refused_field_leaves_the_other_data(graph: Graph) -> None:
    maya = graph.people.new("Maya")

    status, body = graph.call(
        maya, "query ($id: UUID!) { me { firstName } match(id: $id) { id } }", id=uuid4()
    )

    assert status == 200
    assert body["data"] == {"me": {"firstName": "Maya"}, "match": None}
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["match"], "not_found")
    assert error["extensions"]["status"] == 404
    assert error["extensions"]["request_id"] == "event-graphql-start"


def test_refused_fields_are_named_as_in_rest(graph: Graph) -> None:
    maya = graph.people.new()

    _, body = graph.call(maya, PROFILE, profile={"displayName": " ", "age": 21})

    assert codes_of(body) == ["invalid_request"]
    named = body["errors"][0]["extensions"]["errors"]
    assert [each["field"] for each in named] == ["display_name", "age"]


def test_an_unexpected_error_is_masked(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("wingman.profiles.service.get", crash)

    status, body = graph.call(graph.people.new(), "{ me { id } matches { nodes { id } } }")

    assert (status, codes_of(body)) == (200, ["internal_error"])
    assert body["errors"][0]["extensions"]["request_id"] == "event-graphql-start"
    assert "secret" not in json.dumps(body)
    assert body["data"]["matches"] == {"nodes": []}


def test_a_database_that_is_down_is_a_503(function: Load, people: People) -> None:
    graph = Graph(function("graphql", SUPABASE_URL="http://127.0.0.1:9"), people)

    answer = graph.send(people.new(), {"query": "{ me { id } }"})

    assert answer["statusCode"] == 503
    assert codes_of(json.loads(answer["body"])) == ["dependency_unavailable"]
    assert int(answer["headers"]["Retry-After"]) >= 1


def test_the_media_type_of_the_answer_is_one_that_the_client_accepts(graph: Graph) -> None:
    maya, body = graph.people.new(), {"query": "{ me { id } }"}

    new = graph.send(maya, body)["headers"]["Content-Type"]
    old = graph.send(maya, body, accept="application/json")["headers"]["Content-Type"]

    assert (new, old) == ("application/graphql-response+json", "application/json")


def test_changes_are_seen_in_queries(graph: Graph) -> None:
    maya = graph.people.new("Maya")
    add_photos(graph.people.connection, maya.id, 2)
    graph.ask(maya, PROFILE, profile={"displayName": REX["display_name"], "age": REX["age"]})
    changed = graph.ask(
        maya,
        """
        mutation ($changes: ProfileChanges!) {
          changeProfile(changes: $changes) { bio activityLevel visible missing }
        }
        """,
        changes={"bio": "Fast.", "activityLevel": "HIGH"},
    )["changeProfile"]
    located = graph.ask(
        maya, "mutation { putLocation(latitude: 52.5, longitude: 13.4) { latitude } }"
    )

    assert (changed["bio"], changed["activityLevel"], changed["missing"]) == (
        "Fast.",
        "HIGH",
        ["location"],
    )
    assert located == {"putLocation": {"latitude": 52.5}}
    assert graph.ask(maya, "{ profile { published } }") == {"profile": {"published": True}}
