"""The functions and layers of a built template.yaml, and their folders."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local import template


@dataclass(frozen=True)
class BuiltFunction:
    name: str
    folder: Path
    layers: tuple[str, ...]
    handler: str
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Artefacts:
    """The output folder of `sam build`."""

    folder: Path

    @cached_property
    def template(self) -> dict[str, Any]:
        return template.load(self.folder / "template.yaml")

    @cached_property
    def functions(self) -> list[BuiltFunction]:
        return [self._function(name) for name in template.functions(self.template)]

    @cached_property
    def layers(self) -> dict[str, Path]:
        return {
            name: self.folder / resource["Properties"]["ContentUri"]
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == "AWS::Serverless::LayerVersion"
        }

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self.folder))

    def _function(self, name: str) -> BuiltFunction:
        settings = template.settings(self.template, name)
        layers = [layer["Ref"] for layer in settings["Layers"]]
        return BuiltFunction(
            name=name,
            folder=self.folder / settings["CodeUri"],
            layers=tuple(reversed(layers)),  # on AWS, a later layer overrides an earlier one
            handler=settings["Handler"],
            variables=template.variables(self.template, name),
        )
