"""`make backend-key` on the running stack."""

from collections.abc import Iterator

import pytest

from local import backend_key
from tests.support.people import People


@pytest.fixture
def accepted(
    stack: dict[str, str],
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    fresh_container: None,
) -> Iterator[list[str]]:
    """The keys accepted before the command runs: the stack's, and an older one."""
    for name, value in stack.items():
        monkeypatch.setenv(name, value)
    statement = "select public.accept_backend_key(encode(sha256(%s), 'hex'))"
    for key in ("an older one", stack["BACKEND_KEY"]):
        people.connection.execute(statement, [key.encode()])
    yield ["an older one", stack["BACKEND_KEY"]]
    people.connection.execute(statement, [stack["BACKEND_KEY"].encode()])


def count(people: People) -> int:
    [(found,)] = people.connection.execute("select count(*) from private.backend_keys").fetchall()
    return int(found)


def test_the_key_of_the_environment_is_accepted(
    accepted: list[str], people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backend_key.main([]) == 0
    assert "accepted, and so is the previous key" in capsys.readouterr().out
    assert count(people) == 2

    assert backend_key.main(["--alone"]) == 0
    assert "accepted alone" in capsys.readouterr().out
    assert count(people) == 1


def test_a_failure_is_one_sentence(
    accepted: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_no")
    assert backend_key.main([]) == 1
    assert capsys.readouterr().err.startswith("error: BACKEND_KEY is not accepted (401)")
