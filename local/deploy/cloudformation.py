"""The CloudFormation stack: whether a deployment may begin, and why one failed."""

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, WaiterError

from local.errors import StackError
from local.progress import say, step

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

# The states of a stack after a failed creation: it can only be deleted.
_REMAINS = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
_SHOWN = 5


def status(client: "CloudFormationClient", stack: str) -> str | None:
    try:
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found["StackStatus"]


def clear_the_way(client: "CloudFormationClient", stack: str) -> bool:
    """Delete a stack with a failed creation, if confirmed; return whether there is a stack.

    Raises StackError if CloudFormation would refuse a deployment.
    """
    found = status(client, stack)
    if found is None or found == "REVIEW_IN_PROGRESS":
        return False
    if found in _REMAINS:
        _delete(client, stack, found)
        return False
    if found.endswith("_IN_PROGRESS"):
        raise StackError(f"{stack} is {found}: wait until it is done, then run this again")
    if found.endswith("ROLLBACK_FAILED"):
        reasons = "\n  ".join(failures(client, stack))
        raise StackError(
            f"{stack} is {found}: an update failed, and so did its rollback\n  {reasons}\n  remove "
            f"the cause, then: aws cloudformation continue-update-rollback --stack-name {stack}"
        )
    return True


def _delete(client: "CloudFormationClient", stack: str, found: str) -> None:
    say(f"  {stack} is {found}: its creation failed, and it has never served a request")
    for reason in failures(client, stack):
        say(f"    {reason}")
    if not _confirmed(f"  Delete what is left of {stack}?"):
        raise StackError(f"nothing was done: CONFIRM=yes deletes what is left of {stack}")
    with step(f"delete {stack}"):
        client.delete_stack(StackName=stack)
        try:
            client.get_waiter("stack_delete_complete").wait(
                StackName=stack, WaiterConfig={"Delay": 2, "MaxAttempts": 450}
            )
        except WaiterError:
            reasons = "\n  ".join(failures(client, stack))
            raise StackError(f"{stack} could not be deleted:\n  {reasons}") from None


def _confirmed(question: str) -> bool:
    if os.environ.get("CONFIRM") == "yes":
        return True
    return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


@dataclass(frozen=True)
class Moment:
    """The stack's last event before a deployment; its clock may differ from ours."""

    last_event: datetime | None
    waiting: frozenset[str]


def moment(client: "CloudFormationClient", stack: str) -> Moment:
    """Record the last event and the waiting change sets."""
    if status(client, stack) is None:
        return Moment(None, frozenset())
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    return Moment(events[0]["Timestamp"] if events else None, _waiting(client, stack))


def _waiting(client: "CloudFormationClient", stack: str) -> frozenset[str]:
    found = client.list_change_sets(StackName=stack)["Summaries"]
    return frozenset(
        change["ChangeSetId"] for change in found if change["ExecutionStatus"] == "AVAILABLE"
    )


def declined(client: "CloudFormationClient", stack: str, before: Moment) -> bool:
    """Remove change sets that were prepared but not executed; return whether there were any."""
    new = _waiting(client, stack) - before.waiting
    for change in new:
        client.delete_change_set(ChangeSetName=change)
    return bool(new)


def failures(client: "CloudFormationClient", stack: str, before: Moment | None = None) -> list[str]:
    """Return the first failures with reasons, oldest first, without cancelled resources."""
    since = before.last_event if before else None
    found = []
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            if since is not None and event["Timestamp"] <= since:
                break
            reason = event.get("ResourceStatusReason", "")
            failed = event.get("ResourceStatus", "").endswith("_FAILED")
            if failed and "cancelled" not in reason.lower():
                found.append(f"{event['LogicalResourceId']}: {reason}")
    return list(dict.fromkeys(reversed(found)))[:_SHOWN]
