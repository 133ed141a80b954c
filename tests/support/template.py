"""template.yaml as data."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent


class _Loader(yaml.SafeLoader):
    """Reads `!Ref X` as {"Ref": "X"} and so on."""


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


@cache
def template() -> dict[str, Any]:
    text = (ROOT / "template.yaml").read_text()
    document: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - safe, plus tags
    return document


def functions() -> dict[str, dict[str, Any]]:
    """Return each function's properties by its folder's name."""
    return {
        str(resource["Properties"]["CodeUri"]).removeprefix("functions/"): resource["Properties"]
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def variables(function: str) -> dict[str, Any]:
    """Return the environment variables of a function, those common to all included."""
    common: dict[str, Any] = template()["Globals"]["Function"]["Environment"]["Variables"]
    own: dict[str, Any] = functions()[function].get("Environment", {}).get("Variables", {})
    return common | own
