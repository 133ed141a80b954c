"""`make doctor`, `make limits` and others, for ENV=staging, set addresses, or the local stack."""

import argparse
import importlib
import os
import sys

from local import environment
from local.errors import StackError
from local.progress import complain
from local.stack import Stack, stack
from local.supervisor import require_running
from wingman.kit.observability import logger, metrics

# Command → a variable that every environment sets, and the module that runs.
_COMMANDS = {
    "doctor": ("SUPABASE_URL", "local.doctor.__main__"),
    "limits": ("UPSTASH_REDIS_REST_URL", "local.limits"),
    "cache": ("UPSTASH_REDIS_REST_URL", "local.cache"),
    "outbox": ("SUPABASE_URL", "local.outbox"),
    "suppressions": ("SUPABASE_URL", "local.suppressions"),
    "reports": ("SUPABASE_URL", "local.reports"),
    "backend-key": ("SUPABASE_URL", "local.backend_key"),
}


def main() -> int:
    """Run one command on one environment; an expected failure is one sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m local.operate", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--name", default="dev", help="the local stack to use where none is set")
    parser.add_argument("--environment", help="one that `make deploy` has deployed")
    parser.add_argument("command", choices=_COMMANDS)
    options, arguments = parser.parse_known_args()
    variable, module = _COMMANDS[options.command]
    try:
        if options.environment:
            from local.deploy.deployed import look_up  # noqa: PLC0415 (boto3 takes a second)

            os.environ.update(look_up(options.environment))
        elif not os.environ.get(variable):
            os.environ.update(values(stack(options.name, wherever=True), variable))
    except StackError as error:
        complain(f"error: {error}")
        return 1
    metrics().muted = True
    logger().setLevel("CRITICAL")
    return int(importlib.import_module(module).main(arguments) or 0)


def values(here: Stack, variable: str) -> dict[str, str]:
    """Return the addresses and keys of a running stack. Raises StackError."""
    try:
        require_running(here)
    except StackError as error:
        raise StackError(
            f"{error}, or set {variable} and the others of docs/settings.md to look elsewhere"
        ) from None
    return environment.read(here)


if __name__ == "__main__":
    sys.exit(main())
