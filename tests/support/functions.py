"""A function in this process, with its real handler and environment, and its sample events."""

import importlib
import importlib.util
import json
import os
import sys
import uuid
from collections import defaultdict
from functools import _lru_cache_wrapper
from typing import Any

import pytest

from local.openapi.apps import unused
from tests.support.template import ROOT, variables
from wingman.kit import settings
from wingman.kit.settings import Settings

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
    """Import a worker whose collaborators the test supplies."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in unused().items():
            if variable not in os.environ:
                patch.setenv(variable, value)
        module = importlib.import_module(f"functions.{name}.app")
    settings._load.cache_clear()
    return module


# Modules that tests can reuse, by function and environment, with the settings that they check at
# import. An import takes as long as a test; most of the time goes into routes.
_UNUSED: defaultdict[tuple[str, ...], list[tuple[Any, list[type[Settings]]]]] = defaultdict(list)


def _loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[type[Settings]]]:
    path = ROOT / "functions" / name / "app.py"
    spec = importlib.util.spec_from_file_location(f"function_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # pydantic looks it up there
    needs: list[type[Settings]] = []
    check = settings.check

    def recorded(*models: type[Settings]) -> None:
        needs.extend(models)
        check(*models)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "check", recorded)
        spec.loader.exec_module(module)
    return module, needs


class Context:
    """The context that the runtime passes, with the remaining time."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:test"

    def __init__(self, milliseconds: int = 10_000) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


class Function:
    """One function, loaded as on Lambda, with only its own environment."""

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
        self._unused = _UNUSED[name, *(os.environ.get(each, "") for each in variables(name))]
        self.module, self._needs = (self._unused or [_loaded(name, monkeypatch)]).pop()
        settings.check(*self._needs)

    def put_back(self) -> None:
        """Let a later test reuse the module, with its caches cleared."""
        for value in vars(self.module).values():
            if isinstance(value, _lru_cache_wrapper) and value.__module__ == self.module.__name__:
                value.cache_clear()
        self._unused.append((self.module, self._needs))

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
        """Invoke with an HTTP event; return the status, decoded body and headers."""
        answer = self.invoke(self.event(case, **values))
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        body = answer["body"]
        # The adapter declares an empty body as JSON too.
        is_json = body and "json" in headers.get("content-type", "")
        decoded = json.loads(body) if is_json else body
        return answer["statusCode"], decoded, headers
