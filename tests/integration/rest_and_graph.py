"""The same steps and reads through REST and through GraphQL."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from graphql import GraphQLEnumType, GraphQLObjectType, get_named_type

from tests.support.functions import Function
from tests.support.graph import Graph
from tests.support.people import People, Person
from tests.support.profiles import ALEXANDERPLATZ, add_photos
from wingman.graph.schema import schema

Load = Callable[..., Function]
FUNCTIONS = (
    *("conversations", "devices", "discovery", "likes", "match_request", "match_respond"),
    *("notifications", "playgrounds", "profile", "reputation", "safety", "session_create"),
    *("session_manage", "user"),
)
_PROFILE = """
insert into public.dog_profiles
(user_id, display_name, age, created_at, latitude, longitude, located_at)
values (%s, %s, 4, now(), %s, %s, now())
"""
_MATCH = """
select id from public.wingman_matches
where least(user1_id, user2_id) = least(%(one)s, %(other)s)
    and greatest(user1_id, user2_id) = greatest(%(one)s, %(other)s)
order by created_at desc limit 1
"""
_SESSION = "select id from public.wingman_sessions where match_id = %s order by created_at desc"


@dataclass(frozen=True)
class Step:
    """A step in both languages. `{user}`, `{match}` and `{session}` stand for the pair's ids."""

    function: str
    method: str
    path: str
    mutation: str
    body: Mapping[str, object] | None = None


STEPS = {
    "like": Step("likes", "PUT", "/api/likes/{user}", 'likeUser(userId: "{user}") {{ likedAt }}'),
    "unlike": Step("likes", "DELETE", "/api/likes/{user}", 'unlikeUser(userId: "{user}")'),
    "pass": Step("likes", "PUT", "/api/passes/{user}", 'passUser(userId: "{user}") {{ until }}'),
    "undo": Step("likes", "DELETE", "/api/passes/{user}", 'undoPass(userId: "{user}")'),
    "block": Step("safety", "PUT", "/api/blocks/{user}", 'putBlock(userId: "{user}")'),
    "unblock": Step("safety", "DELETE", "/api/blocks/{user}", 'deleteBlock(userId: "{user}")'),
    "invite": Step(
        *("match_request", "POST", "/api/matches"),
        'requestMatch(invitation: {{inviteeId: "{user}", note: "Hi"}}) {{ id }}',
        {"invitee_id": "{user}", "note": "Hi"},
    ),
    "accept": Step(
        *("match_respond", "POST", "/api/matches/{match}/respond"),
        'respondToMatch(matchId: "{match}", action: ACCEPT) {{ id }}',
        {"action": "accept"},
    ),
    "unmatch": Step(
        *("match_respond", "POST", "/api/matches/{match}/unmatch"),
        'unmatch(matchId: "{match}") {{ id }}',
    ),
    "send": Step(
        *("conversations", "POST", "/api/conversations/{match}/messages"),
        'sendMessage(matchId: "{match}", message: {{clientId: "{client}", text: "Hi"}}) {{ seq }}',
        {"client_id": "{client}", "text": "Hi"},
    ),
    "send nothing": Step(
        *("conversations", "POST", "/api/conversations/{match}/messages"),
        'sendMessage(matchId: "{match}", message: {{clientId: "{client}", text: " "}}) {{ seq }}',
        {"client_id": "{client}", "text": " "},
    ),
    "read": Step(
        *("conversations", "PUT", "/api/conversations/{match}/read"),
        'markRead(matchId: "{match}", seq: 1)',
        {"seq": 1},
    ),
    "hide": Step(
        *("conversations", "DELETE", "/api/conversations/{match}"),
        'hideConversation(matchId: "{match}")',
    ),
    "plan": Step(
        *("session_create", "POST", "/api/sessions"),
        'createSession(plan: {{matchId: "{match}", venueName: "Park", scheduledTime: "{time}"}})'
        " {{ id }}",
        {"match_id": "{match}", "venue_name": "Park", "scheduled_time": "{time}"},
    ),
    "cancel": Step(
        *("session_manage", "POST", "/api/sessions/{session}/cancel"),
        'cancelSession(sessionId: "{session}", reason: "Rain") {{ id }}',
        {"reason": "Rain"},
    ),
    "confirm": Step(
        *("session_manage", "POST", "/api/sessions/{session}/confirm"),
        'confirmSession(sessionId: "{session}") {{ id }}',
    ),
    "disappear": Step(
        *("profile", "PATCH", "/api/profile"),
        "changeProfile(changes: {{visible: false}}) {{ visible }}",
        {"visible": False},
    ),
    "appear": Step(
        *("profile", "PATCH", "/api/profile"),
        "changeProfile(changes: {{visible: true}}) {{ visible }}",
        {"visible": True},
    ),
    "grow too old": Step(
        *("profile", "PATCH", "/api/profile"),
        "changeProfile(changes: {{age: 21}}) {{ age }}",
        {"age": 21},
    ),
}


class Both:
    """The functions of REST and that of GraphQL, in this process."""

    def __init__(self, function: Load, people: People, time: str) -> None:
        off = {"ENABLE_RATE_LIMITING": "false"}
        self.people, self._time = people, time
        self._apps = {name: function(name, **off) for name in FUNCTIONS}
        self.graph = Graph(function("graphql", **off), people)

    def new(self, name: str) -> Person:
        person, place = self.people.new(name), ALEXANDERPLATZ
        values = (person.id, f"Dog {name}", place["latitude"], place["longitude"])
        self.people.connection.execute(_PROFILE, values)
        add_photos(self.people.connection, person.id, 2)
        return person

    def names_for(self, person: Person, other: Person) -> dict[str, str]:
        match_id = self._one(_MATCH, {"one": person.id, "other": other.id})
        session_id = self._one(_SESSION, [match_id])
        found = {"user": other.id, "match": match_id, "session": session_id}
        return {name: str(value) for name, value in found.items()} | {
            "client": str(uuid4()),
            "time": self._time,
        }

    def by_rest(self, person: Person, other: Person, step: Step) -> str:
        """Take a step; return the code of its refusal, or an empty text."""
        names = self.names_for(person, other)
        body = _filled(step.body, names)
        _, answer = self.read(step.function, person, step.path.format(**names), step.method, body)
        return str(answer["code"]) if isinstance(answer, dict) and "code" in answer else ""

    def by_graph(self, person: Person, other: Person, step: Step) -> str:
        names = self.names_for(person, other)
        _, body = self.graph.call(person, f"mutation {{ {step.mutation.format(**names)} }}")
        return body["errors"][0]["extensions"]["code"] if "errors" in body else ""

    def read(
        self, function: str, person: Person, path: str, method: str = "GET", body: object = None
    ) -> tuple[int, Any]:
        event = self.graph.app.event("start", access_token=person.token)
        event["rawPath"], _, event["rawQueryString"] = path.partition("?")
        event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
        event["body"] = None if body is None else json.dumps(body)
        answer = self._apps[function].invoke(event)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def _one(self, statement: str, values: Any) -> UUID:
        row = self.people.connection.execute(statement.encode(), values).fetchone()
        return row[0] if row else uuid4()


def _filled(body: Mapping[str, object] | None, names: Mapping[str, str]) -> object:
    if body is None:
        return None
    return {
        name: value.format(**names) if isinstance(value, str) else value
        for name, value in body.items()
    }


def whole(kind: str) -> str:
    """Return a selection of everything in a row of this type."""
    found = schema().type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    return "{{ {} }}".format(" ".join(_fields(found)))


def _fields(kind: GraphQLObjectType) -> Iterator[str]:
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if not field.extensions["strawberry-definition"].metadata:
            yield f"{name} {whole(inner.name)}" if isinstance(inner, GraphQLObjectType) else name


def in_rest(found: Any, kind: str) -> Any:
    """Return an object of GraphQL as REST has it."""
    if isinstance(found, list):
        return [in_rest(each, kind) for each in found]
    described = schema().type_map[kind]
    if isinstance(described, GraphQLEnumType):
        return found and found.lower()
    if not isinstance(found, dict) or not isinstance(described, GraphQLObjectType):
        return found
    return {
        described.fields[name].extensions["strawberry-definition"].python_name: in_rest(
            value, get_named_type(described.fields[name].type).name
        )
        for name, value in found.items()
    }
