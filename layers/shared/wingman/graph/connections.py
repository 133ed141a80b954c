"""Pages as connections: https://relay.dev/graphql/connections.htm, with the cursors of REST."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

import strawberry

from wingman.graph.context import Levels
from wingman.graph.rules import MAX_PAGE_SIZE, PAGE_SIZE
from wingman.kit.errors import InvalidRequest
from wingman.kit.paging import Page, page_at

_MAX_CURSOR = 200

T = TypeVar("T")
C = TypeVar("C")


@strawberry.type
class PageInfo:
    """Whether further objects follow, or precede. `endCursor` is the `after` of the next page."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    """An object in a page. Lists without a cursor for each have it at their last one alone."""

    node: T
    cursor: str | None


@strawberry.type
class Connection(Generic[T]):
    """A page."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo


def size_of(first: int | None, most: int = MAX_PAGE_SIZE) -> int:
    """Return the size of a page. Raises InvalidRequest."""
    if first is not None and not 1 <= first <= most:
        raise InvalidRequest(fields={"first": f"must be from 1 to {most}"})
    return PAGE_SIZE if first is None else first


def page_of(first: int | None, after: str | None) -> Page:
    """Return the page after a cursor. Raises InvalidRequest."""
    return page_at(size_of(first), short(after))


def short(after: str | None) -> str | None:
    """Raise InvalidRequest for what is too long for a cursor of ours."""
    if after is not None and len(after) > _MAX_CURSOR:
        raise InvalidRequest(fields={"after": f"must have at most {_MAX_CURSOR} characters"})
    return after


def connected(
    kind: type[C],
    levels: Levels,
    shown: Sequence[Any],
    next_cursor: str | None,
    cursor: Callable[[Any], str] | None = None,
    **more: Any,
) -> C:
    """Return a page in the order of its list."""
    levels.keep(shown)
    last = len(shown) - 1
    edges = [
        Edge(node=each, cursor=cursor(each) if cursor else next_cursor if n == last else None)
        for n, each in enumerate(shown)
    ]
    info = PageInfo(
        has_next_page=next_cursor is not None,
        has_previous_page=False,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=next_cursor or (edges[-1].cursor if edges else None),
    )
    made: C = cast("Any", kind)(edges=edges, nodes=list(shown), page_info=info, **more)
    return made
