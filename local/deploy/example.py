"""The file of an environment, written from the template: one commented line per parameter."""

import json
from pathlib import Path
from typing import Any

from local import template
from local.deploy.parameters import Rules
from local.stack import CHECKOUT

FOLDER = CHECKOUT / "local" / "deploy" / "environments"
EXAMPLE = FOLDER / "example.toml"
BRANDS = CHECKOUT / "layers/shared/wingman/notifications/email/letters/brands"
# The command works these out.
BY_THE_COMMAND = frozenset({"Brand", "SecretsId", "SecretsVersion", "Version"})
_FEW = 8
_HEAD = """\
# One environment, for `make deploy ENV=<name of this file>`. It holds no secret: commit it.
# Fill in the empty values; remove the # of a line to change its default.

# The AWS region.
region = ""

# Name, sender and colours of the app: a file in
# {brands} without its .json
# ({names}), or the .json of a file beside this one.
brand = ""

# The Secrets Manager secret. The command creates it and asks for the keys that are missing.
# secret = "wingman/<name of this file>"

# The CloudFormation stack.
# stack = "wingman-<name of this file>"

# --- parameters of template.yaml -------------------------------------------------------------
"""


def text(checkout: Path = CHECKOUT) -> str:
    """Return the file with nothing filled in."""
    declared: dict[str, Rules] = template.load(checkout / "template.yaml")["Parameters"]
    chosen = {name: rules for name, rules in declared.items() if name not in BY_THE_COMMAND}
    required = [_lines(name, rules) for name, rules in chosen.items() if "Default" not in rules]
    others = [_lines(name, rules) for name, rules in chosen.items() if "Default" in rules]
    names = " and ".join(sorted(path.stem for path in BRANDS.glob("*.json")))
    head = _HEAD.format(brands=BRANDS.relative_to(CHECKOUT), names=names)
    return "\n".join([head, *required, *others])


def _lines(name: str, rules: Rules) -> str:
    value = json.dumps(_empty(rules))
    assigned = f"{name} = {value}" if "Default" not in rules else f"# {name} = {value}"
    return f"# {rules['Description']}{_bounds(name, rules)}\n{assigned}\n"


def _empty(rules: Rules) -> Any:
    if rules["Type"] == "CommaDelimitedList":
        return []
    default = rules.get("Default", "")
    return {"true": True, "false": False}.get(default, default)


def _bounds(name: str, rules: Rules) -> str:
    allowed = rules.get("AllowedValues", [])
    if name == "Environment":
        return f"\n# {', '.join(allowed)}; by default the name of this file, if it is one of these."
    if "MinValue" in rules:
        return f" {rules['MinValue']} to {rules['MaxValue']}."
    if allowed and len(allowed) <= _FEW and "true" not in allowed:
        return f" One of {', '.join(allowed)}."
    return ""


if __name__ == "__main__":
    EXAMPLE.write_text(text())
    print(f"{EXAMPLE.relative_to(CHECKOUT)} is written")
