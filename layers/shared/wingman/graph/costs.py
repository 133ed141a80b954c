"""The calls that fields of the schema make, declared where a field is defined."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar, cast

import strawberry
from graphql import GraphQLField

from wingman.kit.limits.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])
_KEY = "call"


class Manner(Enum):
    """How a field is charged beside the limits of each request, as its endpoint of REST is."""

    ALWAYS = auto()
    REFUNDED = auto()  # for a request without an effect
    BUT_REPEATS = auto()  # and a repeated request finds its answer past an empty bucket


@dataclass(frozen=True)
class Call:
    """A call that a field makes; `is_page`: for as many objects as it is asked for.

    `where`: the policy applies only if one of these fields is given, as REST has it.
    """

    policy: Policy | None = None
    manner: Manner = Manner.ALWAYS
    where: tuple[str, ...] = ()
    is_page: bool = False
    is_discovery: bool = False


def calls(
    policy: Policy | None = None, manner: Manner = Manner.ALWAYS, where: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Declare a field that makes a call."""
    return _field(Call(policy, manner, where))


def pages(policy: Policy | None = None, *, discovery: bool = False) -> Callable[[F], F]:
    """Declare a field that makes a call for a page."""
    return _field(Call(policy, is_page=True, is_discovery=discovery))


def call_of(found: GraphQLField | None) -> Call | None:
    definition: Any = found.extensions.get("strawberry-definition") if found else None
    call: Call | None = definition.metadata.get(_KEY) if definition is not None else None
    return call


def _field(call: Call) -> Callable[[F], F]:
    def declared(resolver: F) -> F:
        return cast("F", strawberry.field(resolver, metadata={_KEY: call}))

    return declared
