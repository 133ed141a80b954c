"""The cost of a document, which is known before anything of it runs.

A call of the database costs 100, and each object that the answer may hold costs 1. A page counts
with the size that is asked for. Nested pages of all objects of a page come from one call.

The walker visits each selection of the document once, and each fragment once: what a fragment
weighs is remembered. Work is bounded by the tokens of a document, however often it spreads one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from wingman.graph.costs import Call, call_of
from wingman.graph.errors import (
    OneMutation,
    QueryError,
    QueryTooCostly,
    QueryTooDeep,
    TooManyAliases,
)
from wingman.kit.limits.policy import Policy

MAX_BYTES, MAX_TOKENS = 10_000, 1000
MAX_DEPTH, MAX_ALIASES, MAX_COST = 8, 15, 1000
CALL_COST = 100
PAGE_SIZE, MAX_PAGE_SIZE = 20, 100
# Selections within selections, fragments included: far more than fit into MAX_DEPTH, and few
# enough for Python's stack.
_MAX_NESTING = 60
# Validation compares all pairs of fields with one name, of fragments and of arguments.
_MAX_REPEATS, _MAX_FRAGMENTS, _MAX_ARGUMENTS, _MAX_VARIABLES = 12, 50, 20, 50
_SPREAD = "..."
_INTROSPECTION_COST = 500
_SIZES = ("first", "last")


@dataclass(frozen=True)
class Weight:
    """The weight of a selection; `calls` counts each call by its kind."""

    calls: Counter[Call] = field(default_factory=Counter)
    objects: int = 0
    depth: int = 0
    aliases: int = 0

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(
            self.calls + other.calls,
            self.objects + other.objects,
            max(self.depth, other.depth),
            self.aliases + other.aliases,
        )

    @property
    def cost(self) -> int:
        return CALL_COST * self.calls.total() + self.objects

    @property
    def tokens(self) -> int:
        """The tokens that the document takes from the user's bucket: as many as calls, or more."""
        return max(1, self.cost // CALL_COST)

    @property
    def policies(self) -> Counter[Policy]:
        """The limits of the fields, and how often each is charged."""
        found: Counter[Policy] = Counter()
        for call, times in self.calls.items():
            if call.policy:
                found[call.policy] += times
        return found


def weigh(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Weight:
    """Weigh one operation. Raises QueryError for one that asks for too much."""
    walker = Walker(schema, document, operation, variables)
    weight = walker.weigh(operation)
    if weight.depth > MAX_DEPTH:
        raise QueryTooDeep
    if weight.aliases > MAX_ALIASES:
        raise TooManyAliases
    if weight.cost > MAX_COST:
        raise QueryTooCostly
    if operation.operation is OperationType.MUTATION and walker.fields_of_root > 1:
        raise OneMutation
    return weight


class Walker:
    """Weighs an operation; `steps` counts the selections that it has visited."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._variables = _defaults(operation) | {**variables}
        self._known: dict[str, tuple[Weight, Counter[str]]] = {}
        self._open: set[str] = set()
        self._root: GraphQLNamedType | None = None
        self.fields_of_root = 0
        self.steps = 0

    def weigh(self, operation: OperationDefinitionNode) -> Weight:
        if len(self._fragments) > _MAX_FRAGMENTS:
            raise QueryError(f"A document has at most {_MAX_FRAGMENTS} fragments.")
        if len(operation.variable_definitions or ()) > _MAX_VARIABLES:
            raise QueryError(f"An operation has at most {_MAX_VARIABLES} variables.")
        self._root = self._schema.get_root_type(operation.operation)
        return self._selections(operation.selection_set, self._root, 1)

    def _selections(
        self,
        selections: SelectionSetNode | None,
        of: GraphQLNamedType | None,
        nesting: int,
        names: Counter[str] | None = None,
    ) -> Weight:
        if nesting > _MAX_NESTING:
            raise QueryTooDeep
        total, names = Weight(), Counter() if names is None else names
        for selection in selections.selections if selections else ():
            self.steps += 1
            if isinstance(selection, FieldNode):
                _count(names, {(selection.alias or selection.name).value: 1})
                total += self._field(selection, of, nesting)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._spread(selection.name.value, nesting, names)
            elif isinstance(selection, InlineFragmentNode):
                _count(names, {_SPREAD: 1})
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else of
                total += self._selections(selection.selection_set, inner, nesting + 1, names)
        return total

    def _spread(self, name: str, nesting: int, names: Counter[str]) -> Weight:
        if name in self._open:
            raise QueryError("A fragment must not contain itself.")
        if name not in self._known:
            fragment = self._fragments.get(name)
            if fragment is None:
                raise QueryError(f"There is no fragment '{name[:100]}'.")
            self._open.add(name)
            of, inside = self._schema.get_type(fragment.type_condition.name.value), Counter[str]()
            weight = self._selections(fragment.selection_set, of, nesting + 1, inside)
            self._known[name] = weight, inside
            self._open.remove(name)
        weight, inside = self._known[name]
        _count(names, Counter({_SPREAD: 1}) + inside)
        return weight

    def _field(self, node: FieldNode, of: GraphQLNamedType | None, nesting: int) -> Weight:
        name, alias = node.name.value, int(node.alias is not None)
        self.fields_of_root += of is not None and of is self._root
        if name in {"__schema", "__type"}:  # validation decides, and bounds its depth
            return Weight(objects=_INTROSPECTION_COST, depth=1, aliases=alias)
        found = self._found(node, of)
        kind = get_named_type(found.type) if found else None
        inside = self._selections(node.selection_set, kind, nesting + 1)
        call = self._applied(call_of(found), node)
        times = self._size(node) if call and call.is_page else 1
        return Weight(
            inside.calls + Counter([call] if call else ()),
            times * inside.objects + _is_object(kind),
            inside.depth + 1,
            inside.aliases + alias,
        )

    def _found(self, node: FieldNode, of: GraphQLNamedType | None) -> GraphQLField | None:
        """Return the field, or None for `__typename`.

        Other unknown fields are refused here: validation takes long about many of them.
        """
        name = node.name.value
        if len(node.arguments or ()) > _MAX_ARGUMENTS:
            raise QueryError(f"The field '{name}' has too many arguments.")
        if name == "__typename":
            return None
        fields: Mapping[str, GraphQLField] = getattr(of, "fields", {})
        if name not in fields:
            raise QueryError(f"Cannot query field '{name}' on type '{of}'.")
        return fields[name]

    def _applied(self, call: Call | None, node: FieldNode) -> Call | None:
        if call is None or not call.where:
            return call
        given = {name for each in node.arguments or () for name in self._members(each.value)}
        return call if given & {*call.where} else replace(call, policy=None)

    def _members(self, value: ValueNode) -> Iterable[str]:
        if isinstance(value, ObjectValueNode):
            return [each.name.value for each in value.fields or ()]
        given = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return map(str, given) if isinstance(given, dict) else ()

    def _size(self, node: FieldNode) -> int:
        sizes = [
            self._number(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in _SIZES
        ]
        return max(sizes, default=PAGE_SIZE)

    def _number(self, value: ValueNode) -> int:
        if isinstance(value, IntValueNode):
            return max(0, int(value.value[:9]))
        given = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
        if given is None:
            return PAGE_SIZE
        # Any other number, such as 7.0, is at most a page.
        return max(0, given) if isinstance(given, int) else MAX_PAGE_SIZE


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation to run. Raises QueryError unless there is exactly one such."""
    found = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (name is None or (each.name is not None and each.name.value == name))
    ]
    if len(found) != 1:
        raise QueryError("Name the operation to run as operationName.")
    return found[0]


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        each.variable.name.value: int(each.default_value.value[:9])
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, IntValueNode)
    }


def _count(names: Counter[str], more: Mapping[str, int]) -> None:
    """Count names of one selection, those in its fragments included. Raises QueryError."""
    for name, times in more.items():
        names[name] += times
        if names[name] > _MAX_REPEATS:
            raise QueryError("A selection repeats a field, or has fragments, too often.")


def _is_object(kind: GraphQLNamedType | None) -> int:
    """Count an object of the answer, but not the frame of a page."""
    frame = kind is not None and kind.name.endswith(("Connection", "Edge", "PageInfo"))
    return int(isinstance(kind, GraphQLObjectType) and not frame)
