"""Documents of clients: read, and checked before anything runs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    Lexer,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    Source,
    TokenKind,
    get_variable_values,
    parse,
    specified_rules,
    validate,
)

from wingman.graph.errors import NotTrusted, QueryError, QuerySyntaxError, QueryTooLarge
from wingman.graph.rules import MAX_BYTES, MAX_TOKENS, Weight, operation_of, weigh
from wingman.graph.schema import schema
from wingman.kit.errors import InvalidRequest

_KEPT = 100
_SHOWN_ERRORS = 5


@dataclass(frozen=True)
class Request:
    """A request of a client."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None

    @property
    def fingerprint(self) -> str:
        """Return what two requests with one idempotency key must have in common."""
        text = json.dumps([self.query, self.operation_name, self.variables], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Document:
    """A document that may run, and what it asks for."""

    parsed: DocumentNode
    operation: OperationDefinitionNode
    weight: Weight

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None


def requested(
    body: Mapping[str, Any], trusted: Mapping[str, str], *, trusted_only: bool
) -> Request:
    """Read the members of a request, which may name a trusted document by its id.

    Raises InvalidRequest, NotTrusted.
    """
    query, variables = body.get("query"), body.get("variables")
    name, document_id = body.get("operationName"), body.get("documentId")
    if document_id is not None:
        query = trusted.get(document_id) if isinstance(document_id, str) else None
        if query is None:
            raise NotTrusted
    flaws = {
        "query": None if isinstance(query, str) else "must be a GraphQL document",
        "variables": None if isinstance(variables, dict | None) else "must be an object",
        "operationName": None if isinstance(name, str | None) else "must be a text",
    }
    if found := {field: flaw for field, flaw in flaws.items() if flaw}:
        raise InvalidRequest(fields=found)
    if trusted_only and query not in trusted.values():
        raise NotTrusted
    return Request(str(query), variables or {}, name)


def checked(asked: Request, *, introspection: bool) -> Document:
    """Read and weigh a document; with `introspection`, errors also suggest names.

    Raises QueryError before anything is called. All work is bounded: that of the walker by the
    number of tokens, and a document that it refuses is not validated.
    """
    parsed = _parsed(asked.query)
    operation = operation_of(parsed, asked.operation_name)
    weight = weigh(schema(), parsed, operation, asked.variables)
    _validate(asked.query, introspection=introspection)
    _check_variables(operation, asked.variables)
    return Document(parsed, operation, weight)


@lru_cache(_KEPT)
def _parsed(query: str) -> DocumentNode:
    if len(query) > MAX_BYTES or len(query.encode(errors="replace")) > MAX_BYTES:
        raise QueryTooLarge
    try:
        return parse(query, max_lexical_tokens=MAX_TOKENS)
    except GraphQLError as error:
        if _has_too_many_tokens(query):
            raise QueryTooLarge from None
        raise QuerySyntaxError(error.message[:200]) from None


def _has_too_many_tokens(query: str) -> bool:
    lexer = Lexer(Source(query))
    try:
        return all(lexer.advance().kind is not TokenKind.EOF for _ in range(MAX_TOKENS + 1))
    except GraphQLError:
        return False


@lru_cache(_KEPT)
def _validate(query: str, *, introspection: bool) -> None:
    rules = [*specified_rules, *([] if introspection else [NoSchemaIntrospectionCustomRule])]
    errors = validate(
        schema(),
        _parsed(query),
        rules,
        max_errors=_SHOWN_ERRORS,
        hide_suggestions=not introspection,
    )
    if errors:
        raise _invalid(errors)


def _check_variables(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    declared = operation.variable_definitions or ()
    errors = get_variable_values(
        schema(), declared, dict(variables), max_errors=_SHOWN_ERRORS, hide_suggestions=True
    )
    if isinstance(errors, list):
        raise _invalid(errors)


def _invalid(errors: Sequence[GraphQLError]) -> QueryError:
    return QueryError(" ".join(error.message for error in errors[:_SHOWN_ERRORS])[:1000])
