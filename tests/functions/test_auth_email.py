"""POST /webhooks/auth-email: the requests of Supabase Auth, and the emails recorded for them."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.auth.hook import signed
from tests.support.functions import Function
from tests.support.people import People
from wingman.accounts.emails.models import Outcome
from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyUnavailable

Load = Callable[..., Function]
CURRENT, NEW = "maya@example.com", "maya@new.example"
SENT_AT = int(time.time())


def asked(kind: str, account: UUID, **data: str) -> dict[str, Any]:
    """Write a request as sendEmail in supabase/auth does."""
    facts = {
        "token": "305805",
        "token_hash": uuid4().hex,
        "redirect_to": "https://evil.example/",
        "email_action_type": kind,
        "site_url": "https://project.supabase.co/auth/v1",
        "token_new": "",
        "token_hash_new": "",
    }
    user = {"id": str(account), "email": CURRENT, "user_metadata": {"first_name": "evil.example"}}
    if kind == "email_change":
        user["new_email"] = NEW
    return {"user": user, "email_data": facts | data}


@dataclass(frozen=True)
class Auth:
    """Supabase Auth, as the hook sees it."""

    app: Function
    secret: str
    people: People

    def post(self, body: str, **headers: str) -> tuple[int, Any]:
        event = self.app.event("recovery")
        sent = signed(self.secret, str(uuid4()), body)
        event["headers"] |= sent | {name.replace("_", "-"): one for name, one in headers.items()}
        answer = self.app.invoke(event | {"body": body})
        return answer["statusCode"], json.loads(answer["body"])

    def ask(self, request: dict[str, Any]) -> tuple[int, Any]:
        return self.post(json.dumps(request))

    def recorded(self, account: UUID) -> list[dict[str, Any]]:
        found = self.people.connection.execute(
            "select jsonb_build_object('kind', email_template, 'to', recipient_email,"
            " 'facts', template_data - 'expires_at', 'lane', priority, 'user', user_id)"
            " from public.email_logs where account_id = %s order by recipient_email",
            (account,),
        )
        return [row[0] for row in found.fetchall()]


@pytest.fixture
def auth(function: Load, stack: dict[str, str], people: People) -> Auth:
    return Auth(function("auth_email"), stack["AUTH_EMAIL_HOOK_SECRET"], people)


@pytest.mark.parametrize(
    ("kind", "template"),
    [
        ("signup", "signup_confirmation"),
        ("invite", "account_invitation"),
        ("magiclink", "sign_in_link"),
        ("recovery", "password_reset"),
    ],
)
def test_an_email_with_a_link_is_recorded_as_urgent(auth: Auth, kind: str, template: str) -> None:
    account, request = uuid4(), asked(kind, uuid4())
    request["user"]["id"] = str(account)

    assert auth.ask(request) == (200, {"outcome": "recorded"})

    token = request["email_data"]["token_hash"]
    assert auth.recorded(account) == [
        {"kind": template, "to": CURRENT, "facts": {"token": token}, "lane": "urgent", "user": None}
    ]


def test_a_change_of_address_is_confirmed_at_both_each_with_its_own_token(auth: Auth) -> None:
    """Supabase Auth names the token of the new address `token_hash`."""
    account = uuid4()
    change = {"token_hash": "token-of-the-new", "token_hash_new": "token-of-the-current"}

    assert auth.ask(asked("email_change", account, **change))[0] == 200

    assert [(email["to"], email["facts"]) for email in auth.recorded(account)] == [
        (CURRENT, {"token": "token-of-the-current", "role": "current"}),
        (NEW, {"token": "token-of-the-new", "role": "new"}),
    ]


def test_a_change_that_only_the_new_address_confirms_is_one_email(auth: Auth) -> None:
    account = uuid4()

    auth.ask(asked("email_change", account, token_hash="token-of-the-new"))

    assert [email["to"] for email in auth.recorded(account)] == [NEW]


def test_a_code_is_recorded_without_a_link(auth: Auth) -> None:
    account = uuid4()
    auth.ask(asked("reauthentication", account, token="305805"))
    [email] = auth.recorded(account)
    assert (email["kind"], email["facts"]) == ("reauthentication", {"code": "305805"})


def test_a_repeat_under_the_same_id_or_another_records_nothing_twice(auth: Auth) -> None:
    """supabase/auth makes another webhook-id for each attempt (internal/hooks/hookshttp)."""
    account = uuid4()
    body = json.dumps(asked("recovery", account))

    first = signed(auth.secret, "msg_1", body)
    same = {name.replace("-", "_"): value for name, value in first.items()}

    outcomes = [auth.post(body, **headers)[1]["outcome"] for headers in (same, same, {})]

    assert outcomes == ["recorded", "repeated", "repeated"]
    assert len(auth.recorded(account)) == 1


def test_another_token_is_another_email(auth: Auth) -> None:
    account = uuid4()
    for _ in range(2):
        assert auth.ask(asked("recovery", account))[1] == {"outcome": "recorded"}
    assert len(auth.recorded(account)) == 2


def test_an_account_gets_ten_emails_an_hour(auth: Auth) -> None:
    account, another = uuid4(), uuid4()
    outcomes = [auth.ask(asked("recovery", account))[1]["outcome"] for _ in range(12)]
    assert outcomes == ["recorded"] * 10 + ["limited"] * 2
    assert auth.ask(asked("recovery", another))[1]["outcome"] == "recorded"


@pytest.mark.parametrize("kind", ["password_changed_notification", "", "x" * 1000, "SIGNUP"])
def test_an_unknown_kind_is_accepted_and_records_nothing(auth: Auth, kind: str) -> None:
    account = uuid4()
    assert auth.ask(asked(kind, account)) == (200, {"outcome": "ignored"})
    assert auth.recorded(account) == []


def test_nothing_that_a_stranger_wrote_is_in_the_facts(auth: Auth) -> None:
    """A stranger chooses the name and the redirect address of a sign-up."""
    account = uuid4()
    auth.ask(asked("signup", account))
    assert "evil" not in json.dumps(auth.recorded(account))


WRONG: dict[str, dict[str, str]] = {
    "no id": {"webhook_id": ""},
    "another id": {"webhook_id": "another"},
    "no signature": {"webhook_signature": ""},
    "another signature": {"webhook_signature": f"v1,{base64.b64encode(b'x' * 32).decode()}"},
    "another scheme": {"webhook_signature": "v1a,x"},
    "no time": {"webhook_timestamp": ""},
    "another time": {"webhook_timestamp": str(SENT_AT - 30)},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_a_request_that_supabase_auth_did_not_sign_is_a_401(
    auth: Auth, headers: dict[str, str]
) -> None:
    account = uuid4()

    status, problem = auth.post(json.dumps(asked("recovery", account)), **headers)

    assert (status, problem["code"]) == (401, "invalid_signature")
    assert auth.recorded(account) == []


def test_a_request_signed_with_the_provider_key_or_long_ago_is_a_401(
    auth: Auth, stack: dict[str, str]
) -> None:
    body = json.dumps(asked("recovery", uuid4()))
    for secret, at in (
        (stack["RESEND_WEBHOOK_SECRET"], None),
        (auth.secret, int(time.time()) - 400),
        (auth.secret, int(time.time()) + 400),
    ):
        headers = signed(secret, "msg_1", body, at)
        assert auth.post(body, **{k.replace("-", "_"): v for k, v in headers.items()})[0] == 401


def test_the_previous_key_is_accepted_and_the_one_before_it_is_not(
    function: Load, people: People
) -> None:
    keys = [f"v1,whsec_{base64.b64encode(uuid4().bytes).decode()}" for _ in range(3)]
    app = function(
        "auth_email", AUTH_EMAIL_HOOK_SECRET=keys[2], AUTH_EMAIL_HOOK_SECRET_PREVIOUS=keys[1]
    )
    answers = [Auth(app, key, people).ask(asked("recovery", uuid4()))[0] for key in keys]
    assert answers == [401, 200, 200]


def test_one_of_several_signatures_suffices_as_supabase_auth_joins_them(auth: Auth) -> None:
    body = json.dumps(asked("recovery", uuid4()))
    headers = signed(auth.secret, "msg_1", body)
    right = headers["webhook-signature"]
    for joined in (f"{right}, v1,b2xk", f"v1,b2xk, {right}", f"v1,b2xk {right}"):
        headers["webhook-signature"] = joined
        assert auth.post(body, **{k.replace("-", "_"): v for k, v in headers.items()})[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ("{}", 422),
        ('{"user": {"id": "x"}, "email_data": {"email_action_type": "recovery"}}', 422),
        ('{"user": {"id": 7}, "email_data": {"email_action_type": ["recovery"]}}', 422),
    ],
)
def test_a_signed_request_that_makes_no_sense_is_a_client_error(
    auth: Auth, body: str, status: int
) -> None:
    assert auth.post(body)[0] == status


def test_a_refused_request_shows_no_token(auth: Auth, capsys: pytest.CaptureFixture[str]) -> None:
    request = asked("recovery", uuid4(), token_hash="hush-hush")
    request["user"]["id"] = "no uuid"

    status, problem = auth.ask(request)

    assert status == 422
    assert problem["errors"] == [{"field": "user.id", "message": "is not valid"}]
    shown = capsys.readouterr()
    assert "hush-hush" not in json.dumps(problem) + shown.out + shown.err


def test_a_recorded_request_logs_neither_token_nor_address(
    auth: Auth, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    auth.ask(asked("recovery", uuid4(), token_hash="hush-hush"))
    logged = [vars(record) for record in caplog.records]
    assert "account_emails.asked" in {line["msg"] for line in logged}
    shown = str(logged) + "".join(capsys.readouterr())
    assert "hush-hush" not in shown
    assert CURRENT not in shown


def test_each_call_ends_while_supabase_auth_still_waits(
    auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Supabase Auth waits for five seconds, and its user waits with it."""
    left: list[float] = []

    def record(*_: object) -> Outcome:
        left.append(time_left())
        return Outcome.RECORDED

    monkeypatch.setattr(auth.app.module.service, "record", record)

    assert auth.ask(asked("recovery", uuid4()))[0] == 200

    assert 3 < left[0] <= 3.5


def test_without_the_database_supabase_auth_is_asked_to_repeat(
    auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DependencyUnavailable("supabase")

    monkeypatch.setattr(auth.app.module, "get_service_client", away)

    event = auth.app.event("recovery")
    body = json.dumps(asked("recovery", uuid4()))
    event["headers"] |= signed(auth.secret, str(uuid4()), body)
    answer = auth.app.invoke(event | {"body": body})

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"]
