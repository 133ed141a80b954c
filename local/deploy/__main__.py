"""`make deploy ENV=staging`: deploys one environment; running it again is safe.

Reads local/deploy/environments/<ENV>.toml, completes the secret, checks the package, pushes the
migrations and the backend key, deploys, and runs the doctor.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local import aws as clients
from local import template
from local.aws import Aws
from local.deploy import chosen, cloudformation, database, result, upload, vault
from local.deploy.chosen import Chosen
from local.deploy.variables import Resolver, problems
from local.errors import StackError
from local.package.build import package
from local.package.target import target
from local.progress import complain, say
from local.stack import CHECKOUT

# Placeholders for the outputs of a stack that does not exist yet.
_BEFORE = {
    "Api": "api",
    "AWS::Region": "region",
    "AWS::URLSuffix": "amazonaws.com",
    "PhotosBucket": "bucket",
    "PhotosDistribution": "DISTRIBUTION",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy; on failure, print what to do and return 1."""
    options = _options(arguments)
    try:
        return deploy(options)
    except StackError as error:
        complain(f"error: {error}")
    except (ClientError, BotoCoreError) as error:
        complain(f"error: AWS: {error}")
    except KeyboardInterrupt:
        complain("interrupted; run the same command again, it continues where it stopped")
    return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("environment", help="the name of its file, without .toml")
    parser.add_argument("--file", type=Path, help="use this file instead")
    parser.add_argument("--secrets", help="JSON or NAME=value lines; - is stdin")
    parser.add_argument("--rotate", action="append", default=[], help="replace this key")
    parser.add_argument("--package", type=Path, help="deploy this build as it is")
    parser.add_argument("--ask", action="store_true", help="show the changes and ask first")
    return parser.parse_args(arguments)


def deploy(options: argparse.Namespace) -> int:
    """Run all steps; return 0 if the doctor finds the environment ready."""
    here = chosen.read(options.environment, options.file, write=True)
    aws = clients.account(here.region)
    _stage(1, "account", _whose(aws, here))
    exists = cloudformation.clear_the_way(aws.cloud_formation(), here.stack)
    read = template.load(CHECKOUT / "template.yaml")
    _stage(2, "secret", here.secret)
    stored = vault.store(
        aws.secrets_manager(),
        here.secret,
        _needed(read, here),
        vault.read(options.secrets),
        rotate=options.rotate,
    )
    parameters = dict(here.parameters) | {
        "SecretsId": here.secret,
        "SecretsVersion": stored.version,
        "Version": version(),
    }
    resolver = Resolver(read, parameters, stored.values, _BEFORE)
    _judge(here, resolver)
    _stage(3, "package", str(options.package or "a minute or two"))
    folder = options.package or _build(parameters)
    _stage(4, "database", parameters["SupabaseUrl"])
    database.push(parameters["SupabaseUrl"])
    database.accept_key(parameters["SupabaseUrl"], stored.values)
    _stage(5, "deployment", f"{parameters['Version']} as {here.stack}")
    upload.deploy(here, aws, folder, parameters, ask=options.ask)
    if not aws.endpoint:  # the local stack serves the emulator's CDN
        address = clients.outputs(aws, here.stack)["PhotosUrl"]
        database.serve_photos(parameters["SupabaseUrl"], stored.values, address)
    _stage(6, "doctor", "what works, and what is missing")
    return result.examine(here, aws, folder, resolver, new=not exists)


def _stage(number: int, title: str, detail: str) -> None:
    say(f"[{number}/6] {title}: {detail}")


def _whose(aws: Aws, here: Chosen) -> str:
    try:
        identity = aws.sts().get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise StackError(
            f"AWS refuses your credentials ({error}): set AWS_PROFILE, or run `aws sso login`"
        ) from None
    emulator = f", emulated at {aws.endpoint}" if aws.endpoint else ""
    return f"{identity['Account']} in {here.region}{emulator}"


def _needed(read: dict[str, object], here: Chosen) -> list[str]:
    """Return the keys of the secret that this environment's functions use."""
    resolver = Resolver(read, here.parameters)
    resolver.variables()
    return sorted(resolver.asked)


def _judge(here: Chosen, resolver: Resolver) -> None:
    """Stop before the build if the functions would refuse their settings at start."""
    variables = resolver.variables() | {"AWS_REGION": here.region}
    queues = {name: "https://sqs" for name in variables if name.endswith("_QUEUE_URL")}
    if wrong := problems(variables | queues):
        raise StackError("\n  ".join(["the functions would not start:", *wrong]))


def version() -> str:
    """Return the commit to deploy, and whether the checkout differs from it."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    return f"{commit}+changes" if _git("status", "--porcelain") else commit


def _git(*arguments: str) -> str:
    asked = subprocess.run(
        ["git", "-C", CHECKOUT, *arguments], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        raise StackError(f"{CHECKOUT} is not a git checkout, so there is no commit to deploy")
    return asked.stdout.strip()


def _build(parameters: dict[str, str]) -> Path:
    wanted = target(runtime=parameters.get("Runtime"), architecture=parameters.get("Architecture"))
    return package(wanted, parameters)


if __name__ == "__main__":
    sys.exit(main())
