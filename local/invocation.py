"""A built function and its variables, for running it outside of the emulator."""

import re
from typing import Any

from local import building, deployment, environment, template
from local.errors import StackError
from local.lambda_runtime import BuiltFunction
from local.servers import AWS_CREDENTIALS
from local.stack import Stack

_SECRET = re.compile(r"\{\{resolve:secretsmanager:.*:SecretString:([A-Z_]+)\b.*\}\}")
_REFERENCE = re.compile(r"\$\{(\w+)\}")


def built(stack: Stack, function: str) -> BuiltFunction:
    """Return the built artefact of a function, by its folder name."""
    read = template.load(building.folder(stack) / "template.yaml")
    name = logical_name(stack, function)
    settings = template.settings(read, name)
    root = building.folder(stack)
    layers = [root / layer["Ref"] for layer in settings.get("Layers", []) if "Ref" in layer]
    # On AWS, a later layer overrides an earlier one.
    return BuiltFunction(
        root / name, layers[::-1], settings["Handler"], int(settings.get("Timeout", 3))
    )


def variables(stack: Stack, function: str) -> dict[str, str]:
    """Return the function's environment on this stack, from template.yaml."""
    read = template.load(stack.checkout / "template.yaml")
    known = _references(stack, read)
    wanted = template.variables(read, logical_name(stack, function))
    found = {name: _resolve(value, known) for name, value in wanted.items()}
    return found | AWS_CREDENTIALS | {"AWS_ENDPOINT_URL": stack.url("ministack")}


def logical_name(stack: Stack, function: str) -> str:
    read = template.load(stack.checkout / "template.yaml")
    for name, resource in template.functions(read).items():
        if resource["Properties"]["CodeUri"] == f"functions/{function}":
            return name
    raise StackError(f"template.yaml has no function with CodeUri functions/{function}")


def _references(stack: Stack, read: dict[str, Any]) -> dict[str, str]:
    """Return the values of `Ref` and of secrets: parameters, queues, and local values."""
    defaults = {n: str(p["Default"]) for n, p in read["Parameters"].items() if "Default" in p}
    queues = {f"{n.removesuffix('Url')}": v for n, v in environment.outputs(stack).items()}
    local = environment.environment(stack, {})
    return defaults | deployment.parameters(stack) | queues | local


def _resolve(value: Any, known: dict[str, str]) -> str:
    if isinstance(value, dict) and "Ref" in value:
        return known.get(value["Ref"], "")
    if isinstance(value, dict) and "Fn::If" in value:  # locally, the branch with a value applies
        return next(filter(None, (_resolve(each, known) for each in value["Fn::If"][1:])), "")
    text = str(value.get("Fn::Sub", "") if isinstance(value, dict) else value)
    text = _SECRET.sub(lambda secret: known.get(secret[1], ""), text)
    return _REFERENCE.sub(lambda name: known.get(name[1], name[0]), text)
