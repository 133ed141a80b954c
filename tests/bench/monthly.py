"""The steps of the story of `make capacity ARGS=measure`, each repeated by several pairs."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from redis import Redis
from websockets.sync.client import ClientConnection, connect

from local.demo import passing_time
from tests.bench.images import photo
from tests.bench.meters import Meters
from tests.support.limits import refill
from tests.support.people import People, Person
from tests.support.profiles import LOCATION, PROFILE, add_photos
from tests.support.uploads import jpeg

# Steps that both users of a pair take.
BY_BOTH = {"register_device", "connect", "disconnect", "confirm"}
_PATIENCE, _UPLOADS = 90, 5
_PASSWORD = "a long walk in the park"
_SETTLED = "select count(*) from public.photos where user_id = %s and status <> 'pending'"
_READY = "select count(*) from public.photos where user_id = %s and status = 'ready'"
_LINK = re.compile(r"/auth/confirm\?token=([^&\s]+)&type=signup")
_PLACE = {"latitude": 48.2085, "longitude": 16.3721}


@dataclass
class Pair:
    """Two users, and the ids of their data."""

    maya: Person
    leo: Person
    email: str = field(default_factory=lambda: f"{uuid4().hex}@example.com")
    session: dict[str, Any] = field(default_factory=dict)
    match_id: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    sockets: list[ClientConnection] = field(default_factory=list)


def _signed_in(people: People) -> tuple[Person, Person]:
    maya, leo = (people.sign_in(person)[0] for person in people.pair())
    return maya, leo


class Story:
    def __init__(
        self, values: Mapping[str, str], people: People, meters: Meters, pairs: int
    ) -> None:
        self.values, self.people, self.meters = values, people, meters
        self._http = httpx.Client(base_url=values["API_URL"], timeout=_PATIENCE)
        self._redis = Redis.from_url(values["REDIS_URL"])
        self.pairs = [Pair(*_signed_in(people)) for _ in range(pairs)]
        self.file = jpeg(photo((800, 600)), quality=85)

    def refill(self) -> None:
        refill(self._redis)

    def call(self, person: Person | None, method: str, path: str, body: Any = None) -> Any:
        headers = person.authorization if person else {}
        answer = self._http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise SystemExit(f"{method} {path} answered {answer.status_code}: {answer.text}")
        self.meters.requests.append(path)
        return answer.json() if answer.content else None

    def steps(self) -> Iterator[tuple[str, Callable[[Pair], object]]]:
        """Yield the steps in the order of dependency."""
        for step in (
            self.register, self.log_in, self.refresh, self.introduce, self.add_photo,
            self.register_device, self.first_discovery, self.discovery_page, self.view_profile,
            self.like, self.pass_by, self.like_back, self.invite, self.accept, self.connect,
            self.message, self.disconnect, self.message_away, self.list_conversations,
            self.read_messages, self.list_notifications, self.list_matches, self.plan,
            self.confirm, self.reputation,
        ):  # fmt: skip
            yield step.__name__, step

    def register(self, pair: Pair) -> None:
        account = {"email": pair.email, "password": _PASSWORD, "first_name": "Ada"}
        self.call(None, "POST", "/auth/register", account)
        text = self._wait(lambda: self._email_to(pair.email), "the email that confirms")
        token = _LINK.search(text)
        assert token, text
        confirm = {"token": token[1], "type": "signup"}
        pair.session = self.call(None, "POST", "/auth/confirm", confirm)

    def log_in(self, pair: Pair) -> None:
        known = {"email": pair.email, "password": _PASSWORD}
        pair.session = self.call(None, "POST", "/auth/login", known)

    def refresh(self, pair: Pair) -> None:
        token = {"refresh_token": pair.session["refresh_token"]}
        pair.session = self.call(None, "POST", "/auth/refresh", token)

    def introduce(self, pair: Pair) -> None:
        self.call(pair.maya, "PUT", PROFILE, {"display_name": "Rex", "age": 4})
        self.call(pair.maya, "PUT", LOCATION, _PLACE)

    def add_photo(self, pair: Pair) -> None:
        """Upload until a photo is ready: on a busy machine, the decoder may be too slow."""
        for tried in range(_UPLOADS):
            self._upload(pair.maya)
            self._wait(partial(self._has_settled, pair.maya, tried), "a photo")
            if self._count(_READY, pair.maya.id):
                return
        raise SystemExit("the decoder is too slow here: measure when the machine has less to do")

    def _upload(self, person: Person) -> None:
        wanted = {"content_type": "image/jpeg", "size_bytes": len(self.file)}
        form = self.call(person, "POST", "/api/photos", wanted)["upload"]
        sent = httpx.post(form["url"], data=form["fields"], files={"file": self.file}, timeout=60)
        sent.raise_for_status()

    def register_device(self, pair: Pair) -> None:
        for person in (pair.maya, pair.leo):
            phone = {"platform": "android", "token": f"capacity-{uuid4().hex}"}
            self.call(person, "PUT", f"/api/devices/{uuid4()}", phone)

    def prepare_first_discovery(self) -> None:
        """Publish all profiles, with the photos that they need."""
        for pair in self.pairs:
            for person in (pair.maya, pair.leo):
                add_photos(self.people.connection, person.id, 2)
            self.call(pair.leo, "PUT", PROFILE, {"display_name": "Luna", "age": 5})
            self.call(pair.leo, "PUT", LOCATION, _PLACE)

    def first_discovery(self, pair: Pair) -> None:
        self.call(pair.maya, "GET", "/api/discovery?limit=20")

    def discovery_page(self, pair: Pair) -> None:
        self.first_discovery(pair)

    def view_profile(self, pair: Pair) -> None:
        self.call(pair.maya, "GET", f"/api/profiles/{self._others(pair, 3)[0]}")

    def like(self, pair: Pair) -> None:
        self.call(pair.maya, "PUT", f"/api/likes/{self._others(pair, 3)[1]}", {})

    def pass_by(self, pair: Pair) -> None:
        self.call(pair.maya, "PUT", f"/api/passes/{self._others(pair, 3)[2]}", {})

    def prepare_like_back(self) -> None:
        for pair in self.pairs:
            self.call(pair.leo, "PUT", f"/api/likes/{self._next(pair).maya.id}", {})

    def like_back(self, pair: Pair) -> None:
        """Return the like of another pair's Leo, which makes a match."""
        other = self.pairs[self.pairs.index(pair) - 1].leo
        assert self.call(pair.maya, "PUT", f"/api/likes/{other.id}", {})["match"]

    def invite(self, pair: Pair) -> None:
        body = {"invitee_id": str(pair.leo.id), "venue_suggestion": "Café Central"}
        pair.match_id = self.call(pair.maya, "POST", "/api/matches", body)["id"]

    def accept(self, pair: Pair) -> None:
        self.call(pair.leo, "POST", f"/api/matches/{pair.match_id}/respond", {"action": "accept"})

    def connect(self, pair: Pair) -> None:
        """Open a connection for each of the two."""
        for person in (pair.maya, pair.leo):
            ticket = self.call(person, "POST", "/api/realtime/tickets")
            url = f"{ticket['url']}?ticket={ticket['ticket']}"
            pair.sockets.append(connect(url, proxy=None, open_timeout=_PATIENCE))

    def message(self, pair: Pair) -> None:
        """Send a message to a connected partner, who reads it."""
        mayas, leos = pair.sockets
        self._send(mayas, pair, type="send", client_id=str(uuid4()), text="Shall we meet at six?")
        seq = self._frame(leos, "message")["message"]["seq"]
        self._frame(mayas, "ack")
        self._send(leos, pair, type="read", seq=seq)
        self._frame(mayas, "read")

    def disconnect(self, pair: Pair) -> None:
        for socket in pair.sockets:
            socket.close()

    def message_away(self, pair: Pair) -> None:
        """Send a message to a disconnected partner, who gets a push."""
        body = {"client_id": str(uuid4()), "text": "Or rather at seven?"}
        self.call(pair.maya, "POST", f"/api/conversations/{pair.match_id}/messages", body)

    def after_message_away(self) -> None:
        """Wait for the pushes, which are delayed by half a minute."""
        pushed = "select count(*) from private.pushes where status = 'sent'"
        before = self._count(pushed)
        with suppress(SystemExit):
            self._wait(lambda: self._count(pushed) >= before + len(self.pairs), "the pushes", 45)

    def list_conversations(self, pair: Pair) -> None:
        self.call(pair.leo, "GET", "/api/conversations")

    def read_messages(self, pair: Pair) -> None:
        self.call(pair.leo, "GET", f"/api/conversations/{pair.match_id}/messages")

    def list_notifications(self, pair: Pair) -> None:
        self.call(pair.leo, "GET", "/api/notifications")

    def list_matches(self, pair: Pair) -> None:
        self.call(pair.leo, "GET", "/api/matches")

    def plan(self, pair: Pair) -> None:
        challenges = self.call(pair.maya, "GET", "/api/challenges?difficulty=beginner")
        first, second, *_ = challenges["challenges"]
        at = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() + 3 * 86_400))
        body = {
            "match_id": pair.match_id,
            "venue_name": "Burggarten",
            "scheduled_time": at,
            "user1_challenge_id": first["id"],
            "user2_challenge_id": second["id"],
        }
        pair.plan = self.call(pair.maya, "POST", "/api/sessions", body)

    def prepare_confirm(self) -> None:
        with psycopg.connect(self.values["DATABASE_URL"]) as connection:
            for pair in self.pairs:
                connection.execute(passing_time.BEGIN, {"session_id": pair.plan["id"]})

    def confirm(self, pair: Pair) -> None:
        for person in (pair.maya, pair.leo):
            self.call(person, "POST", f"/api/sessions/{pair.plan['id']}/confirm")

    def reputation(self, pair: Pair) -> None:
        self.call(pair.maya, "GET", f"/api/user/reputation/{pair.leo.id}")

    def _has_settled(self, person: Person, before: int) -> bool:
        return self._count(_SETTLED, person.id) > before

    def _next(self, pair: Pair) -> Pair:
        return self.pairs[(self.pairs.index(pair) + 1) % len(self.pairs)]

    def _others(self, pair: Pair, count: int) -> list[Any]:
        found = self.people.connection.execute(
            "select user_id from private.candidates where user_id <> all(%s)"
            " order by md5(user_id::text || %s) limit %s",
            ([one.id for each in self.pairs for one in (each.maya, each.leo)], pair.email, count),
        )
        return [row[0] for row in found.fetchall()]

    def _send(self, socket: ClientConnection, pair: Pair, **frame: object) -> None:
        socket.send(json.dumps({"match_id": pair.match_id, **frame}))
        self.meters.frames += 1

    def _frame(self, socket: ClientConnection, kind: str) -> Any:
        while (frame := json.loads(socket.recv(timeout=_PATIENCE)))["type"] != kind:
            self.meters.frames += 1
        self.meters.frames += 1
        return frame

    def _email_to(self, address: str) -> Any:
        found = httpx.get(
            f"{self.values['RESEND_API_URL']}/_sandbox/emails", params={"to": address}
        )
        return found.json()[0]["text"] if found.json() else None

    def _count(self, query: str, *values: object) -> int:
        found = self.people.connection.execute(query.encode(), values).fetchone()
        return int(found[0]) if found else 0

    def _wait(self, found: Callable[[], Any], what: str, seconds: float = _PATIENCE) -> Any:
        until = time.monotonic() + seconds
        while not (value := found()):
            if time.monotonic() > until:
                raise SystemExit(f"{what} did not come within {seconds} s: look at GET /health")
            time.sleep(0.2)
        return value
