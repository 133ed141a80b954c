"""People with devices, and a sender with a provider in memory."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from tests.integration.connections import Row
from tests.integration.database import (
    DirectDatabase,
    Person,
    call,
    look,
)
from tests.support.pushes import MemoryProvider
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.push import service
from wingman.notifications.push.repository import DatabasePushes
from wingman.notifications.push.service import Sender

MANY = [uuid4() for _ in range(1000)]


@dataclass
class Phones:
    """Registers devices of people in sessions of their own."""

    url: str

    def give(self, person: Person, token: str | None = None) -> tuple[UUID, str]:
        session_id, device_id = uuid4(), uuid4()
        chosen = token or uuid4().hex
        look(
            self.url,
            "insert into auth.sessions (id, user_id, created_at) values (%s, %s, now())",
            *(session_id, person.user_id),
        )
        call(
            self.url,
            replace(person, session_id=session_id),
            "put_device",
            p_device_id=device_id,
            p_platform="ios",
            p_token=chosen,
        )
        return session_id, chosen


@dataclass
class Post:
    """Sends what is due in a database of its own."""

    url: str
    provider: MemoryProvider
    sender: Sender

    def send(self) -> None:
        service.send(self.sender, MANY)

    def wait(self) -> None:
        """End every pause, lease and wait before a retry."""
        look(self.url, "update private.push_pause set paused_until = null")
        look(
            self.url,
            "update private.pushes set due_at = now(), lease_expires_at = now()"
            " where claimable_at is not null",
        )

    def row(self, person: Person) -> Row:
        found = look(
            self.url,
            "select push.* from private.pushes as push"
            " inner join public.notifications as listed on push.notification_id = listed.id"
            " where listed.user_id = %s order by listed.entry desc limit 1",
            person.user_id,
        )
        return found[0]


def new_post(url: str) -> Post:
    look(url, "delete from private.pushes")
    # A sender also lists notifications that other tests have planned.
    look(url, "delete from public.notifications where seq is null")
    provider = MemoryProvider()
    pushes = DatabasePushes(DirectDatabase(url))
    return Post(url, provider, Sender(pushes, provider, Brand(), "https://app.example"))
