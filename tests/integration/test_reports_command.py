"""The operator command `make reports`, on the stack under test."""

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from local import reports
from tests.support.functions import Function
from tests.support.people import People, Person

Command = Callable[..., str]
Load = Callable[..., Function]


@pytest.fixture
def command(function: Load, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command; return what it prints."""
    function("accounts")  # for its environment, which has the secret key

    def run(*arguments: str) -> str:
        capsys.readouterr()
        reports.main(arguments)
        return capsys.readouterr().out

    return run


def report(people: People, maya: Person, leo: Person) -> str:
    (report_id,) = people.connection.execute(
        "insert into private.reports (reporter_id, reported_id, reason, details, counts,"
        " created_at) values (%s, %s, 'harassment', 'Follows me', true, '2001-01-01') returning id",
        (maya.id, leo.id),
    ).fetchone() or [None]
    return str(report_id)


def test_a_report_is_listed_shown_and_dismissed(command: Command, people: People) -> None:
    maya, leo = people.pair()
    report_id = report(people, maya, leo)

    listed = command("list", "--limit", "1000")
    assert re.search(f"2001-01-01 00:00  {report_id}  harassment +{leo.id} \\(1 open, 1 of", listed)
    assert "Next: ARGS='show " in listed

    shown = command("show", report_id)
    assert "Follows me" in shown
    assert f"ARGS='ban {leo.id}'" in shown

    assert "0 open" in command("dismiss", report_id)
    assert report_id not in command("list", "--limit", "1000")


def test_a_user_is_hidden_and_shown_again(command: Command, people: People) -> None:
    maya, leo = people.pair()
    report_id = report(people, maya, leo)

    assert "hidden by operator" in command("hide", str(leo.id))
    assert f"ARGS='unhide {leo.id}'" in command("dismiss", report_id)
    assert "hidden" not in command("unhide", str(leo.id))


def test_the_tokens_of_a_banned_user_are_refused_at_once(
    function: Load, command: Command, people: People
) -> None:
    leo, session_id = people.new("Leo"), uuid4()
    people.connection.execute(
        "insert into auth.sessions (id, user_id) values (%s, %s)", (session_id, leo.id)
    )
    leo = replace(leo, token=people.token(leo.id, session_id=str(session_id)))

    def status() -> tuple[int, str]:
        user = function("user")
        answer = user.call("get", access_token=leo.token)
        return answer[0], answer[1].get("code", "")

    assert status() == (200, "")
    function("accounts")
    assert "banned" in command("ban", str(leo.id))
    assert status() == (401, "session_ended")
    function("accounts")
    assert "banned" not in command("unban", str(leo.id))


def test_the_address_of_a_deleted_account_is_unbanned(command: Command, people: People) -> None:
    leo = people.new("Leo")
    command("ban", str(leo.id))
    people.remove(leo)

    assert "Lifted" in command("unban", leo.email)
    assert "No deleted account" in command("unban", leo.email)


@pytest.mark.parametrize("arguments", [("show", str(uuid4())), ("ban", str(uuid4()))])
def test_an_unknown_id_ends_with_a_next_step(command: Command, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="Next: ARGS='list'"):
        command(*arguments)


def test_text_that_is_no_id_is_refused(command: Command) -> None:
    with pytest.raises(SystemExit):
        command("unban", "leo")
