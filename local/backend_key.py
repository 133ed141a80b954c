"""`make backend-key`: lets PostgREST accept the BACKEND_KEY of an environment.

The previous key stays accepted until the next rotation; --alone ends it at once.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Mapping, Sequence

import httpx

from local.errors import StackError
from local.progress import complain, say
from wingman.kit.clients.database import secret_key_headers
from wingman.kit.clients.transport import http_client
from wingman.kit.settings import SettingsError, SupabaseServiceSettings, SupabaseSettings, load

_TIMEOUT_SECONDS = 5.0
# PostgREST learns of a new function within a second or two.
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.5
_NO_SUCH_FUNCTION = "PGRST202"


class NotInstalledError(StackError):
    """The migrations that store the key are not applied."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Accept the key of the environment whose settings are set."""
    parser = argparse.ArgumentParser(prog="make backend-key", description=__doc__)
    parser.add_argument("--alone", action="store_true", help="refuse every other key from now on")
    options = parser.parse_args(arguments)
    try:
        user, service = load(SupabaseSettings), load(SupabaseServiceSettings)
        accept(
            service.supabase_url,
            service.supabase_secret_key.get_secret_value(),
            user.backend_key.get_secret_value(),
            alone=options.alone,
        )
    except (SettingsError, StackError) as error:
        complain(f"error: {error}")
        return 1
    return 0


def accept(url: str, secret_key: str, key: str, *, alone: bool = False) -> None:
    """Accept a key through PostgREST, as service_role. Raises StackError."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    params = {"p_key_hash": digest, "p_alone": alone}
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    with http_client("supabase", timeout=_TIMEOUT_SECONDS) as client:
        while True:
            code, accepted = _called(client, url, secret_key, params)
            if code != _NO_SUCH_FUNCTION or time.monotonic() > ends_at:
                break
            time.sleep(_PAUSE_SECONDS)
    if code == _NO_SUCH_FUNCTION:
        raise NotInstalledError("BACKEND_KEY is not accepted: the migrations are not applied")
    if code:
        raise StackError(f"BACKEND_KEY is not accepted ({code}): is SUPABASE_SECRET_KEY right?")
    say(f"  BACKEND_KEY is accepted{', and so is the previous key' if accepted > 1 else ' alone'}")


def _called(
    client: httpx.Client, url: str, secret_key: str, params: Mapping[str, object]
) -> tuple[str, int]:
    """Return PostgREST's error code, "" if there is none, and how many keys are accepted."""
    address = f"{url.rstrip('/')}/rest/v1/rpc/accept_backend_key"
    try:
        answer = client.post(address, headers=secret_key_headers(secret_key), json=params)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise StackError(f"{url} does not answer ({type(error).__name__})") from error
    if answer.is_success:
        return "", int(body)
    return str(body.get("code") or answer.status_code), 0


if __name__ == "__main__":
    sys.exit(main())
