import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from tests.support.template import ROOT
from wingman.kit.database import Database, DatabaseError
from wingman.kit.errors import ProblemError
from wingman.matches import repository


class Refusing(Database):
    """A database that raises one SQLSTATE."""

    def __init__(self, code: str) -> None:
        self._error = DatabaseError(code, "raised", "7")

    def rpc(self, function: str, params: Mapping[str, object]) -> Any:
        raise self._error


def test_every_sqlstate_of_the_migrations_has_a_refusal() -> None:
    migrations = "".join(
        path.read_text()
        for path in sorted((ROOT / "supabase" / "migrations").glob("20261120*.sql"))
    )
    assert set(re.findall(r"'(WM\d{3})'", migrations)) == set(repository.REFUSALS)


@pytest.mark.parametrize("code", repository.REFUSALS)
def test_a_known_sqlstate_is_told_to_the_client(code: str) -> None:
    with pytest.raises(ProblemError) as caught:
        repository.get(Refusing(code), uuid4())
    assert 400 <= caught.value.status < 500


def test_an_unknown_sqlstate_is_a_bug() -> None:
    with pytest.raises(DatabaseError):
        repository.get(Refusing("XX000"), uuid4())
