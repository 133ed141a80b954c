"""No address, password or token is logged or queued in clear text; no client sets our headers."""

import json
from typing import Any

import httpx
import pytest

from tests.support.accounts import Load, Waiting, carry_out, new_ip
from tests.support.functions import Function
from tests.support.supabase_auth import SupabaseAuth, new_email
from wingman.kit.clients.auth import LONGEST_USER_AGENT, Client

pytestmark = pytest.mark.usefixtures("no_hook")

PASSWORD = "a very secret password"
Sent = list[httpx.Request]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Record the headers and body of every request of this process."""
    seen: Sent = []
    send = httpx.HTTPTransport.handle_request

    def recorded(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return send(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", recorded)
    return seen


def ask(app: Function, case: str, body: object, user_agent: str = "App/1", **values: str) -> Any:
    event = app.event(case, **values)
    event["requestContext"]["http"]["sourceIp"] = new_ip()
    event["headers"]["user-agent"] = user_agent
    return app.invoke(event | {"body": json.dumps(body)})


def everything(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> str:
    records = [json.dumps(vars(each), default=str) for each in caplog.records]
    return capsys.readouterr().out + "".join([*records, caplog.text])


@pytest.mark.parametrize("mode", [None, "down", "error_500", "rate_limited", "lost_response"])
def test_nothing_secret_is_logged_whatever_supabase_auth_does(
    function: Load,
    auth: SupabaseAuth,
    waiting: Waiting,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    mode: str | None,
) -> None:
    caplog.set_level("DEBUG", "wingman")
    maya, email = auth.new(password=PASSWORD), new_email()
    tokens = (
        auth.client()
        .auth.sign_in_with_password({"email": maya.email, "password": PASSWORD})
        .session
    )
    assert tokens
    body = {"email": maya.email, "password": PASSWORD}
    app, links = waiting.accounts(function), None

    def all_of_it() -> None:
        ask(app, "log_in", body)
        ask(app, "log_in", body | {"password": f"{PASSWORD}!"})
        ask(app, "register", body | {"email": email})
        ask(app, "forgot", {"email": maya.email})
        ask(app, "refresh", {"refresh_token": tokens.refresh_token})
        ask(app, "log_out", {}, access_token=tokens.access_token)
        carry_out(function, waiting.take())
        nonlocal links
        links = function("account_links")
        ask(links, "confirm", {"token": "secret-token-hash", "type": "signup"})
        ask(links, "reset", {"token": "secret-token-hash", "password": PASSWORD})

    if mode is None:
        all_of_it()
    else:
        with auth.fault(mode):
            all_of_it()

    logged = everything(capsys, caplog)
    assert "auth" in logged
    for secret in (
        *(maya.email, email, PASSWORD, "secret-token-hash"),
        *(tokens.refresh_token, tokens.access_token, tokens.access_token.split(".")[1]),
    ):
        assert secret not in logged


@pytest.mark.parametrize(("case", "more"), [("register", {"password": PASSWORD}), ("forgot", {})])
def test_a_request_waits_sealed(
    function: Load, auth: SupabaseAuth, waiting: Waiting, case: str, more: dict[str, str]
) -> None:
    email = new_email()
    ask(waiting.accounts(function), case, {"email": email, **more})

    [message] = waiting.take()

    assert set(json.loads(message)) == {"sealed"}
    assert not [text for text in (email, PASSWORD, "App/1") if text in message]


@pytest.mark.parametrize(
    ("user_agent", "passed_on"),
    [
        ("App/1 (iPhone)", "App/1 (iPhone)"),
        ("App/1\r\nApikey: stolen", "App/1Apikey: stolen"),
        ("App\x00/1\x7f", "App/1"),
        ("Äpp/1 \u2028 \U0001f415", "pp/1"),
        ("x" * 100_000, "x" * LONGEST_USER_AGENT),
        ("", ""),
    ],
)
def test_a_user_agent_is_passed_on_as_plain_text(
    function: Load, auth: SupabaseAuth, sent: Sent, user_agent: str, passed_on: str
) -> None:
    maya = auth.new()
    sent.clear()

    answer = ask(function("accounts"), "log_in", maya.credentials, user_agent)

    assert answer["statusCode"] == 200
    [request] = [each for each in sent if each.url.path.startswith("/auth/")]
    assert request.headers["user-agent"] == passed_on
    assert Client.of("192.0.2.1", user_agent).user_agent == passed_on


def test_supabase_auth_learns_the_address_of_the_client(
    function: Load, auth: SupabaseAuth, sent: Sent, stack: dict[str, str]
) -> None:
    maya, app = auth.new(), function("accounts")
    event = app.event("log_in")
    event["requestContext"]["http"]["sourceIp"] = "198.51.100.7"
    event["headers"] |= {"sb-forwarded-for": "192.0.2.99", "x-forwarded-for": "192.0.2.98"}
    sent.clear()

    app.invoke(event | {"body": json.dumps(maya.credentials)})

    [request] = [each for each in sent if each.url.path.startswith("/auth/")]
    assert request.headers.get_list("sb-forwarded-for") == ["198.51.100.7"]
    assert request.headers["apikey"] == stack["SUPABASE_SECRET_KEY"]
    [[address]] = auth.database.execute(
        "select host(ip) from auth.sessions where user_id = %s", (maya.id,)
    ).fetchall()
    assert address == "198.51.100.7"
