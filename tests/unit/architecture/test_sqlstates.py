"""The API has an error for each SQLSTATE that the SQL functions raise."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.template import ROOT
from wingman.kit import declarations
from wingman.kit.clients.database import (
    BACKEND_KEY_REQUIRED,
    EVERYWHERE,
    Database,
    DatabaseError,
)
from wingman.kit.errors import ProblemError

REPOSITORIES = [
    repository
    for repository in declarations.modules("repository")
    if hasattr(repository, "REFUSALS")
]


class Refusing(Database):
    def __init__(self, code: str) -> None:
        self._error = DatabaseError(code, "raised", "7")

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        raise self._error


def _raised() -> Iterator[tuple[str, str]]:
    """Yield each of our SQLSTATEs with its message, except the one for our own bugs."""
    for path in (ROOT / "supabase" / "schemas").glob("*.sql"):
        found = re.findall(
            r"raise exception '([^']+)' using\s+errcode = '(\w{5})'", path.read_text()
        )
        yield from (each for each in found if each[1] != BACKEND_KEY_REQUIRED)


def test_every_sqlstate_of_the_schemas_has_a_refusal() -> None:
    refused = {code for repository in REPOSITORIES for code in repository.REFUSALS}
    assert {code for _, code in _raised()} == refused | set(EVERYWHERE)


def test_a_sqlstate_has_one_message_and_no_class_of_postgres() -> None:
    messages = {(code, message) for message, code in _raised()}
    assert len({code for code, _ in messages}) == len(messages)
    # PostgreSQL leaves the classes from I to Z to applications, except P0 and XX.
    assert all(re.fullmatch(r"W[A-Z]\d{3}", code) for code, _ in messages)


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_a_known_sqlstate_is_a_client_error(repository: Any) -> None:
    for code in (*repository.REFUSALS, *EVERYWHERE):
        with pytest.raises(ProblemError) as caught:
            repository._call(Refusing(code), "any", idempotent=True)
        assert 400 <= caught.value.status < 500, code


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_an_unknown_sqlstate_is_a_bug(repository: Any) -> None:
    with pytest.raises(DatabaseError):
        repository._call(Refusing("XX000"), "any", idempotent=True)
