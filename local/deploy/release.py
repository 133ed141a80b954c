"""Names each release, so that a changed parameter publishes new versions.

SAM publishes a version when the text of a function's properties changes, and a parameter's value is
not part of that text. Without this, the alias would keep the values and secrets of the previous
version.
"""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from local import template

VARIABLE = "RELEASE"


def written(package: Path, parameters: Mapping[str, str]) -> Path:
    """Write a package's template with a name for these parameters; return its path."""
    read = deepcopy(template.load(package / "template.yaml"))
    common = read["Globals"]["Function"]["Environment"]["Variables"]
    common[VARIABLE] = named(parameters)
    path = package / f"released-{common[VARIABLE]}.json"
    path.write_text(json.dumps(read))
    return path


def named(parameters: Mapping[str, str]) -> str:
    text = json.dumps(dict(parameters), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
