"""The database of an environment: pushes its migrations and sets its backend key."""

import os
import re
from collections.abc import Mapping

from local import backend_key, supabase_cli
from local.errors import StackError
from local.progress import say, step
from local.stack import CHECKOUT
from wingman.kit.clients.answers import require_answer
from wingman.kit.clients.database import DatabaseError, PostgrestDatabase, secret_key_headers
from wingman.kit.clients.transport import http_client
from wingman.kit.errors import DependencyUnavailable

_TIMEOUT_SECONDS = 5.0
_NO_SUCH_FUNCTION = "PGRST202"
LINKED = CHECKOUT / "supabase" / ".temp" / "project-ref"
_PROJECT = re.compile(r"https://([a-z0-9]{20})\.supabase\.(?:co|in)/?")


def push(supabase_url: str) -> None:
    """Apply missing migrations; skip that, with a message, if no database is configured.

    Raises StackError if another project is configured.
    """
    project = _PROJECT.fullmatch(supabase_url)
    if url := os.environ.get("DATABASE_URL"):
        if project and project[1] not in url:
            raise StackError(
                f"DATABASE_URL leads to another project than SupabaseUrl ({project[1]}): "
                "copy it from that project (Connect → Session pooler)"
            )
        _push(url)
    elif LINKED.exists():
        linked = LINKED.read_text().strip()
        if project and project[1] != linked:
            raise StackError(
                f"the linked project is {linked}, SupabaseUrl's is {project[1]}: "
                f"supabase link --project-ref {project[1]}"
            )
        _push(None)
    else:
        say("  skipped: DATABASE_URL is not set and no project is linked; the doctor checks the")
        say("  migrations. Set DATABASE_URL (Supabase → Connect → Session pooler)")


def _push(url: str | None) -> None:
    with step("supabase db push"):
        applied = supabase_cli.push(url)
    say(f"  {', '.join(applied)} applied" if applied else "  all were applied already")


def accept_key(supabase_url: str, secrets: Mapping[str, str]) -> None:
    """Let PostgREST accept the backend key before functions that send it are deployed.

    Skips that, with a message, if the migrations are missing. Raises StackError.
    """
    try:
        backend_key.accept(supabase_url, secrets["SUPABASE_SECRET_KEY"], secrets["BACKEND_KEY"])
    except backend_key.NotInstalledError as error:
        say(f"  skipped: {error}")


def serve_photos(supabase_url: str, secrets: Mapping[str, str], address: str) -> None:
    """Store the address of this environment's CDN in the database. Raises StackError."""
    headers = secret_key_headers(secrets["SUPABASE_SECRET_KEY"])
    with http_client("supabase", timeout=_TIMEOUT_SECONDS, judge=require_answer) as session:
        database = PostgrestDatabase(supabase_url.rstrip("/"), headers, session)
        try:
            database.rpc("set_photos_url", {"p_url": address}, idempotent=True)
        except DatabaseError as error:
            if error.code != _NO_SUCH_FUNCTION:
                raise StackError(f"the address of photos is not accepted: {error}") from error
            say("  skipped: the migrations are not applied, so photos have no address")
        except DependencyUnavailable as error:
            raise StackError(f"{supabase_url} does not answer: {type(error).__name__}") from error
        else:
            say(f"  photos are served at {address}")
