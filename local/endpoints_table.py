"""The README's table of endpoints, written from the OpenAPI document: `make openapi`."""

import json
import sys
from collections import defaultdict
from pathlib import Path

from local.sections import replaced

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
# Domains in one row: the README is short.
TOGETHER = {
    domain: ", ".join(row)
    for row in (("accounts", "user"), ("docs", "health"), ("conversations", "likes", "matches"))
    for domain in row
}
DOCUMENT = ROOT / "functions" / "docs" / "openapi.json"


def table() -> str:
    """Return one row for each domain; the methods of a path share a line."""
    domains: defaultdict[str, list[str]] = defaultdict(list)
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items():
        methods: defaultdict[str, list[str]] = defaultdict(list)
        for method, operation in operations.items():
            methods[operation["tags"][0]].append(method.upper())
        for domain, names in methods.items():
            row = TOGETHER.get(domain, domain)
            domains[row].append(f"`{', '.join(sorted(names))} {path}`")
    head = "| domain | endpoints |\n|---|---|\n"
    return head + "".join(
        f"| {domain} | {'<br>'.join(endpoints)} |\n"
        for domain, endpoints in sorted(domains.items())
    )


def written(readme: str) -> str:
    return replaced(readme, "openapi", table())


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
    sys.stdout.write("README.md: the table of endpoints is written\n")
