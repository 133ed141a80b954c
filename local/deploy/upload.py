"""`sam deploy` of a package: uploads it and lets CloudFormation change the stack."""

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import yaml

from local.aws import Aws
from local.deploy import release
from local.deploy.chosen import Chosen
from local.deploy.cloudformation import Moment, declined, failures, moment, status
from local.errors import StackError
from local.progress import say
from local.sam import command, environment, sam
from local.stack import CHECKOUT

_SECONDS_BETWEEN_LINES = 10
_CHANGE = re.compile(r"[+*-] (Add|Modify|Delete) ")
_DONE = re.compile(r"(CREATE|UPDATE|DELETE)_COMPLETE ")


class Progress:
    """Prints the progress of `sam deploy` in occasional lines."""

    def __init__(self) -> None:
        self._changes: Counter[str] = Counter()
        self._done = 0
        self._last = time.monotonic()

    def __call__(self, line: str) -> None:
        if change := _CHANGE.match(line):
            self._changes[change[1].lower()] += 1
        elif line.strip().startswith("No changes to deploy"):
            self._say("nothing changed")
        elif line.startswith("Changeset created"):
            self._say(f"changes: {', '.join(f'{n} {kind}' for kind, n in self._changes.items())}")
        elif _DONE.match(line):
            self._done += 1
            if time.monotonic() - self._last > _SECONDS_BETWEEN_LINES:
                self._say(f"{self._done} of {self._changes.total()} resources")

    def _say(self, line: str) -> None:
        self._last = time.monotonic()
        say(f"  {line}")


def deploy(
    chosen: Chosen, aws: Aws, package: Path, parameters: Mapping[str, str], *, ask: bool
) -> None:
    """Deploy; an unchanged stack is fine. Raises StackError, which says why and what to do.

    `ask` shows the changes and asks for confirmation.
    """
    values = CHECKOUT / ".local" / "deploy" / f"{chosen.name}.yaml"
    values.parent.mkdir(parents=True, exist_ok=True)
    values.write_text(yaml.safe_dump(dict(parameters)))
    arguments = _arguments(chosen, release.written(package, parameters), values)
    env = _account() | {"AWS_DEFAULT_REGION": chosen.region}
    before = moment(aws.cloud_formation(), chosen.stack)
    try:
        if ask:
            _in_dialogue([*arguments, "--confirm-changeset"], env)
        else:
            log = values.with_suffix(".log")
            say("  uploading what is new, then changing the stack; minutes the first time")
            sam(*arguments, "--no-confirm-changeset", log=log, env=env, heard=Progress())
    except StackError as error:
        raise _explained(chosen, aws, before, error) from error
    if ask and declined(aws.cloud_formation(), chosen.stack, before):
        raise StackError("nothing was deployed: you declined the changes")


def _arguments(chosen: Chosen, released: Path, values: Path) -> list[str | Path]:
    return [
        *("deploy", "--template-file", released, "--stack-name", chosen.stack),
        *("--region", chosen.region, "--resolve-s3", "--s3-prefix", chosen.stack),
        *("--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--parameter-overrides", f"file://{values}"),
    ]


def _account() -> dict[str, str]:
    """Return the variables for credentials and proxies, as every AWS tool reads them."""
    kept = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SAM_CLI_POLL_DELAY")
    return {name: value for name, value in os.environ.items() if name.startswith(kept)}


def _in_dialogue(arguments: list[str | Path], env: Mapping[str, str]) -> None:
    done = subprocess.run(command(*arguments), cwd=CHECKOUT, env=environment(env), check=False)
    if done.returncode != 0:
        raise StackError("sam deploy failed; it says above why")


def _explained(chosen: Chosen, aws: Aws, before: Moment, error: StackError) -> StackError:
    """Name the first failures and the state of the stack."""
    client = aws.cloud_formation()
    found = status(client, chosen.stack)
    reasons = failures(client, chosen.stack, before) if found else []
    if not reasons:  # it failed before any change
        return error
    lines = [f"the deployment of {chosen.stack} failed; it is {found} now", *reasons]
    if found == "UPDATE_ROLLBACK_COMPLETE":
        lines.append("what ran before runs again; fix the cause, then run this again")
    else:
        lines.append("fix the cause; run this again with CONFIRM=yes to delete a failed stack")
    return StackError("\n  ".join(lines))
