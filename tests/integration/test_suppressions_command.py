"""The operator command `make suppressions`."""

from collections.abc import Callable

import pytest

from local import suppressions
from tests.integration.database import DirectDatabase, look

Command = Callable[..., str]


@pytest.fixture
def command(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command with one suppressed address; return what it prints."""
    look(url, "delete from public.email_suppressions")
    look(
        url,
        "insert into public.email_suppressions (address_hash, reason, created_at)"
        " values (private.address_hash('maya@example.com'), 'bounced', '2026-11-20 12:00+00')",
    )
    monkeypatch.setattr(suppressions, "get_service_client", lambda: DirectDatabase(url))

    def run(*arguments: str) -> str:
        suppressions.main(arguments)
        return capsys.readouterr().out

    return run


def test_suppressions_are_counted_by_reason(command: Command) -> None:
    assert [line.split() for line in command("count").splitlines()[:2]] == [
        ["1", "bounced"],
        ["1", "in", "all"],
    ]


def test_an_address_shows_its_reason(command: Command) -> None:
    assert "bounced since 2026-11-20 12:00" in command("show", " Maya@Example.com")
    assert "not suppressed" in command("show", "leo@example.com")


def test_a_lifted_address_is_no_longer_suppressed(url: str, command: Command) -> None:
    assert "Suppressions" in command("lift", "MAYA@example.com")

    assert look(url, "select 1 from public.email_suppressions") == []
    assert "was not suppressed" in command("lift", "maya@example.com")


def test_text_that_is_no_address_is_refused(command: Command) -> None:
    with pytest.raises(SystemExit):
        command("lift", "maya")
