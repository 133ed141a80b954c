"""A test process's own stack: all parts except AWS, which the whole run shares."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3

from local import lifecycle
from local.parts import NAMES
from local.stack import CHECKOUT, Stack, stack
from local.supervisor import Supervisor

_SHARED = ("API_URL", "AWS_ENDPOINT_URL", "AWS_REGION")
MOST = 9  # ports are reserved for this many


@contextmanager
def own_stack(name: str, run: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start a new stack; yield its variables, with the deployment of the run's stack."""
    here = stack(name)
    _remove(here)
    try:
        own = lifecycle.up_without_aws(here)
        shared = {name: run[name] for name, value in own.items() if name in _SHARED or not value}
        # A queue of its own: the deployed worker cannot open requests sealed with this stack's key.
        yield own | shared | {"AUTH_REQUEST_QUEUE_URL": _queue(name, run)}
        died = set(NAMES) - {"ministack"} - set(Supervisor(here).pids())
        assert not died, f"the stack {name} has lost {died}: see {here.state}/logs"
    finally:
        lifecycle.reset(here)


def _queue(name: str, run: Mapping[str, str]) -> str:
    client = boto3.client(
        "sqs",
        endpoint_url=run["AWS_ENDPOINT_URL"],
        region_name=run["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return client.create_queue(QueueName=f"{name}-auth-requests")["QueueUrl"]


def remove_all() -> None:
    """Remove the remains of such stacks, including their logs."""
    for state in (CHECKOUT / ".local").glob("test-*"):
        _remove(stack(state.name, wherever=True))


def _remove(here: Stack) -> None:
    lifecycle.reset(here)
    shutil.rmtree(here.state)
