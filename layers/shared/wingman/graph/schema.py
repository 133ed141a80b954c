"""The schema of GraphQL."""

from datetime import datetime
from functools import cache
from inspect import cleandoc
from typing import Any

import strawberry
from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from wingman.graph.mutations import Mutation
from wingman.graph.queries import Query


def _written(moment: datetime) -> str:
    """Write a time as the REST API does."""
    return moment.isoformat().replace("+00:00", "Z")


_DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A time in UTC (RFC 3339).",
    specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
    serialize=_written,
    parse_value=datetime.fromisoformat,
)


@cache
def schema() -> GraphQLSchema:
    """Return the schema. Requests run by our own rules (service.py), and not by Strawberry's."""
    config = StrawberryConfig(scalar_map={datetime: _DATE_TIME})
    found: GraphQLSchema = strawberry.Schema(Query, Mutation, config=config)._schema  # noqa: SLF001
    _describe_all(found)
    return found


def sdl() -> str:
    """Return the schema as clients read it."""
    return print_schema(schema()) + "\n"


def _describe_all(described: GraphQLSchema) -> None:
    """Give clients the docstrings of the code."""
    for kind in described.type_map.values():
        _describe(kind, getattr(_definition(kind), "origin", None))
        for each in getattr(kind, "fields", {}).values():
            resolver = getattr(_definition(each), "base_resolver", None)
            _describe(each, getattr(resolver, "wrapped_func", None))


def _definition(described: Any) -> Any:
    return described.extensions.get("strawberry-definition")


def _describe(described: Any, code: Any) -> None:
    # None has a docstring, too, from Python 3.13 on.
    text = None if code is None else code.__doc__
    if text and not described.description:
        described.description = cleandoc(text)
