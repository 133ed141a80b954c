"""Modules and their imports, read from source files without running them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_TOLERATED = {"ImportError", "ModuleNotFoundError", "Exception"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True)
class Import:
    """An imported module and names; `lazy` if the import is inside a function."""

    module: str
    names: tuple[str, ...] = ()
    lazy: bool = False


def modules(root: Path) -> dict[str, Path | None]:
    """Return the modules below a folder of PYTHONPATH; a namespace package has no file."""
    found: dict[str, Path | None] = {}
    for path in root.rglob("*"):
        if path.suffix not in {".py", ".so"}:
            continue
        *packages, name = path.relative_to(root).parts
        stem = name.partition(".")[0]
        found[".".join(packages if stem == "__init__" else [*packages, stem])] = path
        for depth in range(1, len(packages) + 1):
            found.setdefault(".".join(packages[:depth]), None)
    return found


def imports(path: Path, module: str) -> list[Import]:
    """Return the imports of a source, except type-only ones and those whose failure is caught."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return list(_imports(ast.parse(path.read_bytes()).body, package, lazy=False))


def _imports(nodes: Iterable[ast.AST], package: str, *, lazy: bool) -> Iterator[Import]:
    for node in nodes:
        match node:
            case ast.Import():
                yield from (Import(alias.name, lazy=lazy) for alias in node.names)
            case ast.ImportFrom():
                names = tuple(alias.name for alias in node.names)
                yield Import(_absolute(node, package), names, lazy)
            case _:
                inner = lazy or isinstance(node, _FUNCTIONS)
                yield from _imports(_nested(node), package, lazy=inner)


def _nested(node: ast.AST) -> list[ast.AST]:
    """Return the statements inside of one, except type-only and fallible imports."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return [*node.orelse]
    children = [child for child in ast.iter_child_nodes(node) if isinstance(child, _BLOCKS)]
    if isinstance(node, ast.Try) and any(map(_tolerates, node.handlers)):
        return [child for child in children if child not in node.body]
    return [*children]


def _tolerates(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return not _TOLERATED.isdisjoint(map(ast.unparse, caught))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)
