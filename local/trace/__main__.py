"""`make trace ARGS=<request id>`: the history of a request, and the query for AWS."""

import argparse
import re
import sys
from collections.abc import Sequence

from local import environment
from local.errors import StackError
from local.progress import complain, say
from local.stack import stack
from local.supervisor import require_running
from local.trace.sources import read
from local.trace.story import lines, story

_ID = re.compile(r"[A-Za-z0-9_=.:-]{1,128}")
# For CloudWatch Logs Insights, over the stack's log groups.
_QUERY = """\
fields @timestamp, @log, coalesce(message, route) as what, correlation_id, status, @message
| filter @message like "{id}"
| sort @timestamp asc"""
_TRACES = 'annotation.request_id = "{id}"'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make trace", description=__doc__, allow_abbrev=False)
    parser.add_argument("--name", default="dev", help="the local stack")
    parser.add_argument("request_id", type=_known, help="an answer's X-Request-Id")
    options = parser.parse_args(arguments)
    try:
        found = _show(options.name, options.request_id)
    except StackError as error:
        complain(f"{error}")
        found = False
    say("\nOn AWS: Logs Insights, over the log groups of the stack (Logs, AccessLogs):\n")
    say(_QUERY.format(id=options.request_id))
    say(f"\nand the traces of X-Ray: {_TRACES.format(id=options.request_id)}")
    return 0 if found else 1


def _show(name: str, request_id: str) -> bool:
    here = stack(name, wherever=True)
    require_running(here)
    database_url = environment.read(here)["DATABASE_URL"]
    moments = story(read(here, database_url, request_id))
    for line in lines(moments):
        say(line)
    if not moments:
        complain(f"The {name} stack knows nothing of {request_id}.")
    return bool(moments)


def _known(given: str) -> str:
    if not _ID.fullmatch(given):
        raise argparse.ArgumentTypeError("that is not a request id")
    return given


if __name__ == "__main__":
    sys.exit(main())
