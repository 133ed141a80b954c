"""Runs `make doctor`, `make limits` and others for ENV=…, for set variables or the local stack."""

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

# Command → a variable that every environment sets, and the module to run.
_COMMANDS = {
    "doctor": ("SUPABASE_URL", "local.doctor.__main__"),
    "limits": ("UPSTASH_REDIS_REST_URL", "local.limits"),
    "cache": ("UPSTASH_REDIS_REST_URL", "local.cache"),
    "outbox": ("SUPABASE_URL", "local.outbox"),
    "suppressions": ("SUPABASE_URL", "local.suppressions"),
    "reports": ("SUPABASE_URL", "local.reports"),
    "backend-key": ("SUPABASE_URL", "local.backend_key"),
    "status": ("SUPABASE_URL", "local.screen.__main__"),
    "backup": ("DATABASE_URL", "local.backups.taking"),
    "restore": ("DATABASE_URL", "local.backups.restoring"),
}


def main() -> int:
    """Run one command on one environment; an expected failure is one sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m local.operate", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--name", default="dev", help="the local stack, if no environment is given")
    parser.add_argument("--environment", help="an environment that `make deploy` has deployed")
    parser.add_argument("command", choices=_COMMANDS)
    options, arguments = parser.parse_known_args()
    variable, module = _COMMANDS[options.command]
    try:
        if options.environment:
            from local.deploy.chosen import read  # noqa: PLC0415 (boto3 takes a second)
            from local.deploy.deployed import look_up  # noqa: PLC0415

            os.environ.update(look_up(options.environment))
            os.environ["STACK_NAME"] = read(options.environment).stack
        elif not os.environ.get(variable):
            os.environ.update(values(stack(options.name, wherever=True), variable))
    except StackError as error:
        complain(f"error: {error}")
        return 1
    metrics().muted = True
    logger().setLevel("CRITICAL")
    return int(importlib.import_module(module).main(arguments) or 0)


def values(here: Stack, variable: str) -> dict[str, str]:
    """Return a running stack's addresses and keys. Raises StackError."""
    try:
        require_running(here)
    except StackError as error:
        raise StackError(
            f"{error}, or set {variable} and the other variables in docs/settings.md"
        ) from None
    return environment.read(here)


if __name__ == "__main__":
    sys.exit(main())
