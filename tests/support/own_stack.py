"""A stack of a test process's own: all parts but AWS, which stays that of the whole run."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local import lifecycle
from local.parts import NAMES
from local.stack import CHECKOUT, Stack, stack
from local.supervisor import Supervisor

_SHARED = (
    *("API_URL", "AWS_ENDPOINT_URL", "AWS_REGION"),
    *("EMAIL_URGENT_QUEUE_URL", "EMAIL_BULK_QUEUE_URL"),
    *("PHOTO_QUEUE_URL", "PHOTOS_BUCKET", "PHOTOS_DISTRIBUTION"),
)


MOST = 9  # so many have ports


@contextmanager
def own_stack(name: str, run: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start a stack from nothing; return its variables, with the deployment of the run's stack."""
    here = stack(name)
    _remove(here)
    try:
        yield lifecycle.up_without_aws(here) | {name: run[name] for name in _SHARED}
        died = set(NAMES) - {"ministack"} - set(Supervisor(here).pids())
        assert not died, f"the stack {name} has lost {died}: see {here.state}/logs"
    finally:
        lifecycle.reset(here)


def remove_all() -> None:
    """Remove what is left of such stacks, their logs included."""
    for state in (CHECKOUT / ".local").glob("test-*"):
        _remove(stack(state.name, wherever=True))


def _remove(here: Stack) -> None:
    lifecycle.reset(here)
    shutil.rmtree(here.state)
