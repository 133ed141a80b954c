"""Every operation that the API document protects refuses requests without a valid token."""

import json
import sys
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from local.openapi.apps import apps, routes, unused
from tests.support.contract import DOCUMENT
from tests.support.functions import Context
from tests.support.template import ROOT
from wingman.kit.http import lambda_handler

PROTECTED = {
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if {"AccessToken": []} in operation["security"]
}


@pytest.fixture
def handlers(
    fresh_container: None, monkeypatch: pytest.MonkeyPatch
) -> dict[tuple[str, str], Callable[..., Any]]:
    """Return the handler of each method and path; none of their dependencies exists."""
    for name, value in unused().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ENABLE_RATE_LIMITING", "false")
    monkeypatch.setattr(sys, "path", [*sys.path])
    return {
        (method, route.path): lambda_handler(app)
        for app in apps()
        for route in routes(app)
        for method in route.methods or ()
    }


@pytest.mark.parametrize("authorization", [None, "Basic eDp5", "Bearer", "Bearer x"])
def test_a_protected_operation_refuses_a_request_without_a_valid_token(
    handlers: dict[tuple[str, str], Callable[..., Any]], authorization: str | None
) -> None:
    event = json.loads((ROOT / "events" / "health" / "get.json").read_text())
    event["body"] = "{}"
    event["headers"]["content-type"] = "application/json"
    if authorization is not None:
        event["headers"]["authorization"] = authorization
    answers = {}
    for method, path in PROTECTED:
        event["rawPath"] = "/".join(
            str(uuid4()) if part.startswith("{") else part for part in path.split("/")
        )
        event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
        answer = handlers[method, path](event, Context())
        answers[method, path] = (answer["statusCode"], json.loads(answer["body"])["code"])

    assert answers == dict.fromkeys(PROTECTED, (401, "unauthenticated"))
