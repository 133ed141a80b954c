from collections.abc import Callable

from tests.support.contract import DOCUMENT
from tests.support.functions import Function

Load = Callable[..., Function]


def test_the_document_is_served(function: Load) -> None:
    status, document, headers = function("docs").call("openapi")
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert document == DOCUMENT


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
