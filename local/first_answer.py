"""Waits for the first answer of the API, which shows that the emulator can start a function."""

import httpx

from local.errors import StackError
from local.processes import wait_until
from local.progress import step
from local.stack import Stack

PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_SHOWN = 300  # characters of an answer
_TIMEOUT_SECONDS = 20


def await_health(stack: Stack, patience: float = PATIENCE_SECONDS) -> None:
    """Call /health through the API's address until it answers 200. Raises StackError."""
    url, found = f"{stack.url('api')}/health", ""

    def healthy() -> bool:
        nonlocal found
        try:
            answer = httpx.get(url, timeout=_TIMEOUT_SECONDS, trust_env=False)
        except httpx.TransportError as error:
            found = f"no answer ({type(error).__name__})"
            return False
        found = f"{answer.status_code} {answer.text[:_SHOWN]}"
        return answer.status_code == httpx.codes.OK

    with step("first answer of the API"):
        if not wait_until(healthy, patience, _PAUSE_SECONDS):
            raise StackError(
                f"{url} is not healthy after {patience:.0f} s: {found}\n"
                f"  read {stack.log('ministack')}, then `{stack.up_command}` again"
            )
