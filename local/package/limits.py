"""Lambda's limits (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.package.artefacts import Artefacts, BuiltFunction

# A function with its layers, unzipped. `sam` uploads through S3, so the zip has no limit.
UNZIPPED_BYTES = 250 * 1024**2
LAYERS = 5
ENVIRONMENT_BYTES = 4096
# The assumed length of values known only in AWS (a secret, a queue's address).
ASSUMED_BYTES = 200
_SECRET = re.compile(r"\{\{resolve:[^}]*\}\}")
_REFERENCE = re.compile(r"\$\{([\w:.]+)\}")


def problems(artefacts: Artefacts, parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield the functions that Lambda would refuse with these parameters."""
    declared = artefacts.template["Parameters"]
    known = {n: str(p["Default"]) for n, p in declared.items() if "Default" in p} | {**parameters}
    sizes = {name: _size(folder) for name, folder in artefacts.layers.items()}
    for function in artefacts.functions:
        yield from _size_problems(function, sizes)
        if (used := environment_bytes(function.variables, known)) > ENVIRONMENT_BYTES:
            yield (
                f"{function.name} has {used} bytes of environment variables, but Lambda allows "
                f"{ENVIRONMENT_BYTES}: shorten them (such as Brand) or remove some"
            )


def environment_bytes(variables: Mapping[str, Any], known: Mapping[str, str]) -> int:
    """Return the length of the variables as JSON, as Lambda measures it."""
    values = {name: _value(value, known) for name, value in variables.items()}
    return len(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode())


def _size_problems(function: BuiltFunction, layers: Mapping[str, int]) -> Iterator[str]:
    parts = {function.name: _size(function.folder)} | {n: layers[n] for n in function.layers}
    if sum(parts.values()) > UNZIPPED_BYTES:
        shares = ", ".join(f"{name} {size / 1024**2:.0f} MB" for name, size in parts.items())
        yield (
            f"{function.name} and its layers are larger than {UNZIPPED_BYTES // 1024**2} MB "
            f"({shares}): move packages into a layer for the functions that use them"
        )
    if len(function.layers) > LAYERS:
        yield f"{function.name} has {len(function.layers)} layers, but Lambda allows {LAYERS}"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _value(value: Any, known: Mapping[str, str]) -> str:
    match value:
        case {"Ref": str(name)}:
            return known.get(name, "?" * ASSUMED_BYTES)
        case {"Fn::Sub": str(text)}:
            text = _REFERENCE.sub(lambda name: known.get(name[1], "?" * ASSUMED_BYTES), text)
            return _SECRET.sub("?" * ASSUMED_BYTES, text)
        case {"Fn::If": [_, one, other]}:
            return max(_value(one, known), _value(other, known), key=len)
        case str() | int() | float():
            return str(value)
    return "?" * ASSUMED_BYTES
