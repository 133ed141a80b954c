"""The schema is in the repository, compatible with older clients, and equal to REST's models."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, parse, validate
from pydantic import BaseModel

from local.graphql_schema import MANIFEST, PAGE, breaking, manifest
from wingman.conversations import models as conversations
from wingman.discovery import models as discovery
from wingman.graph.rules import MAX_COST, operation_of, weigh
from wingman.graph.schema import schema, sdl
from wingman.likes import models as likes
from wingman.matches import models as matches
from wingman.notifications.devices import models as devices
from wingman.notifications.feed import models as feed
from wingman.photos import models as photos
from wingman.playgrounds import models as playgrounds
from wingman.profiles import models as profiles
from wingman.profiles.dogs import models as dogs
from wingman.reputation import models as reputation
from wingman.safety import models as safety
from wingman.sessions import models as sessions

MODELS: dict[str, type[BaseModel]] = {
    "User": profiles.User,
    "Profile": dogs.OwnProfile,
    "ProfilePreferences": dogs.ProfilePreferences,
    "Prompt": dogs.Prompt,
    "Location": dogs.Location,
    "Card": dogs.Card,
    "DiscoveredProfile": discovery.DiscoveredProfile,
    "Radius": discovery.Radius,
    "Photo": photos.Photo,
    "Standing": reputation.Standing,
    "Reputation": reputation.Reputation,
    "Face": likes.Face,
    "Like": likes.Like,
    "Pass": likes.Pass,
    "GivenLike": likes.GivenLike,
    "GivenPass": likes.GivenPass,
    "Match": matches.Match,
    "Partner": profiles.Partner,
    "Message": conversations.Message,
    "SharedPlayground": conversations.SharedPlayground,
    "Conversation": conversations.Conversation,
    "Session": sessions.Session,
    "GivenFeedback": sessions.GivenFeedback,
    "Playground": playgrounds.Playground,
    "PlaygroundName": dogs.PlaygroundName,
    "Block": safety.Block,
    "Report": safety.Report,
    "Notification": feed.Notification,
    "PushPreferences": feed.PushPreferences,
    "Device": devices.Device,
}
FRAMES = {"Query", "Mutation", "PageInfo", "Distance"}


def types() -> Iterator[GraphQLObjectType]:
    for name, kind in schema().type_map.items():
        frame = name in FRAMES or name.endswith(("Connection", "Edge")) or name.startswith("__")
        if isinstance(kind, GraphQLObjectType) and not frame:
            yield kind


def test_the_schema_is_in_the_repository() -> None:
    assert PAGE.read_text() == sdl(), "run `make graphql`"


def test_each_type_is_that_of_a_model() -> None:
    assert {kind.name for kind in types()} == set(MODELS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_type_has_the_fields_of_its_model(name: str) -> None:
    kind = schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    of_row = [definition(each) for each in kind.fields.values() if not definition(each).metadata]
    shown = {each.python_name for each in of_row}

    assert shown == set(MODELS[name].model_fields)


def definition(field: GraphQLField) -> Any:
    return field.extensions["strawberry-definition"]


def test_every_type_field_and_argument_is_explained() -> None:
    silent = [kind.name for kind in types() if not kind.description]
    roots = [schema().query_type, schema().mutation_type]
    fields = [
        name for root in roots if root for name, each in root.fields.items() if not each.description
    ]
    assert (silent, fields) == ([], [])


def test_a_field_of_a_query_may_be_missing_beside_the_others() -> None:
    for root in (schema().query_type, schema().mutation_type):
        assert root is not None
        strict = [name for name, each in root.fields.items() if str(each.type).endswith("!")]
        assert strict == []


def test_names_of_enum_values_are_those_of_rest_in_capitals() -> None:
    enums = {
        name: kind
        for name, kind in schema().type_map.items()
        if hasattr(kind, "values") and not name.startswith("__")
    }
    assert len(enums) > 10
    for name, kind in enums.items():
        for value, each in kind.values.items():
            assert value == str(each.value).upper(), name


def test_the_manifest_has_the_documents_of_its_folder() -> None:
    assert json.loads(MANIFEST.read_text()) == manifest(), "run `make graphql`"


@pytest.mark.parametrize(
    "path", sorted(MANIFEST.with_suffix("").glob("*.graphql")), ids=lambda path: path.stem
)
def test_a_trusted_document_is_valid_and_cheap_enough(path: Path) -> None:
    parsed = parse(path.read_text())
    operation = operation_of(parsed, None)

    assert validate(schema(), parsed) == []
    assert weigh(schema(), parsed, operation, {}).cost <= MAX_COST


def test_a_breaking_change_is_found() -> None:
    before, after = "type Query { me: Int, you(a: Int): Int }", "type Query { you(a: Int!): Int }"

    assert len(breaking(before, after)) == 2
    assert breaking(before, before.replace("}", "them: Int }")) == []
