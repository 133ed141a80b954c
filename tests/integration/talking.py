"""Two people in a match who write to each other, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tests.integration.connections import Connection, Row
from tests.integration.database import WORKER, Person, call, invoke, look, sqlstate
from tests.integration.feeds import feed, stored
from tests.integration.meetings import Pair


def message(match_id: object, text: object = "Hello", **more: object) -> dict[str, object]:
    """Return the parameters of a new message."""
    return {"p_match_id": match_id, "p_client_id": uuid4(), "p_text": text} | more


@dataclass(frozen=True)
class Talk:
    """The conversation of a pair."""

    pair: Pair

    @property
    def url(self) -> str:
        return self.pair.url

    def send(self, person: Person, text: str | None = "Hello", **more: object) -> Any:
        sent = message(self.pair.match_id, text, **more)
        return call(self.url, person, "send_message", **sent)["message"]

    def say(self, *said: tuple[Person, str]) -> None:
        for person, text in said:
            self.send(person, text)

    def refusal(self, person: Person, step: str = "send_message", **more: object) -> str:
        asked: dict[str, object] = {"p_match_id": self.pair.match_id}
        if step == "send_message":
            asked = message(self.pair.match_id)
        return sqlstate(self.url, person, step, **asked | more)[1]

    def page(self, person: Person, **wanted: object) -> Any:
        return call(self.url, person, "list_messages", p_match_id=self.pair.match_id, **wanted)

    def texts(self, person: Person, **wanted: object) -> list[str]:
        return [each["text"] for each in self.page(person, **wanted)["messages"]]

    def read(self, person: Person, seq: int) -> int:
        answer = call(self.url, person, "mark_read", p_match_id=self.pair.match_id, p_seq=seq)
        return int(answer["read_seq"])

    def receive(self, person: Person, seq: int) -> None:
        call(self.url, person, "mark_received", p_match_id=self.pair.match_id, p_seq=seq)

    def hide(self, person: Person) -> None:
        call(self.url, person, "hide_conversation", p_match_id=self.pair.match_id)

    def shown(self, person: Person) -> Any:
        """Return the conversation as the person's list has it, or None."""
        found = conversations(self.url, person)
        return next((each for each in found if each["match_id"] == str(self.pair.match_id)), None)

    def unmatch(self, person: Person) -> None:
        call(self.url, person, "unmatch", p_match_id=self.pair.match_id)

    def stored(self) -> list[Row]:
        return look(
            self.url,
            "select * from public.messages where match_id = %s order by seq",
            self.pair.match_id,
        )

    def fill(self, count: int) -> None:
        """Add this many messages, written in turns; the conversation must have one already."""
        look(
            self.url,
            "insert into public.messages (match_id, seq, sender_id, client_id, text, sent_at)"
            " select match_id, last_seq + n, case when n %% 2 = 0 then %s else %s end,"
            " gen_random_uuid(), 'Message ' || n, last_sent_at"
            " from private.conversations, generate_series(1, %s) as n where match_id = %s",
            *(self.pair.first.user_id, self.pair.second.user_id, count, self.pair.match_id),
        )
        look(
            self.url,
            "update private.conversations set last_seq = last_seq + %s where match_id = %s",
            *(count, self.pair.match_id),
        )


def conversations(url: str, person: Person, **page: object) -> list[Any]:
    return list(call(url, person, "list_conversations", **page)["conversations"])


def head(url: str, person: Person) -> str:
    return str(call(url, person, "list_conversations")["head"])


def sending(connection: Connection, match_id: object, **more: object) -> Any:
    """Send in an open transaction."""
    return invoke(connection, "send_message", **message(match_id, **more))[0]["send_message"]


def numbers(messages: Sequence[Row]) -> list[int]:
    return [each["seq"] for each in messages]


def new_playground(url: str, person: Person, name: str = "Dog run") -> UUID:
    (row,) = look(
        url,
        "insert into public.playgrounds (owner_id, name, latitude, longitude)"
        " values (%s, %s, 52.5, 13.4) returning id",
        *(person.user_id, name),
    )
    return UUID(str(row["id"]))


def unread_by_definition(url: str) -> list[Row]:
    """Return the members whose stored unread count is not the number of unread messages."""
    return look(
        url,
        "select member.* from private.conversation_members as member"
        " where unread_count <> (select count(*) from public.messages as message"
        " where message.match_id = member.match_id"
        " and message.sender_id is distinct from member.user_id"
        " and message.seq > greatest(member.read_seq, member.hidden_seq))",
    )


def wait(url: str) -> None:
    """Let 30 seconds pass for waiting notifications, and list them."""
    look(url, "update public.notifications set due_at = now() where seq is null")
    call(url, WORKER, "list_due_notifications", p_limit=1000)


def listed(url: str, person: Person) -> list[Any]:
    return [each for each in feed(url, person) if each["kind"] == "message"]


def waiting(url: str, person: Person) -> list[Any]:
    return [each for each in stored(url, person) if each["seq"] is None]
