"""The Supabase CLI, as `make setup` installs it, used with a database's address, without Docker.

https://supabase.com/docs/reference/cli
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from local.errors import StackError
from local.parts import clean_env
from local.stack import CHECKOUT, HOST

PROGRAM = CHECKOUT / "local" / "node_modules" / ".bin" / "supabase"
SCHEMAS = "public,private"
QUIET = {"SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}
# Every command validates the secret that config.toml names. Only `config push` sends it, and we
# never call that.
_FORM = {"AUTH_EMAIL_HOOK_SECRET": f"v1,whsec_{'A' * 43}="}
_NOTHING: Mapping[str, str] = {}
_NOISE = ("Skipping migration", "Try rerunning", "Target:")


@dataclass(frozen=True)
class Listed:
    """A migration's version in the checkout and in the database; empty means missing."""

    local: str
    remote: str


@dataclass(frozen=True)
class Finding:
    """An object that breaks a rule, with Supabase's name of the rule."""

    rule: str
    object: str
    detail: str


def push(url: str | None, checkout: Path = CHECKOUT) -> list[str]:
    """Apply the missing migrations, each atomically; return their files.

    Without an address, it uses the linked project (`supabase link`). Raises StackError.
    """
    command: tuple[str | Path, ...] = ("db", "push", "--yes", "--workdir", checkout)
    if url is None:
        own = {name: value for name, value in os.environ.items() if name.startswith("SUPABASE_")}
        done = _run(*command, "--remote", variables=own)
    else:
        done = _run(*command, remote=url)
    if done.returncode != 0:
        error = done.stderr.rpartition("Applying migration ")[2]
        raise StackError(f"the migrations were not applied:\n{_indented(error)}")
    return re.findall(r"Applying migration (\S+\.sql)", done.stdout + done.stderr)


def migrations(url: str, checkout: Path = CHECKOUT) -> list[Listed]:
    found = _answer("migration", "list", "--workdir", checkout, remote=url)["migrations"]
    return [Listed(each["local"], each["remote"]) for each in found]


def advisors(url: str) -> Iterator[Finding]:
    """Yield the findings of Supabase's security and performance rules. Raises StackError."""
    found = _answer("db", "advisors", "--level", "info", remote=url)["results"]
    for each in found or ():
        about = each["metadata"]
        yield Finding(each["name"], about.get("fkey_name") or about["name"], each["detail"])


def difference(before: str, after: str) -> str:
    """Return the statements that turn one database into the other. Raises StackError."""
    (first, variables), (second, _) = without_password(before), without_password(after)
    given = ("--from", first, "--to", second, "--schema", SCHEMAS)
    answer = _answer("db", "diff", "--use-pg-delta", *given, variables=variables)
    return str(answer["diff"]).strip()


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Move the password into a variable: other users can read a command line."""
    parts = urlsplit(url)
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    variables = {"PGPASSWORD": unquote(password)}
    if parts.hostname not in {HOST, "localhost"}:
        variables["PGSSLMODE"] = "require"  # by default, the program falls back to no encryption
    return urlunsplit(parts._replace(netloc=f"{user}@{place}")), variables


def _answer(
    *command: str | Path, remote: str = "", variables: Mapping[str, str] = _NOTHING
) -> Mapping[str, Any]:
    done = _run(*command, "--output-format", "json", remote=remote, variables=variables)
    answer: Mapping[str, Any] = json.loads(done.stdout or "{}")
    if done.returncode != 0:
        error = answer.get("error", {}).get("message") or _indented(done.stderr)
        raise StackError(f"supabase {' '.join(map(str, command[:2]))}: {error}")
    return answer


def _run(
    *command: str | Path, remote: str = "", variables: Mapping[str, str] = _NOTHING
) -> subprocess.CompletedProcess[str]:
    if not PROGRAM.exists():
        raise StackError("the Supabase CLI is missing: run `make setup`")
    target = []
    if remote:
        address, variables = without_password(remote)
        target = [f"--remote={address}"]
    return subprocess.run(
        [PROGRAM, *command, *target, "--agent", "no"],
        env=clean_env(**(dict(variables) | QUIET | _FORM)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _indented(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if not line.startswith(_NOISE)]
    return "\n".join(f"    {line}" for line in lines[-15:])
