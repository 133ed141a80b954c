"""GraphQL requests: checked, charged in one call of the limiter, and run.

Execution is graphql-core's; Strawberry makes the schema. Fields run one after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import ExecutionResult, GraphQLError, execute

from wingman.discovery import lists
from wingman.discovery.keys import key as discovery_key
from wingman.graph.context import Context
from wingman.graph.costs import Manner
from wingman.graph.documents import Document
from wingman.graph.schema import schema
from wingman.kit.errors import InvalidRequest, ProblemError
from wingman.kit.invocation import report
from wingman.kit.limits.charging import LimitReached, Subjects, admit, buckets
from wingman.kit.limits.limiter import Step, limiter
from wingman.kit.limits.limits import ANYONE, EVERY_USER
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.observability import logger
from wingman.kit.refusals import had_no_effect

Json = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The data and the errors of a document that has run."""

    body: Json
    errors: Sequence[ProblemError]


def charge(
    document: Document, subjects: Subjects, steps: Sequence[Step], context: Context
) -> Sequence[Verdict]:
    """Charge a document in one call, which also reads the caller's discovery.

    The user's bucket pays what the document costs. Raises LimitReached. If only the limit of a
    mutation that answers repeats is reached, the context keeps the refusal.
    """
    weight = document.weight
    general = [replace(EVERY_USER, weight=weight.tokens), *ANYONE]
    try:
        return _ask(document, subjects, [*own_policies(document), *general], steps, context)
    except LimitReached as refusal:
        answers_repeats = any(call.manner is Manner.BUT_REPEATS for call in weight.calls)
        if not (answers_repeats and refusal.is_of(own_policies(document))):
            raise
        context.refusal = refusal
    return _ask(document, subjects, general, steps, context)


def own_policies(document: Document) -> list[Policy]:
    """Return the limits of the fields of a document, beside those of each request."""
    return [replace(policy, weight=n) for policy, n in document.weight.policies.items()]


def _ask(
    document: Document,
    subjects: Subjects,
    policies: Sequence[Policy],
    steps: Sequence[Step],
    context: Context,
) -> Sequence[Verdict]:
    found = buckets(subjects, policies)
    if any(call.is_discovery for call in document.weight.calls):
        key = discovery_key(context.caller_id)
        verdicts, context.found_lists = lists.cache().look_up(key, found, steps)
    else:
        verdicts = limiter().ask(found, steps=steps).verdicts
    admit(verdicts)
    return verdicts


def settle(document: Document, subjects: Subjects, context: Context, result: Result) -> None:
    """Give back what a mutation without an effect has paid, and an unused lease."""
    if context.found_lists:
        lists.cache().release(context.found_lists)
    refunding = any(call.manner is not Manner.ALWAYS for call in document.weight.calls)
    in_vain = context.replayed or any(map(had_no_effect, result.errors))
    if refunding and in_vain and context.refusal is None:
        limiter().give_back(buckets(subjects, own_policies(document)))


def run(
    document: Document, variables: Mapping[str, Any], context: Context, request_id: str
) -> Result:
    """Run a document. An error of ours is logged, and reported without its text."""
    found = execute(
        schema(),
        document.parsed,
        context_value=context,
        variable_values=dict(variables),
        operation_name=document.name,
        hide_suggestions=True,
    )
    assert isinstance(found, ExecutionResult)  # noqa: S101 - no resolver is asynchronous
    errors = [_problem(error) for error in found.errors or ()]
    body: Json = {"data": found.data}
    if errors:
        body["errors"] = [
            _located(problem, error, request_id)
            for problem, error in zip(errors, found.errors or (), strict=True)
        ]
    body["extensions"] = {"cost": document.weight.cost}
    return Result(body, errors)


def described(error: ProblemError, request_id: str) -> Json:
    """Return an error as the specification has it, with the members of a problem of REST."""
    members: Json = {"code": error.code, "status": int(error.status), "request_id": request_id}
    if isinstance(error, InvalidRequest) and error.fields:
        members["errors"] = [
            {"field": field, "message": message} for field, message in error.fields.items()
        ]
    if "Retry-After" in error.headers:
        members["retry_after"] = int(error.headers["Retry-After"])
    return {"message": error.detail, "extensions": members | dict(error.extension)}


def _located(problem: ProblemError, error: GraphQLError, request_id: str) -> Json:
    where: Json = {"path": error.path} if error.path else {}
    if error.locations:
        where["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return described(problem, request_id) | where


def _problem(error: GraphQLError) -> ProblemError:
    """Translate what execution reports: a refusal, a value of a wrong type, or a defect."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, ProblemError):
        return cause
    if cause is None or isinstance(cause, GraphQLError):
        return InvalidRequest(error.message[:500])
    logger().error("graphql.crashed", extra={"path": str(error.path)}, exc_info=cause)
    report(cause)
    return ProblemError()
