import base64
import json
import time
from collections.abc import Callable
from uuid import uuid4

import pytest

from local.resend.webhooks import signed
from tests.support.functions import Function
from tests.support.people import People
from tests.support.provider import Provider, new_email, row, suppressed

Load = Callable[..., Function]


@pytest.fixture
def provider(function: Load, stack: dict[str, str]) -> Provider:
    return Provider(function("resend_webhook"), stack["RESEND_WEBHOOK_SECRET"])


def test_the_previous_key_is_accepted_and_the_one_before_it_is_not(
    function: Load, people: People, stack: dict[str, str]
) -> None:
    keys = [f"whsec_{base64.b64encode(uuid4().bytes).decode()}" for _ in range(3)]
    app = function(
        "resend_webhook", RESEND_WEBHOOK_SECRET=keys[2], RESEND_WEBHOOK_SECRET_PREVIOUS=keys[1]
    )
    maya = people.new()
    answers = [
        Provider(app, key).send_event("delivered", new_email(people, maya), to=[maya.email])[0]
        for key in keys
    ]
    assert answers == [400, 200, 200]


def test_a_delivery_is_recorded(provider: Provider, people: People) -> None:
    maya = people.new()
    email = new_email(people, maya)

    assert provider.send_event("delivered", email, to=[maya.email]) == (
        200,
        {"outcome": "recorded"},
    )

    assert row(people, email) == ("delivered", None)
    assert suppressed(people, maya) is None


@pytest.mark.parametrize("kind", ["bounced", "complained", "suppressed"])
def test_bounces_and_complaints_suppress_the_address(
    provider: Provider, people: People, kind: str
) -> None:
    maya = people.new()
    email = new_email(people, maya)
    bounce = {"type": "Permanent", "message": f"<{maya.email}> does not exist"}

    provider.send_event(kind, email, to=[f"Maya <{maya.email.upper()}>"], bounce=bounce)

    status, error = row(people, email)
    assert status == kind
    assert error == "Permanent: <<address>> does not exist"
    assert suppressed(people, maya) == kind


@pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
def test_a_transient_bounce_does_not_suppress_the_address(
    provider: Provider, people: People, kind: str
) -> None:
    maya = people.new()
    email = new_email(people, maya)

    provider.send_event("bounced", email, to=[maya.email], bounce={"type": kind})

    assert row(people, email)[0] == "bounced"
    assert suppressed(people, maya) is None


def test_the_same_event_again_changes_nothing(provider: Provider, people: People) -> None:
    email = new_email(people, people.new())
    body = json.dumps({"type": "email.delivered", "data": {"tags": {"email_id": str(email)}}})
    headers = signed(provider.secret, f"msg_{uuid4().hex}", body)

    assert provider.post(body, headers) == (200, {"outcome": "recorded"})
    assert provider.post(body, headers) == (200, {"outcome": "repeated"})


def test_tags_may_come_as_a_list(provider: Provider, people: People) -> None:
    email = new_email(people, people.new())
    tags = [{"name": "email_id", "value": str(email)}]

    assert provider.send_event("delivered", None, tags=tags)[1] == {"outcome": "recorded"}


def test_an_event_of_an_unknown_email_is_accepted(provider: Provider) -> None:
    assert provider.send_event("delivered", uuid4()) == (200, {"outcome": "nothing_new"})


@pytest.mark.parametrize(
    "body",
    [
        '{"type": "email.opened", "data": {}}',
        '{"type": "email.delivery_delayed", "data": {}}',
        '{"type": "contact.created", "data": {"id": "x"}}',
        '{"type": "email.invented", "data": null}',
        '{"type": "email.bounced", "data": null}',
        '{"type": 7}',
        "{}",
    ],
)
def test_an_irrelevant_event_is_ignored(provider: Provider, body: str) -> None:
    assert provider.post(body) == (200, {"outcome": "ignored"})


def test_an_opened_email_is_recorded_once_where_tracking_is_on(
    function: Load, stack: dict[str, str], people: People
) -> None:
    app = function("resend_webhook", ENABLE_OPEN_TRACKING="true")
    provider, email = Provider(app, stack["RESEND_WEBHOOK_SECRET"]), new_email(people, people.new())
    tags = {"email_id": str(email)}

    def opened(at: str) -> object:
        body = {"type": "email.opened", "created_at": at, "data": {"tags": tags}}
        return provider.post(json.dumps(body))[1]["outcome"]

    outcomes = [opened(f"2026-12-01T12:0{minute}:00.000Z") for minute in (5, 7, 3)]

    assert outcomes == ["recorded", "nothing_new", "recorded"]
    [[first]] = people.connection.execute(
        "select opened_at from public.email_logs where id = %s", (email,)
    )
    assert first.isoformat() == "2026-12-01T12:03:00+00:00"
    assert row(people, email)[0] == "sent", "an open says nothing about the delivery"


def test_nothing_is_recorded_of_readers_where_tracking_is_off(
    provider: Provider, people: People
) -> None:
    email = new_email(people, people.new())

    assert provider.send_event("opened", email)[1] == {"outcome": "ignored"}
    [[first]] = people.connection.execute(
        "select opened_at from public.email_logs where id = %s", (email,)
    )
    assert first is None


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"'])
def test_a_signed_body_that_is_not_an_object_is_a_400(provider: Provider, body: str) -> None:
    status, problem = provider.post(body)

    assert (status, problem["code"]) == (400, "malformed_json")


def _now(seconds: int = 0) -> int:
    return int(time.time()) + seconds


WRONG = {
    "no headers": lambda _, __: dict.fromkeys(("svix-id", "svix-timestamp", "svix-signature"), ""),
    "another secret": lambda _, body: signed(
        base64.b64encode(b"another secret").decode(), "msg_1", body
    ),
    "another body": lambda secret, body: signed(secret, "msg_1", body + " "),
    "another id": lambda secret, body: signed(secret, "msg_1", body) | {"svix-id": "msg_2"},
    "another scheme": lambda secret, body: {
        name: value.replace("v1,", "v2,") for name, value in signed(secret, "msg_1", body).items()
    },
    "a cut signature": lambda secret, body: {
        name: value[:-3] if name == "svix-signature" else value
        for name, value in signed(secret, "msg_1", body).items()
    },
    "too old": lambda secret, body: signed(secret, "msg_1", body, _now(-310)),
    "from the future": lambda secret, body: signed(secret, "msg_1", body, _now(310)),
    "a word as a time": lambda secret, body: (
        signed(secret, "msg_1", body) | {"svix-timestamp": "now"}
    ),
    "no time": lambda secret, body: signed(secret, "msg_1", body) | {"svix-timestamp": ""},
    "a huge time": lambda secret, body: (
        signed(secret, "msg_1", body) | {"svix-timestamp": "9" * 40}
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_invalid_or_old_signature_is_a_400_without_an_effect(
    provider: Provider, people: People, kind: str
) -> None:
    email = new_email(people, people.new())
    body = json.dumps({"type": "email.delivered", "data": {"tags": {"email_id": str(email)}}})

    status, problem = provider.post(body, WRONG[kind](provider.secret, body))  # type: ignore[no-untyped-call]

    assert (status, problem["code"]) == (400, "invalid_signature")
    assert row(people, email)[0] == "sent"


def test_one_of_several_signatures_is_enough(provider: Provider) -> None:
    """The provider signs twice while a secret is being rotated."""
    body = '{"type": "email.opened"}'
    headers = signed(provider.secret, "msg_1", body)
    headers["svix-signature"] = f"v1,b2xk {headers['svix-signature']} v1a,bmV3"

    assert provider.post(body, headers)[0] == 200


def test_a_signed_megabyte_is_read_and_an_unsigned_one_refused(provider: Provider) -> None:
    body = json.dumps({"type": "email.opened", "data": {"subject": "x" * 1024 * 1024}})

    assert provider.post(body)[0] == 200
    assert provider.post(body, {"svix-signature": "v1,x"})[0] == 400


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        ("delivered", "EmailDelivered"),
        ("bounced", "EmailBounced"),
        ("complained", "EmailComplained"),
    ],
)
def test_an_event_is_counted_once(
    provider: Provider,
    people: People,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    metric: str,
) -> None:
    email = new_email(people, people.new())
    for _ in range(2):
        provider.send_event(kind, email)
    lines = [line for line in capsys.readouterr().out.splitlines() if metric in line]
    assert [json.loads(line)[metric] for line in lines] == [[1]]


def test_an_event_is_one_call(provider: Provider, people: People, calls: list[str]) -> None:
    email = new_email(people, people.new())
    provider.send_event("opened", email)
    calls.clear()

    provider.send_event("delivered", email)

    assert calls == ["POST /rest/v1/rpc/record_email_event"]


def test_an_unsigned_request_calls_only_the_limiter(provider: Provider, calls: list[str]) -> None:
    body = '{"type": "email.delivered", "data": {}}'
    calls.clear()

    assert provider.post(body, {"svix-signature": "v1,x"})[0] == 400

    assert set(calls) == {"POST /"}
