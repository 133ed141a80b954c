"""Pushes, from a registered device to its tray, through the function and the sandbox."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.fcm import FcmSandbox
from tests.support.functions import Context, Function, imported
from tests.support.notifications import notify
from tests.support.people import People, Person
from tests.support.profiles import Profiles
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.push import service

Load = Callable[..., Function]
EVENTS = Path(__file__).parents[2] / "events/push_sender"


@pytest.fixture
def fcm(stack: dict[str, str]) -> Iterator[FcmSandbox]:
    with FcmSandbox(stack["FCM_URL"]) as sandbox:
        yield sandbox


@pytest.fixture
def registered(function: Load, people: People) -> Callable[[Person], str]:
    devices = Profiles(function("devices", ENABLE_RATE_LIMITING="false"), people)

    def register(person: Person) -> str:
        signed_in, _ = people.sign_in(person)
        token = uuid4().hex
        body = {"platform": "android", "token": token}
        devices.done(signed_in, "PUT", f"/api/devices/{uuid4()}", body)
        return token

    return register


def run(function: Load) -> Any:
    """Send the pushes that are due, as for a queue message that names many."""
    app = function("push_sender")
    event = json.loads((EVENTS / "two_messages.json").read_text())
    event["Records"][0]["body"] = json.dumps({"push_ids": [str(uuid4()) for _ in range(200)]})
    return app.invoke(event, milliseconds=30_000)


def due_again(people: People) -> None:
    people.connection.execute("update private.push_pause set paused_until = null")
    people.connection.execute(
        "update private.pushes set due_at = now(), lease_expires_at = now()"
        " where claimable_at is not null"
    )


def test_a_notification_is_in_the_tray_of_the_device(
    function: Load, people: People, fcm: FcmSandbox, registered: Callable[[Person], str]
) -> None:
    leo = people.new("Leo")
    token = registered(leo)
    notify(people, leo, facts={"partner_name": "Maya <b>"})

    assert run(function) == {"batchItemFailures": []}

    (push,) = fcm.pushes(token)
    assert push["notification"] == {"title": "Wingman", "body": "Maya <b> said yes"}
    assert push["data"]["user_id"] == str(leo.id)
    assert len(fcm.phone(token)["shown"]) == 1
    assert "Maya &lt;b&gt; said yes" in fcm.page()
    run(function)
    assert len(fcm.pushes(token)) == 1


def test_a_repeat_after_a_lost_answer_shows_one_notification(
    function: Load, people: People, fcm: FcmSandbox, registered: Callable[[Person], str]
) -> None:
    leo = people.new("Leo")
    token = registered(leo)
    notify(people, leo)
    fcm.plan("lost_response", token)

    run(function)
    due_again(people)
    run(function)

    assert len(fcm.pushes(token)) == 2
    assert len(fcm.phone(token)["shown"]) == 1


@pytest.mark.parametrize("mode", ["UNAVAILABLE", "INTERNAL", "broken", "withdrawn"])
def test_a_transient_failure_delays_a_push(
    function: Load,
    people: People,
    fcm: FcmSandbox,
    registered: Callable[[Person], str],
    mode: str,
) -> None:
    leo = people.new("Leo")
    token = registered(leo)
    notify(people, leo)
    fcm.plan(mode, token)

    run(function)
    due_again(people)
    run(function)

    assert len(fcm.pushes(token)) == 1


def test_the_token_of_a_removed_app_is_forgotten(
    function: Load, people: People, fcm: FcmSandbox, registered: Callable[[Person], str]
) -> None:
    leo = people.new("Leo")
    gone, kept = registered(leo), registered(leo)
    fcm.change_phone(gone, registered=False)
    notify(people, leo)

    run(function)

    rows = people.connection.execute(
        "select token from private.devices where user_id = %s", (leo.id,)
    ).fetchall()
    assert [token for (token,) in rows] == [kept]
    assert len(fcm.pushes(kept)) == 1


def test_a_phone_that_was_offline_gets_what_is_still_useful(
    function: Load, people: People, fcm: FcmSandbox, registered: Callable[[Person], str]
) -> None:
    leo = people.new("Leo")
    token = registered(leo)
    fcm.change_phone(token, online=False)
    for _ in range(6):
        notify(people, leo)

    run(function)

    assert fcm.phone(token)["shown"] == {}
    assert len(fcm.change_phone(token)["shown"]) == 6


def test_only_the_malformed_message_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    app = imported("push_sender")
    sent: list[UUID] = []
    monkeypatch.setattr(service, "sender", lambda: None)
    monkeypatch.setattr(service, "send", lambda _, ids: sent.extend(ids))
    batch = json.loads((EVENTS / "malformed_message.json").read_text())

    answer = app.handler(batch, Context())

    malformed, good = batch["Records"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": malformed["messageId"]}]}
    assert [str(one) for one in sent] == json.loads(good["body"])["push_ids"]


def test_without_the_database_every_message_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    app = imported("push_sender")

    def away(*_: object) -> None:
        raise DependencyUnavailable("supabase")

    monkeypatch.setattr(service, "sender", lambda: None)
    monkeypatch.setattr(service, "send", away)
    batch = json.loads((EVENTS / "two_messages.json").read_text())

    answer = app.handler(batch, Context())

    ids = [{"itemIdentifier": record["messageId"]} for record in batch["Records"]]
    assert answer == {"batchItemFailures": ids}
