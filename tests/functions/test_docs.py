import json
import os
import subprocess
import sys
from collections.abc import Callable

from openapi_spec_validator import validate

from tests.support.functions import Function
from tests.support.template import ROOT

Load = Callable[..., Function]


def test_the_document_is_valid_openapi(function: Load) -> None:
    status, document, headers = function("docs").call("openapi")
    assert status == 200
    assert headers["content-type"] == "application/json"
    validate(document)


def test_the_document_is_up_to_date() -> None:
    committed = json.loads((ROOT / "functions" / "docs" / "openapi.json").read_text())
    command = [sys.executable, "-m", "local.openapi"]
    env = os.environ | {"PYTHONPATH": "layers/shared"}
    generated = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    assert committed == json.loads(generated.stdout), "run `make openapi`"


def test_the_page_shows_the_document(function: Load) -> None:
    status, page, headers = function("docs").call("page")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "openapi.json" in page
    assert "://" not in page, "nothing comes from another origin"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_file_that_is_known_is_not_sent_again(function: Load) -> None:
    app = function("docs")
    tag = app.call("openapi")[2]["etag"]
    event = app.event("openapi")
    event["headers"]["if-none-match"] = tag
    answer = app.invoke(event)
    assert (answer["statusCode"], answer["body"]) == (304, "")


def test_code_is_not_served(function: Load) -> None:
    app = function("docs")
    event = app.event("page")
    for path in ("/docs/app.py", "/docs/..%2Fapp.py", "/docs/%00"):
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        assert app.invoke(event)["statusCode"] == 404


def test_an_unknown_path_is_a_problem(function: Load) -> None:
    status, problem, _ = function("docs").call("unknown_path")
    assert (status, problem["code"]) == (404, "not_found")
