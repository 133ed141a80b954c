"""The file of one environment, validated as the template and the code do later."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from local import template
from local.deploy import example
from local.deploy.parameters import Rules, flaw
from local.errors import StackError
from local.stack import CHECKOUT
from wingman.kit.limits.settings import LimitSettings
from wingman.notifications.email.letters.brand import Brand

_OWN = {"region", "brand", "secret", "stack"}
_NAME = r"[a-z][a-z0-9-]{0,30}"


@dataclass(frozen=True)
class Chosen:
    """One environment; `parameters` are the template's, as CloudFormation takes them."""

    name: str
    path: Path
    region: str
    stack: str
    secret: str
    parameters: Mapping[str, str]


def read(name: str, path: Path | None = None, *, write: bool = False) -> Chosen:
    """Read an environment's file; with `write`, the first call creates it for filling in.

    Raises StackError, which names every problem.
    """
    path = path or example.FOLDER / f"{name}.toml"
    is_name = re.fullmatch(_NAME, name) and name != example.EXAMPLE.stem
    if not is_name or not (path.exists() or write):
        known = sorted({each.stem for each in example.FOLDER.glob("*.toml")} - {"example"})
        there_are = f"there are: {', '.join(known)}" if known else "there is none yet"
        raise StackError(f"no environment {name!r} ({there_are}): make deploy ENV=staging")
    if not path.exists():
        path.write_text(example.text())
        raise StackError(f"{_short(path)} is new: fill in the empty values, then run this again")
    return _chosen(name, path, _load(path))


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise StackError(f"{_short(path)} is not TOML: {error}") from None


def _chosen(name: str, path: Path, values: dict[str, Any]) -> Chosen:
    declared: dict[str, Rules] = template.load(CHECKOUT / "template.yaml")["Parameters"]
    problems = _unknown(values, declared)
    parameters = {n: _text(v) for n, v in values.items() if n not in _OWN and n in declared}
    if name in declared["Environment"]["AllowedValues"]:
        parameters.setdefault("Environment", name)
    problems += [
        f"{n} {found}" for n, rules in declared.items() if (found := _flaw(n, rules, parameters))
    ]
    if not values.get("region"):
        problems.append("region is not set")
    try:
        LimitSettings(rate_limit_shadow=parameters.get("RateLimitShadow", ""))
    except ValidationError as error:
        problems.append(f"RateLimitShadow: {error.errors(include_url=False)[0]['msg']}")
    try:
        parameters["Brand"] = _brand(str(values.get("brand", "")), path.parent, declared["Brand"])
    except StackError as error:
        problems.append(str(error))
    if problems:
        raise StackError("\n  ".join([f"{_short(path)}:", *problems]))
    return Chosen(
        name,
        path,
        values["region"],
        values.get("stack") or f"wingman-{name}",
        values.get("secret") or f"wingman/{name}",
        parameters,
    )


def _unknown(values: Mapping[str, Any], declared: Mapping[str, Rules]) -> list[str]:
    by_file = _OWN | set(declared) - example.BY_THE_COMMAND
    return [f"{name} is not a parameter of this file" for name in values if name not in by_file]


def _flaw(name: str, rules: Rules, parameters: Mapping[str, str]) -> str | None:
    if name in example.BY_THE_COMMAND or (name not in parameters and "Default" in rules):
        return None
    return flaw(rules, parameters.get(name, ""))


def _text(value: Any) -> str:
    """Write a TOML value as CloudFormation does."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _brand(name: str, beside: Path, rules: Rules) -> str:
    """Return a brand as one line of JSON, as functions read it. Raises StackError."""
    path = beside / name if name.endswith(".json") else example.BRANDS / f"{name}.json"
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in example.BRANDS.glob("*.json")))
        raise StackError(f"brand is not one of {names}, and no .json beside this file")
    try:
        brand = Brand.model_validate_json(path.read_text())
    except ValidationError as error:
        wrong = (
            ": ".join((*map(str, item["loc"]), item["msg"]))
            for item in error.errors(include_url=False)
        )
        raise StackError(f"brand {name}: {'; '.join(wrong)}") from None
    line = json.dumps(brand.model_dump(exclude_unset=True), separators=(",", ":"))
    # `sam` unescapes what looks like a quoted value; it leaves these JSON escapes alone.
    line = line.replace("\\\\", "\\u005c").replace('\\"', "\\u0022")
    if found := flaw(rules, line):
        raise StackError(f"brand {name} {found}")
    return line


def _short(path: Path) -> Path:
    return path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path
