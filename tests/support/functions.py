"""A function in this process: its real handler, its own environment, a sample event."""

import importlib
import importlib.util
import json
import os
import sys
import uuid
from typing import Any

import pytest

from local.openapi.apps import unused
from tests.support.template import ROOT, variables
from wingman.kit import settings

DEFAULTS = {
    "CONFIRM_ADDRESSES": "true",
    "COACH_MODEL": "claude-haiku-5-5",
    "ENABLE_AI_COACHING": "true",
    "MAX_DAILY_TIPS": "20",
    "CHALLENGE_DURATION_DAYS": "7",
    "APP_URL": "http://localhost:3000",
    "EMAIL_LEASE_SECONDS": "60",
    "ENABLE_CHALLENGE_SHARING": "true",
    "ENABLE_MATCH_SHARING": "true",
    "ENABLE_PUSH": "true",
    "ENABLE_RATE_LIMITING": "true",
    "ENVIRONMENT": "local",
    "MAX_DAILY_MATCHES": "10",
    "SESSION_TIMEOUT_HOURS": "24",
    "VERSION": "test",
}


def imported(name: str) -> Any:
    """Import a worker into this process; its test supplies the collaborators."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in unused().items():
            if variable not in os.environ:
                patch.setenv(variable, value)
        module = importlib.import_module(f"functions.{name}.app")
    settings._load.cache_clear()
    return module


class Context:
    """The runtime's context, with time left."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:test"

    def __init__(self, milliseconds: int = 10_000) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


class Function:
    """One function, loaded as Lambda loads it, with only its own environment."""

    def __init__(
        self,
        name: str,
        stack: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        overrides: dict[str, str],
    ) -> None:
        self.name = name
        values = DEFAULTS | stack | overrides
        for variable in stack | {"UNSET": ""}:
            monkeypatch.delenv(variable, raising=False)
        for variable in variables(name):
            if variable in values:
                monkeypatch.setenv(variable, values[variable])
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_ENDPOINT_URL", stack["AWS_ENDPOINT_URL"])
        path = ROOT / "functions" / name / "app.py"
        spec = importlib.util.spec_from_file_location(f"function_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, self.module)  # pydantic looks there
        spec.loader.exec_module(self.module)

    def event(self, case: str, **values: str) -> dict[str, Any]:
        """Return events/<function>/<case>.json with its {{placeholders}} filled in."""
        text = (ROOT / "events" / self.name / f"{case}.json").read_text()
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        event: dict[str, Any] = json.loads(text)
        return event

    def invoke(self, event: dict[str, Any], *, milliseconds: int = 10_000) -> Any:
        return self.module.handler(event, Context(milliseconds))

    def call(self, case: str, **values: str) -> tuple[int, Any, dict[str, str]]:
        """Invoke with an HTTP event; return status, decoded body and headers."""
        answer = self.invoke(self.event(case, **values))
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        body = answer["body"]
        # The adapter calls an empty body JSON as well.
        is_json = body and "json" in headers.get("content-type", "")
        decoded = json.loads(body) if is_json else body
        return answer["statusCode"], decoded, headers
