"""Reads template.yaml, also as `sam build` writes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Route:
    """One HttpApi event: the function that answers it and its key in API Gateway."""

    function: str
    key: str


def load(path: Path) -> dict[str, Any]:
    """Return the template as data: `!Ref x` as {"Ref": x}, `!GetAtt x.y` as {"Fn::GetAtt": [x, y]}.

    A repeated key in a mapping is an error. The result is cached and shared, so callers must not
    change it.
    """
    state = path.stat()
    return _load(path, (state.st_mtime_ns, state.st_size))


@cache
def _load(path: Path, _: tuple[int, int]) -> dict[str, Any]:
    # It imports sympy and networkx, which takes half a second that most commands need not spend.
    from cfnlint.decode import cfn_yaml  # noqa: PLC0415

    loaded: dict[str, Any] = cfn_yaml.load(str(path))
    return loaded


def functions(template: dict[str, Any]) -> Resources:
    resources: Resources = template["Resources"]
    return {n: r for n, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}


def settings(template: dict[str, Any], function: str) -> dict[str, Any]:
    """Return a function's properties, with the global ones as defaults; layers are combined."""
    common: dict[str, Any] = template.get("Globals", {}).get("Function", {})
    own: dict[str, Any] = functions(template)[function]["Properties"]
    layers = [*common.get("Layers", []), *own.get("Layers", [])]
    return common | own | {"Layers": layers}


def variables(template: dict[str, Any], function: str) -> dict[str, Any]:
    """Return a function's environment variables, the common ones included."""
    common = template.get("Globals", {}).get("Function", {})
    own = functions(template)[function]["Properties"]
    found: dict[str, Any] = {}
    for level in (common, own):
        found |= level.get("Environment", {}).get("Variables", {})
    return found


def routes(template: dict[str, Any]) -> Iterator[Route]:
    for name, function in functions(template).items():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "HttpApi":
                yield Route(name, _key(event.get("Properties", {})))


def _key(event: dict[str, Any]) -> str:
    """Return the route key; an event without a path is the default route."""
    path, method = event.get("Path", "$default"), event.get("Method", "ANY").upper()
    if path == "$default":
        return "$default"
    return f"{'ANY' if method == 'X-AMAZON-APIGATEWAY-ANY-METHOD' else method} {path}"
