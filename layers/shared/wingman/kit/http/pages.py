"""The query parameters of every list: `limit` and `cursor`."""

from typing import Annotated

from fastapi import Depends, Query

from wingman.kit.paging import Page, page_at


def _page(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Page:
    return page_at(limit, cursor)


PageQuery = Annotated[Page, Depends(_page)]
