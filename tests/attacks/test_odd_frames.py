"""Frames of any text: each is answered, and none closes its connection."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attacks.test_realtime import FRAMES, opened
from tests.support.functions import Function
from tests.support.people import People
from tests.support.realtime import MemoryPosts, live
from wingman.kit.clients.redis import redis

Load = Callable[..., Function]


@pytest.fixture
def posts() -> MemoryPosts:
    return MemoryPosts()


@pytest.fixture
def app(function: Load, posts: MemoryPosts, monkeypatch: pytest.MonkeyPatch) -> Function:
    found = function("realtime")
    monkeypatch.setattr(found.module, "realtime", lambda: live(redis(), posts))
    return found


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.uuids().map(str)
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
_FIELDS = st.sampled_from(["type", "match_id", "client_id", "text", "seq", "after_seq", "x"])
_KINDS = st.sampled_from([*FRAMES, "ping", "pong", "$connect", "", None, 1])
_FRAMES = st.builds(
    lambda kind, fields: json.dumps({"type": kind} | fields, allow_nan=True),
    _KINDS,
    st.dictionaries(_FIELDS, _JSON, max_size=6),
)
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60), _JSON.map(json.dumps), _FRAMES
)


def test_any_frame_is_answered_with_a_frame_and_closes_nothing(
    function: Load, posts: MemoryPosts, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = function("realtime", ENABLE_RATE_LIMITING="false")
    monkeypatch.setattr(app.module, "realtime", lambda: live(redis(), posts))
    phone = opened(app, posts, people.new())

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(text=_TEXTS)
    def is_answered(text: str) -> None:
        answer = phone.say(text)
        assert answer is None or answer["type"] in {"error", "pong"}
        assert (answer or {}).get("code") != "internal_error"
        assert not phone.is_closed

    is_answered()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 32_000, "malformed_json"),
        ('{"a":' * 5_000, "malformed_json"),
        ("x" * 32_769, "payload_too_large"),
        ("x" * 1_000_000, "payload_too_large"),
        ('{"type":"ping","x":"' + "é" * 16_384 + '"}', "payload_too_large"),
        ('{"type":"ping","x":"' + "é" * 16_000 + '"}', "invalid_request"),
        ("", "malformed_json"),
        ("null", "invalid_request"),
        ('{"type":"ping"}{"type":"ping"}', "malformed_json"),
        ('{"type":"read","match_id":"\\ud800","seq":1}', "invalid_request"),
        ('{"\\ud800":1,"type":"ping"}', "invalid_request"),
        ('{"type":"sync","match_id":"%s","after_seq":1e999}', "invalid_request"),
        ('{"type":"sync","match_id":"%s","after_seq":' + "9" * 5000 + "}", "malformed_json"),
        ('{"type":"sync","match_id":"%s","after_seq":-1}', "invalid_request"),
        ('{"type":"send","match_id":"%s","client_id":"%s","text":"a\\u0000b"}', "invalid_request"),
        ('{"type":"send","match_id":"%s","client_id":"%s","text":"\\ud800"}', "invalid_request"),
        ('{"type":"send","match_id":"%s","client_id":"%s"}', "invalid_request"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_odd_frame_is_refused_by_name(
    app: Function, posts: MemoryPosts, people: People, text: str, code: str
) -> None:
    phone = opened(app, posts, people.new())
    answer = phone.say(text.replace("%s", str(uuid4()))) or {}
    assert (answer["type"], answer["code"]) == ("error", code)
    assert not phone.is_closed


def test_a_binary_frame_is_refused(app: Function, posts: MemoryPosts, people: People) -> None:
    phone = opened(app, posts, people.new())
    answer = phone.say("eyJ0eXBlIjoicGluZyJ9", isBase64Encoded=True) or {}
    assert answer["code"] == "malformed_json"
