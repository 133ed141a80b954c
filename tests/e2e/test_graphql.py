"""GraphQL through the deployed front door, beside REST."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.aws import emulated
from local.stack import stack as named
from tests.integration.rest_and_graph import in_rest, whole
from tests.support.api import Api
from tests.support.graph import MESSAGE, codes_of, plain, said
from tests.support.people import People, Person
from tests.support.profiles import match

MEDIA_TYPE = "application/graphql-response+json"
SCHEMA = "{ __schema { queryType { name } } }"


def ask(api: Api, person: Person | None, query: str, **variables: object) -> httpx.Response:
    body = {"query": query, "variables": plain(variables)}
    return api.call("POST", "/graphql", person, json=body)


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


def test_a_query_reads_several_things_at_once(api: Api, people: People) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)

    answer = ask(api, maya, "{ me { id } matches { nodes { id partner { userId name } } } }")

    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["x-request-id"]
    partner = {"userId": str(leo.id), "name": "Leo"}
    node = {"id": str(match_id), "partner": partner}
    assert data(answer) == {"me": {"id": str(maya.id)}, "matches": {"nodes": [node]}}


def test_a_message_sent_over_graphql_is_read_over_rest(api: Api, people: People) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    message = said("Hi")

    first, again = (
        data(ask(api, maya, MESSAGE, match=match_id, message=message)) for _ in range(2)
    )

    read = api.call("GET", f"/api/conversations/{match_id}/messages", leo).json()["messages"]
    assert first["sendMessage"] == again["sendMessage"]
    assert [(each["seq"], each["text"], each["client_id"]) for each in read] == [
        (1, "Hi", message["clientId"])
    ]


@pytest.mark.parametrize(
    ("field", "path", "kind"),
    [
        ("me", "/api/user", "User"),
        ("preferences", "/api/profile/preferences", "ProfilePreferences"),
        ("matches", "/api/matches", "Match"),
    ],
)
def test_a_read_is_the_same_over_both(
    api: Api, people: People, field: str, path: str, kind: str
) -> None:
    maya, leo = people.pair()
    match(people, maya, leo)
    listed = field == "matches"
    selection = f"{{ nodes {whole(kind)} }}" if listed else whole(kind)

    by_rest = api.call("GET", path, maya).json()
    found = data(ask(api, maya, f"{{ {field} {selection} }}"))[field]

    assert in_rest(found["nodes"] if listed else found, kind) == (
        by_rest[field] if listed else by_rest
    )


def test_a_refusal_has_the_code_of_rest_beside_the_data(api: Api, people: People) -> None:
    maya = people.new()
    unknown = uuid4()

    answer = ask(
        api, maya, "query ($id: UUID!) { me { id } match(id: $id) { id } }", id=unknown
    ).json()

    by_rest = api.call("GET", f"/api/matches/{unknown}", maya).json()
    assert answer["data"] == {"me": {"id": str(maya.id)}, "match": None}
    assert codes_of(answer) == [by_rest["code"]]


def test_a_request_without_a_token_is_refused_whole(api: Api) -> None:
    answer = ask(api, None, "{ me { id } }")

    assert (answer.status_code, codes_of(answer.json())) == (401, ["unauthenticated"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_get_is_refused(api: Api, people: People) -> None:
    answer = api.call("GET", "/graphql", people.new(), params={"query": "{ me { id } }"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.fixture
def in_production(stack: dict[str, str]) -> Iterator[None]:
    """Set the live function's environment to production."""
    aws = emulated(named("test")).lambda_()
    names = [each["FunctionName"] for each in aws.list_functions()["Functions"]]
    (name,) = (each for each in names if "GraphqlFunction" in each)
    live = aws.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    known = aws.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = known | {"ENVIRONMENT": "production"}
    aws.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    version = aws.publish_version(FunctionName=name)["Version"]
    aws.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    yield
    aws.update_alias(FunctionName=name, Name="live", FunctionVersion=live)
    aws.update_function_configuration(FunctionName=name, Environment={"Variables": known})


def test_the_schema_is_readable_where_apps_are_developed(api: Api, people: People) -> None:
    found = data(ask(api, people.new(), SCHEMA))

    assert found == {"__schema": {"queryType": {"name": "Query"}}}


@pytest.mark.alone
def test_the_schema_of_production_is_closed(api: Api, people: People, in_production: None) -> None:
    maya = people.new()
    refused, misspelt = ask(api, maya, SCHEMA), ask(api, maya, "{ me { firstNam } }")

    assert (refused.status_code, codes_of(refused.json())) == (400, ["graphql_invalid"])
    assert "firstName" not in misspelt.text
    assert data(ask(api, maya, "{ me { id } }")) == {"me": {"id": str(maya.id)}}
