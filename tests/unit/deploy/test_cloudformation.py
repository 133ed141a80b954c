"""Whether a deployment may begin, and why one failed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.deploy import cloudformation
from local.deploy.upload import Progress
from local.errors import StackError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class CloudFormation:
    """One stack, or none; its events come newest first, as from AWS."""

    def __init__(self, status: str | None, *events: tuple[str, str, str]) -> None:
        self.status = status
        self.changes: dict[str, str] = {}
        self._events = [
            {
                "LogicalResourceId": name,
                "ResourceStatus": state,
                "ResourceStatusReason": reason,
                "Timestamp": NOW + timedelta(seconds=second),
            }
            for second, (name, state, reason) in enumerate(events)
        ][::-1]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self.status is None:
            error: Any = {"Error": {"Code": "ValidationError", "Message": "x does not exist"}}
            raise ClientError(error, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status}]}

    def get_paginator(self, operation: str) -> "CloudFormation":
        assert operation == "describe_stack_events"
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        yield {"StackEvents": self._events}

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {"StackEvents": self._events}

    def list_change_sets(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {
            "Summaries": [
                {"ChangeSetId": name, "ExecutionStatus": state}
                for name, state in self.changes.items()
            ]
        }

    def delete_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        del self.changes[ChangeSetName]

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.status = None

    def get_waiter(self, name: str) -> "CloudFormation":
        assert name == "stack_delete_complete"
        return self

    def wait(self, **_: Any) -> None:
        assert self.status is None


FAILED = (
    ("Api", "CREATE_COMPLETE", ""),
    ("Alarm", "CREATE_FAILED", "no such metric"),
    ("Queue", "CREATE_FAILED", "Resource creation cancelled"),
    ("stack", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Alarm]"),
)


def clear(client: CloudFormation) -> bool:
    anything: Any = client
    return cloudformation.clear_the_way(anything, "wingman-staging")


@pytest.fixture(autouse=True)
def _without_a_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFIRM", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)


@pytest.mark.parametrize(
    ("status", "exists"),
    [
        (None, False),
        ("REVIEW_IN_PROGRESS", False),
        ("CREATE_COMPLETE", True),
        ("UPDATE_COMPLETE", True),
        ("UPDATE_ROLLBACK_COMPLETE", True),
    ],
)
def test_a_deployment_may_begin_where_there_is_nothing_or_a_settled_stack(
    status: str | None, exists: bool
) -> None:
    assert clear(CloudFormation(status)) == exists


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_failed_creation_is_explained_and_kept_until_its_deletion_is_confirmed(
    status: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = CloudFormation(status, *FAILED)
    with pytest.raises(StackError, match="CONFIRM=yes deletes"):
        clear(client)
    assert client.status == status
    assert "Alarm: no such metric" in capsys.readouterr().out

    monkeypatch.setenv("CONFIRM", "yes")
    assert not clear(client)
    assert client.status is None


def test_a_deployment_that_runs_is_waited_for() -> None:
    with pytest.raises(StackError, match="wait until it is done"):
        clear(CloudFormation("UPDATE_IN_PROGRESS"))


def test_an_update_that_could_not_be_undone_needs_a_person() -> None:
    client = CloudFormation("UPDATE_ROLLBACK_FAILED", ("Role", "UPDATE_FAILED", "not allowed"))
    with pytest.raises(StackError, match=r"Role: not allowed(?s:.)*continue-update-rollback"):
        clear(client)


def test_only_the_causes_of_a_failure_are_named_oldest_first() -> None:
    anything: Any = CloudFormation("ROLLBACK_COMPLETE", *FAILED, ("B", "CREATE_FAILED", "later"))
    assert cloudformation.failures(anything, "x") == ["Alarm: no such metric", "B: later"]
    before = cloudformation.Moment(NOW + timedelta(seconds=2), frozenset())
    assert cloudformation.failures(anything, "x", before) == ["B: later"]


def test_changes_that_were_not_executed_count_as_declined_and_are_removed() -> None:
    client = CloudFormation("UPDATE_COMPLETE", ("Api", "UPDATE_COMPLETE", ""))
    client.changes = {"old": "AVAILABLE", "done": "EXECUTE_COMPLETE"}
    anything: Any = client
    before = cloudformation.moment(anything, "x")
    assert before == cloudformation.Moment(NOW, frozenset({"old"}))
    assert not cloudformation.declined(anything, "x", before)

    client.changes["new"] = "AVAILABLE"
    assert cloudformation.declined(anything, "x", before)
    assert sorted(client.changes) == ["done", "old"]


def test_progress_is_said_in_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for line in (
        "+ Add                    Api                AWS::ApiGatewayV2::Api   N/A\n",
        "                         age                      ge\n",
        "* Modify                 HealthFunction     AWS::Lambda::Function    False\n",
        "* Modify                 DocsFunction       AWS::Lambda::Function    False\n",
        "Changeset created successfully. arn:aws:…\n",
        "CREATE_COMPLETE          AWS::ApiGatewayV2::Api   Api                -\n",
    ):
        progress(line)
    assert capsys.readouterr().out == "  changes: 1 add, 2 modify\n"


def test_a_deployment_that_changes_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Progress()("No changes to deploy. Stack wingman-staging is up to date\n")
    assert "nothing changed" in capsys.readouterr().out
