import json
from uuid import UUID, uuid4

from app.client import a
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from wingman_client import AuthenticatedClient
from wingman_client.api.conversations import create_ticket, list_messages, send_message
from wingman_client.models import Message, MessagePage, NewMessage, Ticket

PATIENCE = 30  # seconds


class Chat:
    """One conversation on a connection. `shown` has each message once, in order."""

    def __init__(self, api: AuthenticatedClient, match_id: UUID) -> None:
        self._api, self._match_id = api, match_id
        self.shown: list[Message] = []
        self.connect()

    def connect(self) -> None:
        """Open a connection with a new ticket, because a ticket works once."""
        ticket = a(Ticket, create_ticket.sync(client=self._api))
        self._socket = connect(f"{ticket.url}?ticket={ticket.ticket}", open_timeout=PATIENCE)
        self._catch_up()

    def send(self, **content: str) -> None:
        """Send a text or a playground_id, and wait until the message is stored."""
        client_id = str(uuid4())  # the same for every attempt
        frame = {"match_id": str(self._match_id), "client_id": client_id, **content}
        try:
            self._socket.send(json.dumps({"type": "send", **frame}))
            while not any(str(message.client_id) == client_id for message in self.shown):
                self.receive()
        except (ConnectionClosed, TimeoutError):
            body = NewMessage.from_dict(frame)
            self._take(a(Message, send_message.sync(self._match_id, client=self._api, body=body)))
            self.connect()

    def receive(self) -> None:
        """Wait for one frame."""
        frame = json.loads(self._socket.recv(timeout=PATIENCE))
        if frame.get("type") in {"ack", "message"}:
            self._take(Message.from_dict(frame["message"]))
        elif frame.get("type") == "error":
            raise RuntimeError(frame["code"])

    def _take(self, message: Message) -> None:
        """Show the next message; drop one that is already shown, and fetch missing ones."""
        if message.match_id != self._match_id or message.seq <= self._last:
            return
        if message.seq > self._last + 1:
            self._catch_up()
        else:
            self.shown.append(message)

    def _catch_up(self) -> None:
        has_more = True
        while has_more:
            found = list_messages.sync(self._match_id, client=self._api, after_seq=self._last)
            page = a(MessagePage, found)
            self.shown += page.messages
            has_more = page.has_more

    @property
    def _last(self) -> int:
        return self.shown[-1].seq if self.shown else 0

    def close(self) -> None:
        self._socket.close()
