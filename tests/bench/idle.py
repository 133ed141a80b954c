"""Measures requests that trigger email, on the deployed stack without other load."""

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import httpx
import pytest

from tests.support.api import Api
from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.people import People
from wingman.kit.clients.database import get_anon_client


@dataclass
class Idle:
    """Seconds of each request, and from each invitation until its email was accepted."""

    invite: list[float] = field(default_factory=list)
    respond: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)


def idle(values: Mapping[str, str], times: int) -> Idle:
    """Invite a user and let them decline, again and again, one request at a time."""
    stack, found = dict(values), Idle()
    with (
        People(stack) as people,
        Inbox(stack["RESEND_API_URL"]) as inbox,
        Api(stack["API_URL"]) as api,
    ):
        for _ in range(times):
            _once(found, people, inbox, api)
    return found


def _once(found: Idle, people: People, inbox: Inbox, api: Api) -> None:
    maya, leo = people.pair()
    asked = time.time()
    with _timed(found.invite):
        match_id = api.invited(maya, leo)
    [email] = inbox.wait_for(leo, 1)
    found.accepted.append(datetime.fromisoformat(email["accepted_at"]).timestamp() - asked)
    with _timed(found.respond):
        answer = api.answer(leo, match_id, "decline")
    assert answer.status_code == HTTPStatus.OK, answer.text
    inbox.wait_for(maya, 1)


@dataclass
class Warm:
    """Seconds in a warm function without a gateway, and the calls of one request."""

    invite: list[float] = field(default_factory=list)
    respond: list[float] = field(default_factory=list)
    ping: list[float] = field(default_factory=list)
    calls: float = 0


def warm(values: Mapping[str, str], times: int) -> Warm:
    """Do the same in this process; for comparison, ask the database only for the time."""
    stack, found, sent = dict(values), Warm(), list[str]()
    with (
        pytest.MonkeyPatch.context() as patch,
        People(stack) as people,
        redirect_stdout(io.StringIO()),  # logs
    ):
        _count(patch, sent)
        request = Function("match_request", stack, patch, {})
        respond = Function("match_respond", stack, patch, {})
        for _ in range(times):
            sent.clear()
            _warm_once(found, people, request, respond)
            found.calls = len(sent) / 2
            with _timed(found.ping):
                get_anon_client().rpc("ping", {}, idempotent=True)
    return found


def _warm_once(found: Warm, people: People, request: Function, respond: Function) -> None:
    maya, leo = people.pair()
    of_maya = {"access_token": maya.token, "idempotency_key": str(maya.id)}
    with _timed(found.invite):
        _, match, _ = request.call("create", invitee_id=str(leo.id), **of_maya)
    with _timed(found.respond):
        status, _, _ = respond.call("decline", access_token=leo.token, match_id=match["id"])
    assert status == HTTPStatus.OK


def _count(patch: pytest.MonkeyPatch, calls: list[str]) -> None:
    send = httpx.HTTPTransport.handle_request

    def counted(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        return send(transport, request)

    patch.setattr(httpx.HTTPTransport, "handle_request", counted)


@contextmanager
def _timed(taken: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    taken.append(time.perf_counter() - began)
