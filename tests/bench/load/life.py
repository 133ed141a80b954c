"""The life of an app's user, from sign-up to a planned session, through the API only.

A life calls through `Phone`, so it does not depend on Locust, pacing or counting.
"""

import json
import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from local.demo.pictures import picture

PHOTOS = 2
# Rounds before a user logs out and another one signs up.
ROUNDS = 8
_PATIENCE = 60  # seconds for an email, and for photos
_LOOK_AGAIN = 2  # seconds until the next look
_VIENNA = (48.2085, 16.3721)
_LINK = re.compile(r"/auth/confirm\?token=([^&\s]+)&type=signup")
_START = """query Start { me { id firstName } profile { displayName published }
conversations(first: 20) { head nodes { matchId unreadCount lastMessage { text } } } }"""


class StuckError(Exception):
    """A user cannot go on, because something did not arrive or failed."""


class Phone(Protocol):
    """The app of one user: each call waits for the user's pace, and is counted under its name."""

    token: str

    def call(
        self, method: str, path: str, body: object = None, *, name: str = "", expected: int = 200
    ) -> Any:
        """Return the body of the answer. Raises an error for an unexpected status."""
        ...

    def upload(self, url: str, fields: Mapping[str, str], file: bytes) -> None: ...

    def text_to(self, address: str) -> str | None:
        """Return the text of the last email to an address, without using the API."""
        ...

    def rest(self, seconds: float) -> None: ...

    def talk(self, match_id: str, text: str) -> None:
        """Send a message over the user's WebSocket, which is opened for the first one."""
        ...

    def hang_up(self) -> None: ...


@dataclass
class Crowd:
    """The ids of current users; those of earlier lives never answer a like."""

    here: set[str] = field(default_factory=set)


@dataclass
class Life:
    phone: Phone
    crowd: Crowd
    dice: random.Random
    id: str = ""
    liked: set[str] = field(default_factory=set)
    matches: list[str] = field(default_factory=list)

    def live(self) -> None:
        """Sign up, be seen, look around, and log out."""
        try:
            self.sign_up()
            self.introduce()
            self.crowd.here.add(self.id)
            for _ in range(ROUNDS):
                self.look_around()
            self.phone.hang_up()  # the end of a session closes its connections
            self.phone.call("POST", "/auth/logout", {}, expected=204)
        finally:
            self.crowd.here.discard(self.id)
            self.phone.hang_up()

    def sign_up(self) -> None:
        email = f"load-{uuid4().hex}@example.com"
        account = {"email": email, "password": uuid4().hex, "first_name": "Maya"}
        self.phone.call("POST", "/auth/register", account, expected=202)
        for _ in self._waiting("the email that confirms an address"):
            link = _LINK.search(self.phone.text_to(email) or "")
            if link:
                break
        proof = {"token": link[1] if link else "", "type": "signup"}
        found = self.phone.call("POST", "/auth/confirm", proof)
        self.id, self.phone.token = found["user"]["id"], found["access_token"]

    def introduce(self) -> None:
        """Fill in the profile, without which discovery refuses a user."""
        dog = {"display_name": "Rex", "age": self.dice.randrange(1, 12), "activity_level": "high"}
        self.phone.call("PUT", "/api/profile", dog, expected=201)
        latitude, longitude = (each + self.dice.uniform(-0.05, 0.05) for each in _VIENNA)
        place = {"latitude": latitude, "longitude": longitude}
        self.phone.call("PUT", "/api/profile/location", place)
        wanted = {"max_distance": 30, "distance_unit": "kilometers"}
        self.phone.call("PUT", "/api/profile/preferences", wanted)
        for number in range(PHOTOS):
            self._add_photo(number)
        for _ in self._waiting("two ready photos"):
            photos = self.phone.call("GET", "/api/photos")["photos"]
            if rejected := [each["rejection"] for each in photos if each["rejection"]]:
                raise StuckError(f"a photo was rejected: {rejected[0]}")
            if all(photo["status"] == "ready" for photo in photos):
                return

    def _add_photo(self, number: int) -> None:
        file = picture(number)
        wanted = {"content_type": "image/png", "size_bytes": len(file)}
        form = self.phone.call("POST", "/api/photos", wanted, expected=201)["upload"]
        self.phone.upload(form["url"], form["fields"], file)

    def _waiting(self, what: str) -> Iterator[None]:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            self.phone.rest(_LOOK_AGAIN)
            yield
        raise StuckError(f"{what} did not come within {_PATIENCE} s")

    def look_around(self) -> None:
        """Discover and like users, answer likes, and talk to the last match."""
        found = self.phone.call("GET", "/api/discovery?limit=20", name="GET /api/discovery")
        self._like_one([each["user_id"] for each in found["profiles"]])
        path = "/api/likes?direction=received"
        received = self.phone.call("GET", path, name="GET /api/likes")["likes"]
        self._like_one([each["user"]["user_id"] for each in received])
        if self.matches:
            self._talk(self.matches[-1])
        self.phone.call("POST", "/graphql", {"query": _START}, name="POST /graphql")

    def _like_one(self, ids: list[str]) -> None:
        """Like a current user if one is listed, else anyone."""
        new = [each for each in ids if each not in self.liked]
        wanted = [each for each in new if each in self.crowd.here] or new
        if not wanted:
            return
        other = self.dice.choice(wanted)
        self.liked.add(other)
        path = f"/api/likes/{other}"
        match = self.phone.call("PUT", path, name="PUT /api/likes/{user_id}")["match"]
        if match:
            self.matches.append(match["id"])
            self._plan(match["id"])

    def _plan(self, match_id: str) -> None:
        time_of_day = datetime.now(UTC) + timedelta(days=3, minutes=self.dice.randrange(600))
        plan = {
            "match_id": match_id,
            "venue_name": "Burggarten",
            "scheduled_time": time_of_day.isoformat(timespec="seconds"),
        }
        self.phone.call("POST", "/api/sessions", plan, expected=201)

    def _talk(self, match_id: str) -> None:
        self.phone.talk(match_id, "Hi! Does Luna like water?")
        path = f"/api/conversations/{match_id}"
        name = "POST /api/conversations/{match_id}/messages"
        message = {"client_id": str(uuid4()), "text": "Shall we meet at three?"}
        self.phone.call("POST", f"{path}/messages", message, name=name, expected=201)
        name = "GET /api/conversations/{match_id}/messages"
        page = self.phone.call("GET", f"{path}/messages", name=name)["messages"]
        seen = {"seq": page[-1]["seq"]}
        self.phone.call("PUT", f"{path}/read", seen, name="PUT /api/conversations/{match_id}/read")
        self.phone.call("GET", "/api/conversations")
        self.phone.call("GET", "/api/sessions")


def frame(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind} | fields)
