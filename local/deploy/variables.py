"""The functions' variables in an environment, resolved as CloudFormation does."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from local import template
from local.settings_table import models

_SECRET = re.compile(r"\{\{resolve:secretsmanager:.*?:SecretString:(\w+)::\$\{\w+\}\}\}")
_REFERENCE = re.compile(r"\$\{([\w:]+)\}")


@dataclass
class Resolver:
    """Resolves the template's expressions; `asked` collects the names of their secrets."""

    read: Mapping[str, Any]
    parameters: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        return {
            name: self.value(given)
            for function in template.functions(dict(self.read))
            for name, given in template.variables(dict(self.read), function).items()
        }

    def value(self, given: Any) -> str:
        """Return the value of an expression; "" if only a deployment can know it."""
        match given:
            case {"Ref": name}:
                return self._reference(name)
            case {"Fn::Sub": text}:
                return _REFERENCE.sub(
                    lambda found: self._reference(found[1]), _SECRET.sub(self._secret, text)
                )
            case {"Fn::If": [condition, then, otherwise]}:
                return self.value(then if self.holds(condition) else otherwise)
        return str(given)

    def holds(self, condition: Any) -> bool:
        match condition:
            case str():
                return self.holds(self.read["Conditions"][condition])
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::Equals": [one, other]}:
                return self.value(one) == self.value(other)
        raise NotImplementedError(condition)

    def _reference(self, name: str) -> str:
        declared = self.read["Parameters"].get(name, {})
        return self.parameters.get(name) or self.known.get(name) or str(declared.get("Default", ""))

    def _secret(self, found: re.Match[str]) -> str:
        self.asked[found[1]] = None
        return self.secrets.get(found[1], "")


def problems(variables: Mapping[str, str], only: Iterable[str] | None = None) -> list[str]:
    """Validate variables as a function does at start; messages never contain a value."""
    present = {name.lower(): value for name, value in variables.items() if value.strip()}
    found = dict.fromkeys(_problems(present))
    wanted = None if only is None else set(only)
    return [text for name, text in found if wanted is None or name.split(".")[0] in wanted]


def _problems(present: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for model in models():
        try:
            model.model_validate(present)
        except ValidationError as error:
            for item in error.errors(include_input=False, include_url=False):
                name = ".".join((str(item["loc"][0]).upper(), *map(str, item["loc"][1:])))
                wrong = item["msg"].removeprefix("Value error, ")
                yield name, f"{name} {'is missing' if item['type'] == 'missing' else wrong}"
