"""The migrations go to the project that the functions use, or nowhere."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import supabase_cli
from local.deploy import database
from local.errors import StackError

PROJECT = "https://abcdefghijklmnopqrst.supabase.co"
POOLER = "postgresql://postgres.abcdefghijklmnopqrst:p%40ss@pooler.example:5432/postgres"
OTHER = "tsrqponmlkjihgfedcba"


class Program:
    """Stands in for the CLI: records its calls, and prints the CLI's output."""

    def __init__(self, output: str = "", code: int = 0) -> None:
        self.output, self.code = output, code
        self.command: list[str] = []
        self.env: dict[str, str] = {}

    def __call__(self, command: list[Any], **options: Any) -> subprocess.CompletedProcess[str]:
        self.command, self.env = [str(word) for word in command], options["env"]
        return subprocess.CompletedProcess(command, self.code, "", self.output)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    program = Program()
    monkeypatch.setattr("local.supabase_cli.subprocess.run", program)
    monkeypatch.setattr(database, "LINKED", tmp_path / "project-ref")
    monkeypatch.setattr(supabase_cli, "PROGRAM", tmp_path)
    monkeypatch.setenv("SUPABASE_TELEMETRY_DISABLED", "0")
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", "that of the person")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return program


def test_the_password_is_in_no_command_line(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", POOLER)
    database.push(PROJECT)
    assert POOLER.replace(":p%40ss", "") in " ".join(program.command)
    assert "p%40ss" not in " ".join(program.command)
    assert program.env["PGPASSWORD"] == "p@ss"


@pytest.mark.parametrize(
    ("url", "mode"), [(POOLER, "require"), ("postgresql://postgres:x@127.0.0.1:1/postgres", None)]
)
def test_a_password_leaves_this_machine_encrypted_only(
    program: Program, monkeypatch: pytest.MonkeyPatch, url: str, mode: str | None
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    database.push("http://127.0.0.1:8701")
    assert program.env.get("PGSSLMODE") == mode


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", POOLER)
    monkeypatch.setattr(supabase_cli, "PROGRAM", tmp_path / "supabase")
    with pytest.raises(StackError, match="the Supabase CLI is missing"):
        database.push(PROJECT)


def test_the_database_of_another_project_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", POOLER)
    with pytest.raises(StackError, match="another project than SupabaseUrl"):
        database.push(f"https://{OTHER}.supabase.co")
    assert not program.command


def test_a_linked_project_is_used_if_it_is_the_functions_own(program: Program) -> None:
    database.LINKED.write_text("abcdefghijklmnopqrst\n")
    database.push(PROJECT)
    assert "--remote" in program.command
    assert program.env["SUPABASE_ACCESS_TOKEN"] == "that of the person"
    assert program.env["SUPABASE_TELEMETRY_DISABLED"] == "1"

    with pytest.raises(StackError, match=f"supabase link --project-ref {OTHER}"):
        database.push(f"https://{OTHER}.supabase.co")


def test_a_missing_address_of_the_database_is_reported(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    database.push(PROJECT)
    assert not program.command
    assert "skipped: DATABASE_URL is not set" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (
            "Applying migration 20261128000000_baseline.sql...\n",
            "20261128000000_baseline.sql applied",
        ),
        ("Remote database is up to date.\n", "all were applied already"),
    ],
)
def test_the_migrations_that_were_applied_are_named(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: str,
    said: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", POOLER)
    program.output = output
    database.push(PROJECT)
    assert said in capsys.readouterr().out


def test_a_failure_shows_what_the_program_said(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", POOLER)
    program.output, program.code = "relation already exists\n", 1
    with pytest.raises(StackError, match="relation already exists"):
        database.push(PROJECT)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(204), "photos are served at https://d1.cloudfront.net"),
        (httpx.Response(404, json={"code": "PGRST202", "message": "none"}), "skipped"),
    ],
)
def test_the_address_of_photos_is_written_unless_the_migrations_are_missing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: httpx.Response,
    said: str,
) -> None:
    sent: list[httpx.Request] = []

    def project(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answer

    def client(_: str, **__: object) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(project))

    monkeypatch.setattr(database, "http_client", client)
    address = "https://d1.cloudfront.net"
    database.serve_photos(PROJECT, {"SUPABASE_SECRET_KEY": "sb_secret_x"}, address)

    assert json.loads(sent[0].content) == {"p_url": address}
    assert sent[0].url.path == "/rest/v1/rpc/set_photos_url"
    assert said in capsys.readouterr().out
