"""Two people who chat, each in a window of the web client."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import boto3
from playwright.sync_api import expect
from redis import Redis

from local.servers import REGION
from tests.browser.web.app import PATIENCE_MS, Window
from tests.browser.web.conftest import Open
from tests.support.people import People, Person
from tests.support.profiles import match


@dataclass(frozen=True)
class Side:
    """One of the two people, and their window."""

    person: Person
    window: Window

    def banner(self, *, shown: bool) -> None:
        """Wait until the window shows, or hides, the note that it is not connected."""
        note = self.window.page.get_by_text("Connecting again")
        expect(note).to_be_visible(visible=shown, timeout=PATIENCE_MS)

    def late(self, *, shown: bool) -> None:
        """Wait until the window shows, or hides, the note that a message is late."""
        note = self.window.page.get_by_text("Not sent yet. Still trying").first
        expect(note).to_be_visible(visible=shown, timeout=PATIENCE_MS)

    def sending(self, count: int) -> None:
        """Wait until `count` messages are shown as on their way."""
        on_their_way = self.window.page.locator("[data-state=sending]")
        expect(on_their_way).to_have_count(count, timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Talk:
    """An open conversation; `sent` has each text that either of them has written."""

    maya: Side
    leo: Side
    match_id: UUID
    people: People
    stack: Mapping[str, str]
    sent: list[str]

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.maya, self.leo

    def write(self, side: Side, text: str) -> None:
        side.window.write(text)
        self.sent.append(text)

    def stored(self) -> list[str]:
        found = self.people.connection.execute(
            "select text from public.messages where match_id = %s order by seq", (self.match_id,)
        )
        return [text for (text,) in found.fetchall()]

    def assert_each_is_shown_once_and_in_order(self) -> None:
        """Wait until every message has arrived, then compare both windows with the database."""
        for side in self.sides:
            placed = side.window.page.get_by_role("log").locator("li[data-seq]")
            expect(placed).to_have_count(len(self.sent), timeout=2 * PATIENCE_MS)
            side.sending(0)
        stored = self.stored()
        assert sorted(stored) == sorted(self.sent)
        assert self.maya.window.messages() == self.leo.window.messages() == stored

    # --- connections, as the server knows them ------------------------------------------------

    def connections(self, side: Side) -> set[str]:
        with Redis.from_url(self.stack["REDIS_URL"], decode_responses=True) as redis:
            found: dict[str, str] = redis.hgetall(f"connections:user:{side.person.id}")
        return {name for name, entry in found.items() if not entry.endswith(" removed")}

    def assert_one_connection_other_than(self, side: Side, before: set[str]) -> None:
        """Wait until a side has exactly one connection, and it is not in `before`."""
        for _ in range(PATIENCE_MS // 500):
            after = self.connections(side)
            if len(after) == 1 and not after & before:
                return
            side.window.page.wait_for_timeout(500)
        raise AssertionError(f"{before} became {after}")

    def close(self, side: Side) -> None:
        """Close the connection of a side from the server."""
        gateway = boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=self.stack["REALTIME_ENDPOINT"],
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        for connection in self.connections(side):
            gateway.delete_connection(ConnectionId=connection)


def talk(open_: Open, people: People, stack: Mapping[str, str]) -> Talk:
    """Let two people who matched open their conversation, each in a window."""
    maya, leo = (people.sign_in(person)[0] for person in people.pair())
    match_id = match(people, maya, leo)
    sides = [Side(person, open_()) for person in (maya, leo)]
    for side in sides:
        side.window.hand_over(side.person)
        side.window.page.goto(f"{side.window.url}/#/conversations/{match_id}")
        side.window.page.get_by_role("log").wait_for()
        side.window.page.locator("body[data-connection=open]").wait_for()
    return Talk(sides[0], sides[1], match_id, people, stack, [])
