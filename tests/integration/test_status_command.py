"""The operator command `make status` shows faults made on purpose."""

import json
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from local.doctor.findings import Finding, Findings, Level, ok
from local.doctor.queues import LEAST_HIDDEN_SECONDS
from local.screen import __main__ as screen
from local.screen import cloud, shared, stored
from tests.integration.database import DirectDatabase, Person, look, new_email, new_person
from tests.support.functions import Function
from wingman.kit import settings
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.dependencies import S3
from wingman.kit.clients.redis import redis

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def environment(
    function: Callable[..., Function], stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    function("coach")
    for name, value in stack.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def database(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the test's own, in which no schedule repairs anything."""
    monkeypatch.setattr(stored, "get_service_client", lambda: DirectDatabase(url))
    return url


def row(section: Callable[[], Findings], start: str) -> Finding:
    [found] = [finding for finding in section() if finding.text.startswith(start)]
    return found


def test_a_photo_that_the_sweep_has_not_settled_is_red(database: str) -> None:
    maya = new_person(database)
    assert row(stored.backlog, "photos").level is Level.OK
    look(
        database,
        "insert into public.photos (user_id, sort_order, content_type, size_bytes, lease,"
        " lease_expires_at) values (%s, 0, 'image/png', 9, gen_random_uuid(),"
        " now() - interval '11 minutes')",
        maya.user_id,
    )

    found = row(stored.backlog, "photos")

    assert found.level is Level.FAIL
    assert found.text.startswith("photos: 1 waiting, the oldest for 66")
    assert "When photos are stuck" in found.advice


def test_a_pause_of_pushes_is_red_and_says_why(database: str) -> None:
    look(
        database,
        "update private.push_pause set paused_until = now() + interval '1 hour', reason = 'key'",
    )

    found = row(stored.backlog, "pushes")

    look(database, "update private.push_pause set paused_until = null")
    assert (found.level, found.text) == (Level.FAIL, "pushes: 0 waiting; paused: key")


def test_a_lane_that_is_late_is_red(database: str, maya: Person) -> None:
    email = new_email(database, maya, due_at="-infinity")
    look(database, "update public.email_logs set due_at = now() - interval '10 minutes'")

    found = row(stored.emails, "urgent")

    look(database, "delete from public.email_logs where id = %s", email)
    assert found.level is Level.FAIL
    assert found.text.startswith("urgent: 1 due, the oldest for 60")


@pytest.fixture
def open_circuit(stack: dict[str, str]) -> Iterator[None]:
    with Redis.from_url(stack["REDIS_URL"]) as connection:
        connection.set(S3.key, json.dumps({"state": "open", "since": 0}))
        yield
        connection.delete(S3.key)


@pytest.mark.usefixtures("open_circuit")
def test_an_open_circuit_is_red() -> None:
    found = row(shared.breakers, "the breaker of s3 is open")

    assert found.level is Level.FAIL


def test_each_queue_has_a_row(stack: dict[str, str]) -> None:
    found = list(cloud.queues())

    assert len(found) == len(LEAST_HIDDEN_SECONDS)
    assert all("waiting" in finding.text for finding in found), stack


def test_a_part_that_is_down_is_a_row_and_the_others_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away() -> Findings:
        raise ConnectionError

    def well() -> Findings:
        yield ok("emails", "nothing waits")

    sections = [("queues", away, "is it up?"), ("emails", well, "")]
    monkeypatch.setattr(screen, "SECTIONS", sections)

    assert screen.main(["--json"]) == 1

    assert json.loads(capsys.readouterr().out) == [
        {
            "level": "fail",
            "subject": "queues",
            "text": "cannot be reached (ConnectionError)",
            "advice": "is it up?",
        },
        {"level": "ok", "subject": "emails", "text": "nothing waits", "advice": ""},
    ]


def test_no_section_ends_the_screen_without_its_dependency(
    function: Callable[..., Function],
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nowhere = {name: NOWHERE for name, value in stack.items() if value.startswith("http://")}
    nowhere["DATABASE_URL"] = "postgresql://postgres:none@127.0.0.1:9/postgres"
    function("coach", **nowhere)
    for name, value in nowhere.items():
        monkeypatch.setenv(name, value)
    settings._load.cache_clear()
    redis.cache_clear()
    get_service_client.cache_clear()

    assert screen.main([]) == 1

    shown = capsys.readouterr().out
    for subject, _, _ in screen.SECTIONS:
        assert f"fail  {subject:<12} cannot be reached" in shown
