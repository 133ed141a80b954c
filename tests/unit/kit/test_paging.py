from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingman.kit.errors import InvalidRequest
from wingman.kit.paging import Page, page_at


@dataclass
class Row:
    id: UUID
    created_at: datetime


@given(st.datetimes(timezones=st.just(UTC)), st.uuids(), st.integers(1, 100))
def test_a_cursor_leads_back_to_the_last_row_of_its_page(
    created_at: datetime, row_id: UUID, limit: int
) -> None:
    rows = [Row(row_id, created_at)] * (limit + 1)
    shown, cursor = Page(limit).cut(rows)
    assert len(shown) == limit
    assert page_at(limit, cursor) == Page(limit, created_at, row_id)


def test_the_last_page_has_no_cursor() -> None:
    rows = [Row(uuid4(), datetime.now(UTC))] * 3
    assert Page(3).cut(rows) == (rows, None)


@given(st.text(max_size=200))
def test_any_other_text_is_an_invalid_cursor(text: str) -> None:
    with pytest.raises(InvalidRequest):
        page_at(20, text)
