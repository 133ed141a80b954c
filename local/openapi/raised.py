"""Finds the errors that a route can raise, in the syntax trees of the code that it calls.

It follows calls through names, annotations and return types, leaves out errors that are caught on
the way, and translates the SQLSTATEs of SQL functions.
"""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from local.openapi import sqlstates
from wingman.kit.clients.database import EVERYWHERE, DatabaseError
from wingman.kit.errors import ProblemError
from wingman.kit.http.charges import charge_at_last
from wingman.kit.http.routes import Limit

Errors = frozenset[type[ProblemError]]
NOTHING: Errors = frozenset()


@dataclass(frozen=True)
class Value:
    """An expression whose value is known: a module, a function, a class or a constant."""

    of: Any


@dataclass(frozen=True)
class Instance:
    """An expression whose type is known."""

    of: Any


Known = Value | Instance | None
_known: dict[FunctionType, Errors] = {}
_read: set[FunctionType] = set()


def read(routes: Sequence[APIRoute]) -> None:
    """Read the code of all routes, until recursive functions add nothing new."""
    before: dict[FunctionType, Errors] | None = None
    while before != _known:
        before = dict(_known)
        _read.clear()
        for route in routes:
            errors_of(route)


def errors_of(route: APIRoute) -> Errors:
    found = NOTHING.union(*map(of_call, _callables(route.dependant)))
    return found | of_call(charge_at_last)  # when a request ends before its limits ran


def of_call(found: Any) -> Errors:
    """Return the errors of calling a dependency; those of a limit include its `run`."""
    if isinstance(found, Limit):
        return _of_callable(type(found).run) | _of_callable(type(found).__call__)
    return _of_callable(found)


def reaches(route: APIRoute, function: Callable[..., Any]) -> bool:
    return any(each is function for each in _callables(route.dependant))


def _callables(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call:
        yield dependant.call
    for each in dependant.dependencies:
        yield from _callables(each)


def _of_callable(found: Any) -> Errors:
    """Return the errors of calling a function or a class of ours."""
    if isinstance(found, type):
        built = frozenset({found}) if issubclass(found, ProblemError) else NOTHING
        return built | _of_callable(vars(found).get("__init__"))
    found = inspect.unwrap(found) if callable(found) else found
    if not isinstance(found, FunctionType) or not _is_ours(found):
        return NOTHING
    if found not in _read:
        _read.add(found)  # stops a recursion
        [definition] = ast.parse(textwrap.dedent(inspect.getsource(found))).body
        _known[found] = _known.get(found, NOTHING) | _Reader.of(found).errors(definition)
    return _known.get(found, NOTHING)


def _is_ours(function: FunctionType) -> bool:
    is_written = function.__code__.co_filename != "<string>"  # not by dataclasses
    return is_written and function.__module__.startswith(("wingman.", "functions."))


def _plain(annotation: Any) -> Any:
    """Reduce an annotation to one type: `Annotated[X | None, …]` is X."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return _plain(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation


def _class_of(annotation: Any) -> Any:
    return get_origin(annotation) or annotation


@dataclass
class _Reader:
    """Reads one function."""

    names: Mapping[str, Any]
    types: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def of(cls, function: FunctionType) -> "_Reader":
        closure = inspect.getclosurevars(function).nonlocals
        names: dict[str, Any] = {**vars(builtins), **function.__globals__, **closure}
        types: dict[str, Known] = {
            name: Instance(_plain(annotation))
            for name, annotation in function.__annotations__.items()
            if name != "return" and not isinstance(annotation, str)
        }
        owner = names.get(function.__qualname__.partition(".")[0])
        if isinstance(owner, type):
            types |= {"self": Instance(owner), "cls": Value(owner)}
        return cls(names, types)

    def errors(self, node: ast.AST) -> Errors:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ExceptHandler():
                return self._all(node.body)
            case ast.Assign(targets=[ast.Name(id=name)]):
                self.types[name] = self._known(node.value)
            case ast.Try():
                return self._not_caught(node)
            case ast.Raise():
                return NOTHING.union(*map(_of_callable, self._classes(node.exc)), self._below(node))
            case ast.Call():
                return self._of_call(node) | self._below(node)
            case ast.Name() | ast.Attribute():
                return self._of_name(node) | self._below(node)
        return self._below(node)

    def _below(self, node: ast.AST) -> Errors:
        return self._all(ast.iter_child_nodes(node))

    def _all(self, nodes: Iterable[ast.AST]) -> Errors:
        return NOTHING.union(*[self.errors(node) for node in nodes])

    def _not_caught(self, node: ast.Try) -> Errors:
        errors = self._all(node.body)
        for handler in node.handlers:
            if not any(isinstance(each, ast.Raise) and not each.exc for each in ast.walk(handler)):
                caught = tuple(self._classes(handler.type))
                errors = frozenset(each for each in errors if not issubclass(each, caught))
        return errors | self._all([*node.handlers, *node.orelse, *node.finalbody])

    def _of_call(self, node: ast.Call) -> Errors:
        match self._known(node.func):
            case Value(partial(args=(Mapping() as refusals, *_), func=function)):
                return self._refused(refusals, node) | _of_callable(function)
            case Value(found):
                return _of_callable(found)
            case Instance(type() as found):
                return _of_callable(vars(found).get("__call__"))
        return NOTHING

    def _of_name(self, node: ast.expr) -> Errors:
        """Follow a function that is passed by name: its receiver calls it."""
        found = list(self._implementations(node))
        match self._known(node):
            case Value(Mapping() as refusals):  # a table of errors by foreign code
                found += [each for each in refusals.values() if isinstance(each, type)]
            case Value(value) if not isinstance(value, type):
                found.append(value)
        return NOTHING.union(*map(_of_callable, found))

    def _implementations(self, node: ast.expr) -> Iterator[Any]:
        """Yield the implementations of a property, or of a protocol's method."""
        owner = self._known(node.value) if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and isinstance(owner, Instance):
            member = inspect.getattr_static(_class_of(owner.of), node.attr, None)
            yield getattr(member, "fget", None) or getattr(member, "func", None)
            if getattr(owner.of, "_is_protocol", False):
                yield from (vars(each).get(node.attr) for each in owner.of.__subclasses__())

    def _refused(
        self, refusals: Mapping[str, Callable[[DatabaseError], ProblemError]], node: ast.Call
    ) -> Errors:
        function = next(each.value for each in node.args if isinstance(each, ast.Constant))
        refused = {**EVERYWHERE, **refusals}
        codes = sqlstates.of(str(function))
        return frozenset(type(refused[code](DatabaseError(code, "", "1"))) for code in codes)

    def _classes(self, node: ast.expr | None) -> Iterator[type]:
        if isinstance(node, ast.Tuple):
            for each in node.elts:
                yield from self._classes(each)
        elif node is not None:
            match self._known(node):
                case Value(found) if isinstance(found, type):
                    yield found

    def _known(self, node: ast.expr) -> Known:
        match node:
            case ast.Name(id=name):
                if name in self.types:
                    return self.types[name]
                return Value(self.names[name]) if name in self.names else None
            case ast.Attribute(value=owner, attr=name):
                return _member(self._known(owner), name)
            case ast.Call(func=called):
                return _result(self._known(called))
        return None


def _member(owner: Known, name: str) -> Known:
    match owner:
        case Value(found):
            value = getattr(found, name, None)
            return None if value is None else Value(value)
        case Instance(found):
            kind = _class_of(found)
            annotations = inspect.get_annotations(kind) if isinstance(kind, type) else {}
            if name in annotations and not isinstance(annotations[name], str):
                return Instance(_plain(annotations[name]))
            member = inspect.getattr_static(kind, name, None)
            if getter := getattr(member, "fget", None) or getattr(member, "func", None):
                return _result(Value(getter))
            return None if member is None else Value(member)
    return None


def _result(called: Known) -> Known:
    match called:
        case Value(found) if isinstance(found, type):
            return Instance(found)
        case Value(found) if callable(found):
            returned = getattr(inspect.unwrap(found), "__annotations__", {}).get("return")
        case Instance(found) if get_origin(found) is not None and get_args(found):
            returned = get_args(found)[-1]  # Callable[[…], X]
        case _:
            return None
    return None if returned is None or isinstance(returned, str) else Instance(_plain(returned))
