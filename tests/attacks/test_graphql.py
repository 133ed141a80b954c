"""Documents that are too expensive, and invalid requests, are refused before any other call."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from local.graphql_schema import manifest
from tests.support.functions import Function
from tests.support.graph import Graph, codes_of
from tests.support.limits import exhaust
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.unit.graph.bombs import BOMBS

Load = Callable[..., Function]
PRODUCTION = {"ENVIRONMENT": "production"}
ME = {"query": "{ me { id } }"}


@pytest.fixture
def graph(function: Load, people: People) -> Graph:
    return Graph(function("graphql", **PRODUCTION), people)


@pytest.fixture
def maya(people: People) -> Person:
    return people.new("Maya")


def test_a_bomb_costs_one_call_of_the_limiter_and_none_of_the_database(
    graph: Graph, people: People, calls: list[str]
) -> None:
    graph.call(people.new(), "{ me { id } }")
    for name, (query, code) in BOMBS.items():
        person = people.new()
        calls.clear()

        status, found = graph.codes(person, query)

        assert (name, status, found) == (name, 400, [code])
        assert calls == ["POST /"], name


def test_refused_documents_are_charged(graph: Graph, people: People, stack: dict[str, str]) -> None:
    query, _ = BOMBS["unknown fields"]
    maya, leo = people.pair()

    left = graph.send(maya, {"query": query})["headers"]["RateLimit"]
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        exhaust(redis, f"ratelimit:user:{leo.id}")

    assert '"user";r=99;' in left
    assert graph.codes(leo, query) == (429, ["rate_limited"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("[]", 400, "malformed_json"),
        (json.dumps([ME, ME]), 400, "malformed_json"),
        (json.dumps([ME] * 1000), 400, "malformed_json"),
        ("", 400, "malformed_json"),
        ("null", 400, "malformed_json"),
        ("{" * 1000, 400, "malformed_json"),
        ("[" * 30_000, 400, "malformed_json"),
        ("{}", 422, "invalid_request"),
        ('{"query": 1}', 422, "invalid_request"),
        ('{"query": null}', 422, "invalid_request"),
        ('{"query": "{ me { id } }", "variables": []}', 422, "invalid_request"),
        ('{"query": "{ me { id } }", "operationName": {}}', 422, "invalid_request"),
        ('{"query": "{ me { id } }", "operationName": "other"}', 400, "graphql_invalid"),
        ('{"query": "\\ud800"}', 400, "graphql_syntax_error"),
        ('{"query": "{ \\u0000 }"}', 400, "graphql_syntax_error"),
        (json.dumps(ME | {"variables": {"x": "x" * 64_000}}), 413, "payload_too_large"),
    ],
    ids=range(16),
)
def test_a_body_that_is_no_request_is_refused(
    graph: Graph, maya: Person, calls: list[str], body: str, status: int, code: str
) -> None:
    answer = graph.send(maya, body)

    assert (answer["statusCode"], codes_of(json.loads(answer["body"]))) == (status, [code])
    assert not [each for each in calls if "/rpc/" in each]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_is_answered(graph: Graph, maya: Person, method: str) -> None:
    answer = graph.send(maya, ME, method=method)

    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST")
    assert codes_of(json.loads(answer["body"])) == ["method_not_allowed"]


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_a_form_that_a_browser_sends_without_asking_is_refused(
    graph: Graph, maya: Person, media_type: str
) -> None:
    answer = graph.send(maya, ME, content_type=media_type)

    assert answer["statusCode"] == 415
    assert codes_of(json.loads(answer["body"])) == ["unsupported_media_type"]


def test_a_deployment_can_answer_only_trusted_documents(function: Load, people: People) -> None:
    app = function("graphql", **PRODUCTION, GRAPHQL_TRUSTED_ONLY="true")
    graph, maya = Graph(app, people), people.new()
    ((document_id, text),) = [each for each in manifest().items() if "query Start" in each[1]]

    def status(**body: object) -> int:
        code: int = graph.send(maya, body)["statusCode"]
        return code

    assert (status(documentId=document_id), status(query=text)) == (200, 200)
    assert graph.codes(maya, "{ me { id } }") == (403, ["graphql_not_trusted"])
    assert (status(query=text + " "), status(query=None)) == (403, 422)
    assert (status(documentId="sha256:0"), status(documentId=[])) == (403, 403)
    assert status(documentId="sha256:0", query=text) == 403


def test_nothing_is_answered_without_a_token(graph: Graph) -> None:
    status, codes = graph.codes(None, "{ __typename }")

    assert (status, codes) == (401, ["unauthenticated"])


def test_the_token_of_an_ended_session_is_refused(graph: Graph, people: People) -> None:
    person, session_id = people.sign_in(people.new())
    assert graph.call(person, "{ me { id } }")[0] == 200
    from wingman.kit.clients.redis import redis  # noqa: PLC0415 - on the environment of the test
    from wingman.kit.presence.ended import end_tokens  # noqa: PLC0415

    end_tokens(redis(), [session_id])

    assert graph.codes(person, "{ me { id } }") == (401, ["session_ended"])
    assert graph.codes(person, "junk") == (401, ["session_ended"])


def test_a_deleted_account_is_a_401_as_a_whole(graph: Graph, people: People) -> None:
    person = people.new()
    people.connection.execute("delete from auth.users where id = %s", [person.id])

    assert graph.codes(person, "{ me { id } profile { age } }") == (401, ["unauthenticated"])


@pytest.mark.parametrize(
    "query",
    [
        "{ mee { id } }",
        "{ me { idd } }",
        "{ matches(frist: 1) { nodes { id } } }",
        "{ matches(status: PENDIN) { nodes { id } } }",
        "mutation { changeProfile(changes: {agee: 1}) { age } }",
        "query ($changes: ProfileChange!) { me { id } }",
    ],
)
def test_errors_suggest_no_names_in_production(graph: Graph, maya: Person, query: str) -> None:
    status, body = graph.call(maya, query)

    assert status == 400
    assert "Did you mean" not in json.dumps(body)


def test_variables_suggest_no_names_in_production(graph: Graph, maya: Person) -> None:
    query = "mutation ($changes: ProfileChanges!) { changeProfile(changes: $changes) { age } }"

    _, body = graph.call(maya, query, changes={"agee": 1})

    assert codes_of(body) == ["graphql_invalid"]
    assert "Did you mean" not in json.dumps(body)


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Query") { name } }',
        "{ ...f } fragment f on Query { __schema { queryType { name } } }",
        "{ ... @include(if: true) { __schema { queryType { name } } } }",
    ],
)
def test_the_schema_is_not_readable_in_production(
    function: Load, people: People, maya: Person, query: str
) -> None:
    closed = Graph(function("graphql", **PRODUCTION), people).codes(maya, query)

    assert closed == (400, ["graphql_invalid"])


def test_the_schema_is_read_elsewhere(function: Load, people: People, maya: Person) -> None:
    graph = Graph(function("graphql", ENVIRONMENT="staging"), people)

    assert graph.ask(maya, "{ __schema { queryType { name } } }")["__schema"]


def test_a_user_reads_nothing_of_others(graph: Graph, people: People) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    query = """
    query ($id: UUID!) { match(id: $id) { id } messages(matchId: $id) { nodes { id } } }
    """
    stranger = people.new()

    _, other = graph.call(stranger, query, id=match_id)
    _, unknown = graph.call(stranger, query, id=uuid4())

    assert other == unknown
    assert other["data"] == {"match": None, "messages": None}
    assert graph.ask(leo, query, id=match_id)["match"] == {"id": str(match_id)}


@pytest.mark.parametrize(
    ("field", "cursor"),
    [
        ("matches", '"x"'),
        ("matches", '"%s"' % ("W" * 300)),
        ("discovery", '"W10"'),
        ("notifications", '"-1"'),
        ("playgrounds", '"W10"'),
        ("conversations", '"😀"'),
    ],
    ids=range(6),
)
def test_a_forged_cursor_is_refused(graph: Graph, maya: Person, field: str, cursor: str) -> None:
    more = ', q: "x"' if field == "playgrounds" else ""

    _, body = graph.call(maya, f"{{ {field}(after: {cursor}{more}) {{ nodes {{ __typename }} }} }}")

    assert codes_of(body) == ["invalid_request"]


def test_a_lone_surrogate_is_answered_in_utf_8(graph: Graph, maya: Person) -> None:
    query = """
    mutation ($id: UUID!, $text: String) { cancelSession(sessionId: $id, reason: $text) { id } }
    """
    body = json.dumps({"query": query, "variables": {"id": str(uuid4()), "text": "\ud800"}})

    answer = graph.send(maya, body)

    answer["body"].encode()
    assert codes_of(json.loads(answer["body"])) == ["invalid_request"]


def test_an_idempotency_key_is_short(graph: Graph, maya: Person) -> None:
    answer: Any = graph.send(maya, ME, idempotency_key="x" * 256)

    assert codes_of(json.loads(answer["body"])) == ["invalid_request"]
