"""Checks that all imports of a handler are in its folder, its layers or the runtime."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stdlibs import stdlib_module_names

from local.package.artefacts import Artefacts, BuiltFunction
from local.package.sources import Import, imports, modules
from local.package.target import Target

# Imports that happen only in cases that do not occur here: importer, imported, case.
ABSENT = {
    ("anyio", "exceptiongroup"): "Python 3.10",
    ("botocore", "awscrt"): "signing with the C runtime, where it is installed",
    ("botocore", "StringIO"): "Python 2",
    ("dateutil", "six.moves"): "none: six makes this module when it is imported",
    ("httpx2", "httpx2_jsfetch"): "a browser",
    ("pydantic", "annotationlib"): "Python 3.14",
    ("requests", "simplejson"): "where it is installed",
    ("six", "StringIO"): "Python 2",
    ("tenacity", "tornado"): "where it is installed",
    ("typing_extensions", "annotationlib"): "Python 3.14",
    ("urllib3", "js"): "a browser",
    ("urllib3", "pyodide"): "a browser",
}
_OUR_OWN = {"app", "wingman"}


@dataclass
class _Search:
    found: Mapping[str, Path | None]
    standard: frozenset[str]
    read: Callable[[Path, str], list[Import]]
    seen: set[str] = field(default_factory=set)

    def missing(self, entry: str) -> Iterator[tuple[str, str]]:
        """Yield each missing module after the module that imports it, starting at the entry."""
        waiting = [entry]
        while waiting:
            module = waiting.pop()
            path = self.found[module]
            if module in self.seen or path is None or path.suffix != ".py":
                continue
            self.seen.add(module)
            for wanted in self._wanted(path, module):
                if wanted in self.found:
                    waiting.append(wanted)
                else:
                    yield module, wanted

    def _wanted(self, path: Path, module: str) -> Iterator[str]:
        """Yield the modules that this one loads, packages before their modules.

        For third-party packages, only imports at load time: lazy ones belong to optional features.
        """
        for each in self.read(path, module):
            if each.module.partition(".")[0] in self.standard or (
                each.lazy and _top(module) not in _OUR_OWN
            ):
                continue
            parts = each.module.split(".")
            yield from (".".join(parts[: depth + 1]) for depth in range(len(parts)))
            members = [f"{each.module}.{name}" for name in each.names]
            yield from (member for member in members if member in self.found)


def missing(artefacts: Artefacts, target: Target) -> dict[tuple[str, str], list[str]]:
    """Return the missing imports, (importing, imported) → the affected functions."""
    parsed: dict[tuple[Path, str], list[Import]] = {}

    def read(path: Path, module: str) -> list[Import]:
        if (path, module) not in parsed:
            parsed[path, module] = imports(path, module)
        return parsed[path, module]

    standard = frozenset(stdlib_module_names(target.version))
    layers = {name: modules(folder / "python") for name, folder in artefacts.layers.items()}
    found: dict[tuple[str, str], list[str]] = {}
    for function in artefacts.functions:
        search = _Search(_importable(function, layers), standard, read)
        for pair in dict.fromkeys(search.missing(function.handler.rpartition(".")[0])):
            found.setdefault(pair, []).append(function.name)
    return found


def problems(artefacts: Artefacts, target: Target) -> Iterator[str]:
    """Yield missing handlers, and imports that handlers would not find."""
    lost = [function for function in artefacts.functions if not _has_handler(function)]
    if lost:
        yield from (f"{each.name} has no {each.handler}: see its folder" for each in lost)
        return
    for (module, wanted), functions in sorted(missing(artefacts, target).items()):
        if explanation(module, wanted) is None:
            yield (
                f"{module} imports {wanted}, which {', '.join(functions)} would not find: add it "
                "to layers/*/requirements.in and run `make lock`; if that case cannot occur "
                "here, add it to ABSENT in local/package/imports.py"
            )


def explanation(module: str, wanted: str) -> tuple[str, str] | None:
    """Return the entry of ABSENT for this import."""
    entries = (entry for entry in ABSENT if entry[0] == _top(module))
    return next((entry for entry in entries if f"{wanted}.".startswith(f"{entry[1]}.")), None)


def _importable(
    function: BuiltFunction, layers: Mapping[str, Mapping[str, Path | None]]
) -> dict[str, Path | None]:
    found: dict[str, Path | None] = {}
    for folder in ({**modules(function.folder)}, *(layers[name] for name in function.layers)):
        found |= {name: path for name, path in folder.items() if not found.get(name)}
    return found


def _has_handler(function: BuiltFunction) -> bool:
    module, _, name = function.handler.rpartition(".")
    path = function.folder / f"{module.replace('.', '/')}.py"
    if not path.exists():
        return False
    return name in {
        node.id if isinstance(node, ast.Name) else node.name
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Name | ast.FunctionDef)
    }


def _top(module: str) -> str:
    return module.partition(".")[0]
