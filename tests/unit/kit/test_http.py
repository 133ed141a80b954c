"""The common behaviour of HTTP functions, shown by a small app behind the real adapter."""

import base64
import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from tests.support.functions import Context
from tests.support.template import ROOT
from wingman.kit.errors import Conflict, DependencyUnavailable
from wingman.kit.http import create_app, lambda_handler
from wingman.kit.http.envelope import MAX_BODY_BYTES
from wingman.kit.observability import count
from wingman.kit.text import MultiLineText, SingleLineText

Call = Callable[..., tuple[int, dict[str, Any], dict[str, str]]]


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    line: Annotated[SingleLineText, StringConstraints(min_length=1, max_length=5)]
    text: MultiLineText = ""


@pytest.fixture
def call(fresh_container: None, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("ENABLE_RATE_LIMITING", "false")
    app = create_app()

    @app.post("/notes")
    def create(note: Note) -> Note:
        return note

    @app.post("/orders")
    def order() -> None:
        return None

    @app.get("/notes")
    def fail(how: str) -> None:
        raise {"away": DependencyUnavailable("x"), "conflict": Conflict()}.get(
            how, RuntimeError("boom")
        )

    @app.get("/kept")
    def keep(response: Response, control: str = "public, max-age=60") -> dict[str, str]:
        response.headers["Cache-Control"] = control
        return {"text": "unchanged"}

    @app.get("/counts")
    def counted() -> None:
        count("Asked")
        count("Answered")

    handler = lambda_handler(app)

    def invoke(
        method: str,
        path: str,
        body: bytes | None = None,
        query: str = "",
        *,
        announced: bool = True,
        known: str | None = None,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        event = json.loads((ROOT / "events" / "health" / "get.json").read_text())
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["requestContext"]["http"]["method"] = method
        event["rawQueryString"] = query
        event["headers"] |= {"if-none-match": known} if known else {}
        if body is not None:
            event["headers"] |= {"content-length": str(len(body))} if announced else {}
            event["headers"]["content-type"] = "application/json"
            event["body"] = base64.b64encode(body).decode()
            event["isBase64Encoded"] = True
        answer = handler(event, Context())
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        body_sent = answer["body"]
        return answer["statusCode"], json.loads(body_sent) if body_sent else {}, headers

    return invoke


def fields(body: dict[str, Any]) -> list[str]:
    return [error["field"] for error in body["errors"]]


def test_an_answer_carries_the_gateways_request_id(call: Call) -> None:
    status, _, headers = call("POST", "/notes", b'{"line": "hi"}')
    assert status == 200
    assert headers["x-request-id"] == "event-health-get"


@pytest.mark.parametrize(
    "body", [b"{", b'{"line": }', b"\xff\xfe", b'{"line": "\xff"}', b"[" * 100_000]
)
def test_malformed_json_is_a_400(call: Call, body: bytes) -> None:
    status, problem, headers = call("POST", "/notes", body)
    assert (status, problem["code"]) == (400, "malformed_json")
    assert headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "line"),
        ({"line": ""}, "line"),
        ({"line": "   "}, "line"),
        ({"line": "longer"}, "line"),
        ({"line": 7}, "line"),
        ({"line": "a\u0000b"}, "line"),
        ({"line": "a\nb"}, "line"),
        ({"line": "\ud800"}, "line"),
        ({"line": "ok", "text": "a\u0000b"}, "text"),
        ({"line": "ok", "text": "\udfff"}, "text"),
        ({"line": "ok", "more": 1}, "more"),
        ({"line": "ok", "\ud800": 1}, "body"),
        ({"line": "ok", "x" * 5000: 1}, "x" * 100),
    ],
)
def test_an_invalid_field_is_a_422_with_its_name(
    call: Call, body: dict[str, Any], field: str
) -> None:
    status, problem, _ = call("POST", "/notes", json.dumps(body).encode())
    assert (status, problem["code"]) == (422, "invalid_request")
    assert fields(problem) == [field]
    assert "Value error" not in problem["errors"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b"null", b"1e999", b"NaN"])
def test_json_of_another_shape_is_a_422(call: Call, body: bytes) -> None:
    status, problem, _ = call("POST", "/notes", body)
    assert (status, problem["code"]) == (422, "invalid_request")


def test_text_may_have_lines_and_any_script(call: Call) -> None:
    text = "una línea\r\nשורה\tдругая 🐶"
    _, note, _ = call("POST", "/notes", json.dumps({"line": "x", "text": text}).encode())
    assert note["text"] == text


@pytest.mark.parametrize("announced", [True, False])
def test_one_byte_more_than_two_megabytes_is_too_large(call: Call, announced: bool) -> None:
    body = b'{"line": "hi"}'.ljust(2_000_001)
    status, problem, _ = call("POST", "/notes", body, announced=announced)
    assert (status, problem["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize("announced", [True, False])
def test_two_megabytes_are_read(call: Call, announced: bool) -> None:
    body = b'{"line": "hi"}'.ljust(2_000_000)
    assert call("POST", "/notes", body, announced=announced)[0] == 200


@pytest.mark.parametrize("text", ['"', "\n", "é", "€", "🐶"])
@pytest.mark.parametrize("encoded", [True, False])
def test_a_body_that_is_just_too_large_still_reaches_the_function(text: str, encoded: bool) -> None:
    """Lambda itself would refuse a larger event, and not with problem+json."""
    event = json.loads((ROOT / "events" / "health" / "get.json").read_text())
    event["headers"]["authorization"] = "x" * 10_000  # API Gateway's limit for all headers
    body = text * (MAX_BODY_BYTES // len(text.encode()) + 1)
    event["body"] = base64.b64encode(body.encode()).decode() if encoded else body
    assert len(json.dumps(event)) < 6 * 1024 * 1024


def test_an_unknown_path_is_a_404(call: Call) -> None:
    status, problem, _ = call("GET", "/elsewhere")
    assert (status, problem["code"]) == (404, "not_found")


def test_a_wrong_method_is_a_405_that_names_all_the_right_ones(call: Call) -> None:
    status, problem, headers = call("DELETE", "/notes")
    assert (status, problem["code"]) == (405, "method_not_allowed")
    assert headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("query", ["", "how=conflict"])
@pytest.mark.parametrize("path", ["/kept", "/notes", "/elsewhere"])
def test_head_is_get_without_its_body(call: Call, path: str, query: str) -> None:
    status, body, headers = call("GET", path, query=query)
    head_status, nothing, head_headers = call("HEAD", path, query=query)
    assert (head_status, nothing) == (status, {})
    assert body
    assert head_headers == headers


def test_head_is_refused_where_there_is_no_get(call: Call) -> None:
    status, _, headers = call("HEAD", "/orders")
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/kept", "/elsewhere"])
def test_a_cache_keeps_answers_to_origins_apart(call: Call, path: str) -> None:
    assert call("GET", path)[2]["vary"] == "Origin"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"old", {}', "*"])
def test_a_client_with_the_current_answer_gets_a_304(call: Call, method: str, form: str) -> None:
    tag = call("GET", "/kept")[2]["etag"]
    status, body, headers = call(method, "/kept", known=form.format(tag))
    assert (status, body) == (304, {})
    assert "content-length" not in headers
    assert (headers["etag"], headers["cache-control"]) == (tag, "public, max-age=60")


def test_a_client_with_an_old_answer_gets_the_current_one(call: Call) -> None:
    status, body, _ = call("GET", "/kept", known='"old"')
    assert (status, body) == (200, {"text": "unchanged"})


def test_an_answer_that_may_not_be_stored_has_no_etag(call: Call) -> None:
    status, _, headers = call("GET", "/kept", query="control=no-store", known="*")
    assert status == 200
    assert "etag" not in headers


def test_an_unavailable_dependency_is_a_503_with_retry_after(call: Call) -> None:
    status, problem, headers = call("GET", "/notes", query="how=away")
    assert (status, problem["code"]) == (503, "dependency_unavailable")
    assert int(headers["retry-after"]) >= 1


def test_a_bug_is_a_500_without_details(call: Call) -> None:
    status, problem, headers = call("GET", "/notes", query="how=bug")
    assert (status, problem["code"]) == (500, "internal_error")
    assert "boom" not in json.dumps(problem)
    assert headers["x-request-id"]


def test_counts_are_written_before_the_invocation_ends(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    call("GET", "/counts")
    written = capsys.readouterr().out
    assert '"Asked": 1' in written
    assert '"Answered": 1' in written
