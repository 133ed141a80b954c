"""Events for Sentry are valid for Sentry's own SDK and for the normaliser of its ingestion."""

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sentry_relay
from sentry_relay.processing import StoreNormalizer
from sentry_sdk.envelope import Envelope
from sentry_sdk.utils import Dsn

from wingman.kit.clients.database import DatabaseError
from wingman.kit.errors import Conflict, ProblemError
from wingman.kit.reporting.events import Circumstances, event, fingerprint
from wingman.kit.reporting.sending import address, envelope

SECRETS = {
    "address": "maya@example.com",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "name": "Maya Lindqvist",
    "text": "see you at the lake at eight",
}
EVENT_ID = "0123456789abcdef0123456789abcdef"
ABOUT = Circumstances(
    function="match_request",
    route="POST /api/matches",
    request_id="req-1=",
    caused_by=("req-0",),
    trace_root="1-6743a1b2-0123456789abcdef01234567",
    environment="production",
    version="1.4.0/feature+a",
)


def raised(act: Callable[[], object]) -> Exception:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - tests raise any error
        return error
    raise AssertionError("nothing was raised")


def crash(email: str = SECRETS["address"], text: str = SECRETS["text"]) -> None:
    token, names = SECRETS["token"], {"first": SECRETS["name"]}
    try:
        int(f"{email} {token} {text} {names}")
    except ValueError as error:
        error.add_note(text)
        raise KeyError(names["first"], email) from error


def broken(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def sent(error: BaseException, about: Circumstances = ABOUT) -> dict[str, Any]:
    """Return the event as Sentry's SDK parses it."""
    wire = envelope(event(error, about, EVENT_ID, 1_795_846_314.5), EVENT_ID)
    read = Envelope.deserialize(wire)
    assert read.headers["event_id"] == EVENT_ID
    [item] = read.items
    assert (item.type, item.headers["content_type"]) == ("event", "application/json")
    found = read.get_event()
    assert found is not None
    return dict(found)


def test_no_value_of_the_program_is_sent() -> None:
    group = raised(broken(ExceptionGroup(SECRETS["text"], [raised(crash)])))
    for error in (raised(crash), group, raised(broken(DatabaseError("23505", "x", "y")))):
        text = json.dumps(sent(error))
        assert [name for name, secret in SECRETS.items() if secret in text] == []
        assert not re.search(r"[\w.]+@[\w-]+\.\w+", text.replace("wingman@1.4.0", ""))


def test_only_named_facts_are_sent() -> None:
    found = sent(raised(crash))
    assert set(found) == {
        *("event_id", "timestamp", "platform", "level", "logger", "release", "environment"),
        *("transaction", "tags", "contexts", "exception", "sdk"),
    }
    for value in found["exception"]["values"]:
        assert set(value) == {"type", "module", "value", "mechanism", "stacktrace"}
        for frame in value["stacktrace"]["frames"]:
            assert set(frame) <= {
                *("filename", "module", "function", "lineno", "in_app", "context_line"),
            }


def test_an_event_names_request_release_and_trace() -> None:
    found = sent(raised(crash))
    assert found["tags"] == {
        "function": "match_request",
        "request_id": "req-1=",
        "route": "POST /api/matches",
        "caused_by": "req-0",
    }
    assert found["release"] == "wingman@1.4.0-feature+a"
    assert found["environment"] == "production"
    assert found["transaction"] == "POST /api/matches"
    assert found["contexts"]["trace"]["trace_id"] == "6743a1b20123456789abcdef01234567"


def test_the_cause_comes_first_as_sentry_requires() -> None:
    values = sent(raised(crash))["exception"]["values"]
    assert [value["type"] for value in values] == ["ValueError", "KeyError"]
    assert values[-1]["stacktrace"]["frames"][-1]["function"] == "crash"
    assert values[-1]["stacktrace"]["frames"][-1]["filename"] == "kit/test_error_events.py"


def test_the_code_of_an_error_of_ours_is_sent_and_no_other_text() -> None:
    values = {
        str(error): sent(raised(broken(error)))["exception"]["values"][-1]["value"]
        for error in (
            DatabaseError("23505", "duplicate", "maya@example.com"),
            Conflict("Maya has said no"),
            DatabaseError("maya@example.com", "x", None),
            SystemError("XX000"),
        )
    }
    assert list(values.values()) == ["23505", "conflict", "", ""]


def test_the_members_of_a_group_keep_their_order() -> None:
    group = ExceptionGroup("two", [ValueError("a"), KeyError("b")])
    values = sent(raised(broken(group)))["exception"]["values"]
    assert [value["type"] for value in values] == ["KeyError", "ValueError", "ExceptionGroup"]
    assert [value["mechanism"].get("parent_id") for value in values] == [0, 0, None]


def test_long_chains_and_stacks_are_cut() -> None:
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        raise ValueError

    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert len(sent(first)["exception"]["values"]) == 2
    with contextlib.suppress(ValueError):
        deep(300)
    frames = sent(raised(lambda: deep(300)))["exception"]["values"][0]["stacktrace"]["frames"]
    assert len(frames) == 50
    many = ExceptionGroup("many", [ValueError(str(n)) for n in range(500)])
    assert len(sent(many)["exception"]["values"]) == 10


@pytest.mark.parametrize(
    "error", [raised(crash), RuntimeError(), ExceptionGroup("a", [ProblemError()])], ids=repr
)
def test_sentrys_ingestion_finds_nothing_wrong(error: BaseException) -> None:
    """The normaliser is Relay's: it reports invalid values as errors in `_meta`."""
    given = event(error, ABOUT, EVENT_ID, 1_795_846_314.5)
    normalizer = StoreNormalizer(
        project_id=1,
        is_renormalize=False,
        enable_trimming=True,
        max_secs_in_past=10**9,
        max_secs_in_future=10**9,
    )
    found = normalizer.normalize_event(json.loads(json.dumps(given)))
    assert "errors" not in found, found["errors"]
    assert "_meta" not in found, found["_meta"]
    assert ["request_id", "req-1="] in found["tags"]
    assert found["release"] == given["release"]
    assert len(found["exception"]["values"]) == len(given["exception"]["values"])  # type: ignore[index]


@pytest.mark.parametrize("version", ["1.4.0", "v1/2 b\n", "dev", "a" * 100])
def test_a_release_is_one_that_sentry_takes(version: str) -> None:
    about = Circumstances(**vars(ABOUT) | {"version": version})
    release = sent(RuntimeError(), about)["release"]
    assert sentry_relay.processing.parse_release(release)["package"] == "wingman"


def test_the_same_error_at_the_same_lines_has_one_fingerprint() -> None:
    found = [
        fingerprint(raised(lambda text=text: crash("leo@example.com", text)))  # type: ignore[misc]
        for text in ("some words", "other words")
    ]
    assert found[0] == found[1] != fingerprint(raised(broken(KeyError())))


def test_a_fingerprint_is_the_same_wherever_a_container_has_the_code() -> None:
    found = []
    for path in ("/var/task/app.py", "/opt/copy/app.py"):
        scope: dict[str, Any] = {"__name__": "app"}
        exec(compile("def handler():\n    raise ValueError", path, "exec"), scope)  # noqa: S102
        found.append(fingerprint(raised(scope["handler"])))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "dsn",
    [
        "https://0aB9@o1.ingest.de.sentry.io/42",
        "http://key@127.0.0.1:8702/sentry/1",
        "https://key@errors.example.com/a/b/7",
    ],
)
def test_envelopes_go_where_sentrys_sdk_sends_them(dsn: str) -> None:
    theirs = Dsn(dsn).to_auth("wingman/1.0")
    url, key = address(dsn)
    assert url == theirs.get_api_url()
    assert key == theirs.public_key
