"""The migrations of an environment, pushed by the Supabase CLI."""

import os
import re
import subprocess
from collections.abc import Mapping

from local.errors import StackError
from local.parts import clean_env
from local.progress import say, step
from local.stack import CHECKOUT
from local.supabase_cli import PROGRAM, QUIET, without_password

LINKED = CHECKOUT / "supabase" / ".temp" / "project-ref"
_PROJECT = re.compile(r"https://([a-z0-9]{20})\.supabase\.(?:co|in)/?")


def push(supabase_url: str) -> None:
    """Apply the migrations that are missing; without a way to the database, say that and go on.

    Raises StackError where the way leads to another project.
    """
    project = _PROJECT.fullmatch(supabase_url)
    if url := os.environ.get("DATABASE_URL"):
        if project and project[1] not in url:
            raise StackError(
                f"DATABASE_URL leads to another project than SupabaseUrl ({project[1]}): "
                "copy it from that project (Connect → Session pooler)"
            )
        address, secrets = without_password(url)
        _run(f"--remote={address}", secrets)
    elif LINKED.exists():
        linked = LINKED.read_text().strip()
        if project and project[1] != linked:
            raise StackError(
                f"the linked project is {linked}, SupabaseUrl's is {project[1]}: "
                f"supabase link --project-ref {project[1]}"
            )
        _run("--remote", {})
    else:
        say("  skipped: DATABASE_URL is not set and no project is linked; the doctor looks at")
        say("  what is missing. Set DATABASE_URL (Supabase → Connect → Session pooler)")


def _run(target: str, variables: Mapping[str, str]) -> None:
    if not PROGRAM.exists():
        raise StackError("the Supabase CLI is missing: make setup")
    log = CHECKOUT / ".local" / "deploy" / "migrations.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name.startswith("SUPABASE_")}
    with step("supabase db push"), log.open("w") as output:
        done = subprocess.run(
            [PROGRAM, "db", "push", target, "--yes", "--workdir", CHECKOUT],
            env=clean_env(**(kept | QUIET | dict(variables))),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text()
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in text.splitlines()[-15:])
        raise StackError(f"the migrations were not applied:\n{tail}\n  the whole log: {log}")
    applied = re.findall(r"Applying migration (\S+)", text)
    say(f"  {len(applied)} applied" if applied else "  all were applied already")
