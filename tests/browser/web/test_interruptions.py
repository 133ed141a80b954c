"""A conversation in two windows while parts fail: nothing is lost or shown twice."""

import json
import shlex
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.looks import DESKTOP, PHONE
from tests.browser.web.conftest import Open, Sizes
from tests.browser.web.talking import Talk, talk
from tests.support.fixtures import ENV_FILE
from tests.support.people import People

pytestmark = pytest.mark.alone


@pytest.fixture
def sizes() -> Sizes:
    return [PHONE, DESKTOP]


@pytest.fixture
def pair(window: Open, people: People, stack: dict[str, str]) -> Talk:
    begun = talk(window, people, stack)
    begun.write(begun.maya, "Hello!")
    begun.assert_each_is_shown_once_and_in_order()
    return begun


def process(part: str) -> psutil.Process:
    """Return the process of a part of the stack."""
    words = dict(word.split("=", 1) for word in shlex.split(ENV_FILE.read_text()))
    return psutil.Process(json.loads(words["PIDS"])[part])


def kill_functions(*names: str) -> int:
    """Kill every container of these functions; return their number."""
    killed = 0
    for child in process("ministack").children():
        with suppress(psutil.NoSuchProcess):  # a zombie
            if any(f"-{name}Function-" in " ".join(child.cmdline()) for name in names):
                child.kill()
                killed += 1
    return killed


@contextmanager
def killing(name: str) -> Iterator[None]:
    """Kill the containers of a function as soon as they start."""
    over = Event()

    def kill() -> None:
        while not over.wait(0.02):
            kill_functions(name)

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(kill)
        try:
            yield
        finally:
            over.set()
            work.result()


@contextmanager
def database_stopped() -> Iterator[None]:
    """Suspend every process of PostgreSQL."""
    server = process("postgres")
    family = [server, *server.children(recursive=True)]
    for each in family:
        each.suspend()
    try:
        yield
    finally:
        for each in family:
            each.resume()


def test_connections_that_the_server_closes_are_opened_again(pair: Talk) -> None:
    before = {side.person.id: pair.connections(side) for side in pair.sides}
    assert [len(found) for found in before.values()] == [1, 1]

    for side in pair.sides:
        pair.close(side)
        pair.write(side, f"Sent into a connection that is gone, to {side.person.first_name}")

    pair.assert_each_is_shown_once_and_in_order()
    for side in pair.sides:
        side.banner(shown=False)
        pair.assert_one_connection_other_than(side, before[side.person.id])


def test_messages_of_a_window_without_a_network_wait_and_arrive_once(pair: Talk) -> None:
    pair.maya.window.context.set_offline(True)
    pair.close(pair.maya)
    pair.maya.banner(shown=True)

    pair.write(pair.maya, "Written in a tunnel")
    pair.write(pair.maya, "And another one")
    pair.write(pair.leo, "Are you there?")
    pair.maya.sending(2)
    pair.maya.window.context.set_offline(False)

    pair.assert_each_is_shown_once_and_in_order()
    pair.maya.banner(shown=False)


def test_a_window_that_is_closed_in_a_tunnel_keeps_what_was_written(pair: Talk) -> None:
    pair.maya.window.context.set_offline(True)
    pair.close(pair.maya)
    pair.maya.banner(shown=True)
    pair.write(pair.maya, "Written before the page was loaded again")
    pair.maya.sending(1)
    pair.maya.window.context.set_offline(False)
    pair.maya.window.page.reload()

    pair.assert_each_is_shown_once_and_in_order()


def test_messages_survive_the_end_of_the_containers_that_handle_them(pair: Talk) -> None:
    killed = 0
    for number in range(2):
        pair.write(pair.sides[number % 2], f"Message {number}")
        killed += kill_functions("Realtime", "Conversations")
    assert killed
    with killing("SessionManage"):
        pair.leo.window.go("Meetings")
        pair.leo.window.at("That did not work")
        pair.leo.window.sees("Something went wrong.")
    pair.leo.window.press("Try again")
    pair.leo.window.sees("No meeting yet.")
    assert pair.leo.window.page.get_by_text("Something went wrong.").count() == 0
    page = pair.leo.window.page
    page.goto(f"{pair.leo.window.url}/#/conversations/{pair.match_id}")

    pair.assert_each_is_shown_once_and_in_order()
    for side in pair.sides:
        side.late(shown=False)


def test_messages_wait_for_a_database_that_is_stopped_for_ten_seconds(pair: Talk) -> None:
    with database_stopped():
        until = time.monotonic() + 10
        pair.write(pair.maya, "The database does not store this yet")
        pair.write(pair.leo, "Nor this")
        pair.maya.sending(1)
        page = pair.leo.window.page
        page.goto(f"{pair.leo.window.url}/#/matches")
        pair.leo.window.at("That did not work")
        pair.leo.window.sees("Nothing was lost; try again shortly.")
        pair.maya.sending(1)
        pair.maya.late(shown=True)
        page.wait_for_timeout(max(0, until - time.monotonic()) * 1000)
    page.get_by_role("button", name="Try again").click()
    pair.leo.window.at("Matches")
    expect(page.get_by_text("Nothing was lost")).to_have_count(0)
    page.goto(f"{pair.leo.window.url}/#/conversations/{pair.match_id}")

    pair.assert_each_is_shown_once_and_in_order()
    pair.maya.late(shown=False)
