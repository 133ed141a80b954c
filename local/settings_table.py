"""The table in docs/settings.md, written from the code and the template: `make settings`."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from local import template
from local.sections import replaced
from wingman.kit import declarations
from wingman.kit.settings import Settings

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "settings.md"
# Read by the runtime, not by our settings.
OF_THE_RUNTIME = frozenset({"AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CODEDEPLOY"})
OF_THE_LIBRARIES = frozenset(
    {"POWERTOOLS_SERVICE_NAME", "PYDANTIC_DISABLE_PLUGINS", "PYTHONTZPATH"}
)
_FEW = 4


class Setting(NamedTuple):
    """One row of the table."""

    name: str
    meaning: str
    default: str
    set_by: str
    given_to: tuple[str, ...]


def models() -> Iterator[type[Settings]]:
    for module in declarations.modules("settings"):
        for value in tuple(vars(module).values()):  # another thread may import
            declared = isinstance(value, type) and value.__module__ == module.__name__
            if declared and issubclass(value, Settings) and value is not Settings:
                yield value


def fields() -> dict[str, FieldInfo]:
    return {n.upper(): field for model in models() for n, field in model.model_fields.items()}


def settings() -> list[Setting]:
    read = template.load(ROOT / "template.yaml")
    given = {name: template.variables(read, name) for name in template.functions(read)}
    rows = []
    for name, field in sorted(fields().items()):
        holders = tuple(sorted(_folder(read, f) for f, names in given.items() if name in names))
        source = next((names[name] for names in given.values() if name in names), None)
        default, set_by = _source(read, source)
        default = default if source is not None else _default(field)
        rows.append(Setting(name, str(field.description), default, set_by, holders))
    return rows


def table() -> str:
    head = "| variable | what | default | set by | given to |\n|---|---|---|---|---|\n"
    every = {row for setting in settings() for row in setting.given_to}
    return head + "".join(
        f"| `{row.name}` | {row.meaning} | {row.default} | {row.set_by}"
        f" | {_holders(row.given_to, every)} |\n"
        for row in settings()
    )


def _holders(holders: tuple[str, ...], every: set[str]) -> str:
    others = sorted(every - set(holders))
    if not others:
        return "all"
    if len(others) <= _FEW:
        return f"all but {', '.join(others)}"
    return ", ".join(holders) or "all"


def _source(read: Mapping[str, Any], value: Any) -> tuple[str, str]:
    """Return a variable's default in the template, and its source."""
    if value is None:
        return "", "the runtime"
    if "resolve:secretsmanager" in str(value):
        return "", "secret"
    parameter = re.search(r"'Ref': '(\w+)'", str(value))
    if parameter is None or parameter[1] not in read["Parameters"]:
        return "", "the template"
    default = str(read["Parameters"][parameter[1]].get("Default", ""))
    return f"`{default}`" if default else "", f"`{parameter[1]}`"


def _default(field: FieldInfo) -> str:
    return "" if field.is_required() or field.default is None else f"`{field.default}`"


def _folder(read: Mapping[str, Any], function: str) -> str:
    uri: str = read["Resources"][function]["Properties"]["CodeUri"]
    return uri.removeprefix("functions/")


def written(page: str) -> str:
    return replaced(page, "settings", table())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
    sys.stdout.write("docs/settings.md is written\n")
