"""The command line: `python -m local up|down|dev|demo|status|redeploy|invoke|package`."""

import argparse
import sys

from local.errors import StackError
from local.progress import complain, say
from local.stack import Stack, stack

# These stop a running stack, whatever ports it uses.
_FIND_IT = ("down", "reset")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--name", default="dev", help="which stack: dev, or test")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, help_text in (
        ("up", "start everything in the background"),
        ("down", "stop everything"),
        ("dev", "run everything in the foreground; Ctrl-C stops it"),
        ("status", "show which parts are running"),
        ("redeploy", "build and deploy after a change of code"),
        ("build", "build what is deployed"),
        ("reset", "stop everything and remove the database"),
        ("demo", "register, invite, accept, and show the emails"),
    ):
        commands.add_parser(command, help=help_text, parents=[named])
    package = commands.add_parser("package", help="build and check what is deployed")
    package.add_argument("--arch", help="arm64 or x86_64; by default that of template.yaml")
    package.add_argument("--runtime", help="python3.13, …; by default that of template.yaml")
    invoke = commands.add_parser("invoke", help="one function, one event", parents=[named])
    invoke.add_argument("function")
    invoke.add_argument("event")
    invoke.add_argument("--expect", type=int, help="the expected status, instead of 2xx or 3xx")
    return parser.parse_args()


def _package(arguments: argparse.Namespace) -> int:
    from local.package.build import package  # noqa: PLC0415 (help works without the rest)
    from local.package.target import target  # noqa: PLC0415

    wanted = target(runtime=arguments.runtime, architecture=arguments.arch)
    say(f"{package(wanted)} is built; `make deploy` deploys it")
    return 0


def _invoke(here: Stack, arguments: argparse.Namespace) -> int:
    from local.invoke import invoke  # noqa: PLC0415 (it alone needs the product's code)

    return invoke(here, arguments.function, arguments.event, expected=arguments.expect)


def _run(arguments: argparse.Namespace) -> int:
    from local import building, lifecycle  # noqa: PLC0415 (help works without the rest)
    from local.demo import story  # noqa: PLC0415 (as above)

    if arguments.command == "package":
        return _package(arguments)
    here = stack(arguments.name, wherever=arguments.command in _FIND_IT)
    match arguments.command:
        case "status":
            return 0 if lifecycle.status(here) else 1
        case "build":
            building.build(here)
        case "demo":
            story.play(here)
        case "invoke":
            return _invoke(here, arguments)
        case "up" | "down" | "dev" | "redeploy" | "reset" as command:
            getattr(lifecycle, command)(here)
    return 0


def main() -> int:
    """Run one command; an expected failure is one sentence."""
    arguments = _arguments()
    try:
        return _run(arguments)
    except StackError as error:
        complain(f"error: {error}")
    except KeyboardInterrupt:
        complain("interrupted")
    return 1


if __name__ == "__main__":
    sys.exit(main())
