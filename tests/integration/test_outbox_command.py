"""The operator commands `make email-status` and `make dead-letters`."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from local import limits, outbox
from tests.integration.database import (
    DirectDatabase,
    email_row,
    look,
    new_email,
    new_person,
)
from wingman.kit.clients.database import Database, DatabaseError
from wingman.kit.errors import DependencyUnavailable, TokenExpired, Unauthenticated
from wingman.notifications.email.sending.repository import DatabaseOutbox
from wingman.notifications.models import Priority

Command = Callable[..., str]


@pytest.fixture
def command(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command on an empty outbox; return what it prints."""
    look(url, "delete from public.email_logs")
    monkeypatch.setattr(outbox, "get_service_client", lambda: DirectDatabase(url))

    def run(*arguments: str) -> str:
        outbox.main(arguments)
        return capsys.readouterr().out

    return run


def test_the_status_shows_each_lane_with_rates_and_dead_letters(url: str, command: Command) -> None:
    leo = new_person(url)
    new_email(url, leo)
    new_email(url, leo, delivery_status="failed")
    for status in ("delivered", "delivered", "delivered", "bounced"):
        new_email(url, leo, delivery_status=status, sent_at="now()")
    until = datetime.now(UTC) + timedelta(minutes=30)
    DatabaseOutbox(DirectDatabase(url)).pause([Priority.BULK], until, "daily_quota_exceeded")

    output = command("status")

    urgent, bulk = (line for line in output.splitlines() if line.startswith(("urgent", "bulk")))
    assert urgent.split()[:2] == ["urgent", "1"]
    assert urgent.endswith(" no")
    assert "for 30 min more: daily_quota_exceeded" in bulk
    assert "4 accepted by the provider, 75.00% of the known outcomes delivered" in output
    assert "25.00% bounced, 0.00% complained" in output
    assert "1 failed, 0 unknown, 0 of them within an hour" in output
    assert "make dead-letters" in output


def test_the_status_points_to_emails_with_an_unknown_outcome(url: str, command: Command) -> None:
    assert "Next:" not in command("status")
    new_email(url, new_person(url), delivery_status="unknown")

    output = command("status")

    assert "0 failed, 1 unknown" in output
    assert "Next: `make dead-letters`" in output


def test_a_pause_is_ended(url: str, command: Command) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    DatabaseOutbox(DirectDatabase(url)).pause([Priority.BULK], until, "quota")

    assert command("resume", "bulk").startswith("1 resumed")
    assert "quota" not in command("status")


def test_dead_letters_are_listed_shown_and_replayed(url: str, command: Command) -> None:
    leo = new_person(url)
    error = "validation_error: no such domain"
    dead = new_email(url, leo, delivery_status="failed", error_message=error)
    lost = new_email(url, leo, delivery_status="unknown")

    listed = command("list")
    assert error in next(line for line in listed.splitlines() if str(dead) in line)
    assert "cannot be replayed" in next(line for line in listed.splitlines() if str(lost) in line)
    shown = command("show", str(dead))
    assert json.loads(shown)["error_message"] == error
    assert leo.email not in listed + shown

    assert "1 put back" in command("replay", str(dead), str(lost))
    assert email_row(url, dead)["delivery_status"] == "pending"
    assert email_row(url, lost)["delivery_status"] == "unknown"
    assert "0 put back" in command("replay", "--all")


def test_the_list_says_when_there_are_no_dead_letters(command: Command) -> None:
    assert command("list") == "No dead letters.\n"


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["show", "6f1c0f0e-0000-4000-8000-000000000001"], "make dead-letters"),
        (["replay"], "--template NAME"),
    ],
)
def test_a_mistake_is_answered_with_advice(
    command: Command, arguments: list[str], advice: str
) -> None:
    with pytest.raises(SystemExit, match=advice):
        command(*arguments)


def test_the_command_reports_an_unreachable_database(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(Database):
        def rpc(self, function: str, params: object, *, idempotent: bool = False) -> object:
            raise DependencyUnavailable("supabase")

    monkeypatch.setattr(outbox, "get_service_client", Away)

    with pytest.raises(SystemExit, match="SUPABASE_URL"):
        command("status")


@pytest.mark.parametrize(
    "refusal",
    [
        DatabaseError("PGRST202", "there is no such function", None),
        Unauthenticated(),
        TokenExpired(),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
def test_the_command_reports_a_refusal_by_the_database(
    command: Command, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    class Refusing(Database):
        def rpc(self, function: str, params: object, *, idempotent: bool = False) -> object:
            raise refusal

    monkeypatch.setattr(outbox, "get_service_client", Refusing)

    with pytest.raises(SystemExit) as left:
        command("status")

    output = str(left.value)
    assert output.startswith(f"The database refuses: {refusal}")
    assert "Is SUPABASE_SECRET_KEY right, and are the migrations applied?" in output


@pytest.mark.parametrize(
    ("main", "arguments", "typed"),
    [
        (outbox.main, [], "make email-status|dead-letters"),
        (outbox.main, ["resume"], "make email-status"),
        (outbox.main, ["replay"], "make dead-letters"),
        (limits.main, [], "make limits"),
    ],
)
def test_the_help_names_the_make_targets(
    main: Callable[[Sequence[str]], None],
    arguments: list[str],
    typed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main([*arguments, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {typed} ")


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> None:
    monkeypatch.delenv("SUPABASE_URL", raising=False)
    monkeypatch.delenv("SUPABASE_SECRET_KEY", raising=False)

    with pytest.raises(SystemExit, match="SUPABASE_SECRET_KEY is missing"):
        outbox.main(["status"])
