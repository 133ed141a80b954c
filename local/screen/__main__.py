"""`make status`: an environment on one screen; a row with a problem says what to do.

Exits with 1 if a row is `fail`. A part that cannot be reached is also a row.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from local.doctor.findings import Finding, Findings, Level, fail
from local.screen import cloud, shared, stored

_Section = tuple[str, Callable[[], Findings], str]
SECTIONS: Sequence[_Section] = (
    ("deployment", cloud.deployment, "is API_URL right, and is it deployed?"),
    ("migrations", stored.migrations, "is DATABASE_URL right, and the project awake?"),
    ("errors", cloud.errors, "are AWS credentials set, for the right account and region?"),
    ("queues", cloud.queues, "are AWS credentials set, for the right account and region?"),
    ("emails", stored.emails, "is SUPABASE_URL right, and the project awake? `make doctor`"),
    ("backlog", stored.backlog, "is SUPABASE_URL right, and the project awake? `make doctor`"),
    ("breakers", shared.breakers, "is UPSTASH_REDIS_REST_URL right? `make doctor`"),
    ("connections", shared.connections, "is UPSTASH_REDIS_REST_URL right? `make doctor`"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make status", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    options = parser.parse_args(arguments)
    found = []
    for finding in rows(SECTIONS):
        found.append(finding)
        if not options.json:
            print(finding, flush=True)
    if options.json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    return 1 if any(finding.level is Level.FAIL for finding in found) else 0


def rows(sections: Sequence[_Section]) -> Iterator[Finding]:
    """Yield the rows of all sections; a section that cannot be read becomes one row."""
    for subject, section, advice in sections:
        try:
            yield from section()
        except Exception as error:  # noqa: BLE001 - any failure is a row
            yield fail(subject, f"cannot be reached ({type(error).__name__})", advice)


if __name__ == "__main__":
    sys.exit(main())
