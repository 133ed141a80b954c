"""Writes docs/schema.graphql and the manifest of trusted GraphQL documents."""

import hashlib
import json
import sys
from pathlib import Path

from graphql import build_schema, find_breaking_changes

from wingman.graph.schema import sdl

_ROOT = Path(__file__).parents[1]
PAGE = _ROOT / "docs" / "schema.graphql"
MANIFEST = _ROOT / "functions" / "graphql" / "documents.json"


def breaking(before: str, after: str) -> list[str]:
    """Return the changes that break clients of the first schema."""
    changes = find_breaking_changes(build_schema(before), build_schema(after))
    return [change.description for change in changes]


def manifest() -> dict[str, str]:
    """Return the documents by the ids that clients send (Relay's manifest format)."""
    texts = [path.read_text() for path in sorted(MANIFEST.with_suffix("").glob("*.graphql"))]
    return {f"sha256:{hashlib.sha256(text.encode()).hexdigest()}": text for text in texts}


def main() -> None:
    """Write both; a schema that breaks clients needs --break."""
    written = sdl()
    found = breaking(PAGE.read_text(), written) if PAGE.exists() else []
    if found and "--break" not in sys.argv:
        lines = "\n  ".join(["these changes break clients:", *found])
        sys.exit(f"{lines}\nto allow them: make graphql ARGS=--break")
    PAGE.write_text(written)
    MANIFEST.write_text(json.dumps(manifest(), indent=2) + "\n")
    print(f"docs/{PAGE.name} and functions/graphql/{MANIFEST.name} are written")


if __name__ == "__main__":
    main()
