"""The logs of the running stack: its functions and its other parts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

# `database_log` reads the first; the second belongs to the tool that deploys.
NOT_OURS = {"postgres.log", "sam.log"}
ADDRESS = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+\.\w+")
ACCESS_TOKEN = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")
LINK_TOKEN = re.compile(r"token=[\w-]{16,}")
# The role and the host under which the API connects to the database.
API = "authenticator/postgres"
# The number of events in each answer of the emulator, except the last of a stream.
PAGE = 10_000


def function_logs(stack: dict[str, str]) -> list[str]:
    """Return every line in every log group since the emulator started."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    client = session.client("logs", endpoint_url=stack["AWS_ENDPOINT_URL"])
    found = client.get_paginator("describe_log_groups").paginate()
    groups = [group["logGroupName"] for page in found for group in page["logGroups"]]
    return [message for group in groups for message in _messages(client, group)]


def _messages(client: Any, group: str) -> Iterator[str]:
    """Yield every message by stream; for a group, the emulator returns only the first 10 000."""
    for page in client.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            where = {"logGroupName": group, "logStreamName": stream["logStreamName"]}
            found = client.get_log_events(startFromHead=True, **where)
            yield from (event["message"] for event in found["events"])
            while len(found["events"]) == PAGE:
                token = found["nextForwardToken"]
                found = client.get_log_events(startFromHead=True, nextToken=token, **where)
                yield from (event["message"] for event in found["events"])


def part_logs(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text(errors="replace")
        for path in sorted(folder.glob("*.log"))
        if path.name not in NOT_OURS
    }


def database_log(folder: Path) -> str:
    """Return the database's log entries about calls of the API.

    Other entries quote rows: tests, as the owner, break rules of the database on purpose.
    """
    text = (folder / "postgres.log").read_text(errors="replace")
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", text, flags=re.MULTILINE)
    return "".join(entry for entry in entries if f" {API} " in entry)


def events(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
