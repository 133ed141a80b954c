"""Phones that get pushes: the notifications shown, and those stored for an offline phone."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible-message-types
MOST_KEYS = 4
MOST_STORED = 100
_FOUR_WEEKS = 2_419_200.0


@dataclass
class Push:
    """An accepted push."""

    id: str
    token: str
    message: Mapping[str, Any]
    accepted_at: float
    ends_at: float

    @property
    def collapse_key(self) -> str | None:
        key = self.message.get("android", {}).get("collapse_key")
        return None if key is None else str(key)

    @property
    def tag(self) -> str:
        android = self.message.get("android", {}).get("notification", {})
        return str(android.get("tag") or self.id)


@dataclass
class Phone:
    """One device: `shown` is its tray by tag, `rang` counts deliveries."""

    online: bool = True
    registered: bool = True
    rang: int = 0
    shown: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    stored: list[Push] = field(default_factory=list)


class Phones:
    """All phones by token; an unknown one is online and registered."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.pushes: list[Push] = []
        self._phones: dict[str, Phone] = {}
        self._clock = clock
        self._passed = 0.0

    @property
    def now(self) -> float:
        return self._clock() + self._passed

    def of(self, token: str) -> Phone:
        return self._phones.setdefault(token, Phone())

    def accept(self, push_id: str, token: str, message: Mapping[str, Any], ttl: float) -> None:
        ttl = min(ttl, _FOUR_WEEKS)
        push = Push(push_id, token, message, self.now, self.now + ttl)
        self.pushes.append(push)
        phone = self.of(token)
        if phone.online:
            self._show(phone, push)
        elif ttl > 0:
            self._store(phone, push)

    def set_online(self, token: str, *, online: bool) -> None:
        """Switch a phone on or off; stored pushes that have not expired are shown when it is on."""
        phone = self.of(token)
        phone.online = online
        if online:
            for push in phone.stored:
                if push.ends_at > self.now:
                    self._show(phone, push)
            phone.stored = []

    def pass_time(self, seconds: float) -> None:
        self._passed += seconds

    def clear(self) -> None:
        self.pushes.clear()
        self._phones.clear()
        self._passed = 0.0

    def as_json(self, token: str) -> dict[str, Any]:
        return asdict(self.of(token))

    def _store(self, phone: Phone, push: Push) -> None:
        """Keep four collapse keys, each with its newest push, or 100 pushes without a key."""
        key = push.collapse_key
        if key is not None:
            phone.stored = [one for one in phone.stored if one.collapse_key != key]
            keys = [one for one in phone.stored if one.collapse_key is not None]
            if len(keys) >= MOST_KEYS:
                phone.stored.remove(keys[0])
        elif sum(one.collapse_key is None for one in phone.stored) >= MOST_STORED:
            phone.stored = []  # FCM discards them all and lets the app know
        phone.stored.append(push)

    def _show(self, phone: Phone, push: Push) -> None:
        phone.rang += 1
        phone.shown[push.tag] = push.message.get("notification", {})
