"""`make check-compatible BASE=ref`: runs an older release's functions on this checkout's schema.

It first compares the catalog. Then it takes that commit's files with this checkout's supabase/, and
runs that commit's function tests on a separate stack.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from local.errors import StackError
from local.parts import clean_env
from local.progress import complain, say
from local.schema.compatible import base, compare, export
from local.schema.databases import server
from local.stack import CHECKOUT, stack

_FOLDER = CHECKOUT / ".local" / "compatible"
# Installed programs are shared, builds are not.
_TOOLS = (*(f".local/{name}" for name in ("venv", "aws", "ministack")), "local/node_modules")
_NO_RELEASE = "no tag, so no released code to compare with; BASE=main compares with that"
# Clear of the ports of this checkout's stacks, which begin at its base.
_PORTS_ABOVE = 400


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and run the tests unless only the catalog is asked for; return 0 on success."""
    parser = argparse.ArgumentParser(prog="make check-compatible", description=__doc__)
    parser.add_argument("--base", default="", help="a commit; without it the last tag")
    parser.add_argument("--catalog", action="store_true", help="do not run the tests")
    parser.add_argument("tests", nargs="*", help="paths and options of pytest")
    options, further = parser.parse_known_args(arguments)
    try:
        commit = base(options.base)
        if commit is None:
            say(_NO_RELEASE)
            return 0
        return _check(commit, [*options.tests, *further], catalog=options.catalog)
    except StackError as error:
        complain(f"error: {error}")
        return 1


def _check(commit: str, tests: list[str], *, catalog: bool) -> int:
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    export(commit, _FOLDER)
    with server() as url:
        lost = compare(url, _FOLDER)
    for each in lost:
        complain(f"the code of {commit[:12]} fails: {each}")
    if lost:
        complain("add first, and remove in the next release: CONTRIBUTING.md, Add a migration")
        return 1
    say(f"the schema has everything that the code of {commit[:12]} calls")
    return 0 if catalog else _run(tests or ["tests/functions"])


def _run(tests: list[str]) -> int:
    """Run tests of the older checkout, on the schema of this one."""
    shutil.rmtree(_FOLDER / "supabase")
    shutil.copytree(CHECKOUT / "supabase", _FOLDER / "supabase")
    for tool in _TOOLS:
        (_FOLDER / tool).parent.mkdir(parents=True, exist_ok=True)
        (_FOLDER / tool).symlink_to(CHECKOUT / tool)
    for page in (CHECKOUT / "functions" / "docs").glob("swagger-ui*"):
        shutil.copy(page, _FOLDER / "functions" / "docs")
    here = stack("test")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *tests, "--own-stack", "-p", "no:schemathesis", "-q"],
        cwd=_FOLDER,
        env=clean_env(
            WINGMAN_STACK_ENV=str(here.env_file),
            WINGMAN_PORT_BASE=str(here.port_base + _PORTS_ABOVE),
            PYTHONTZPATH="",
            PKG_CONFIG="false",
            TERM=os.environ.get("TERM", "dumb"),
        ),
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
