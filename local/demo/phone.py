"""A phone in `make demo`, to which the push sandbox delivers."""

from uuid import uuid4

from local.demo.walk import Person, Walk
from local.progress import say


def register_phone(walk: Walk, person: Person) -> str:
    """Register a phone for pushes; return its token."""
    phone = {"platform": "android", "token": f"demo-{uuid4().hex}"}
    walk.put(person, f"/api/devices/{uuid4()}", phone, expected=200)
    return phone["token"]


def show_push(walk: Walk, person: Person, token: str) -> None:
    """Wait until a phone has received a push, and show it."""
    walk.until(lambda: bool(walk.pushes(token)), "1 push")
    for shown in walk.pushes(token):
        say(f"  📱 {person.name}'s phone: {shown['title']}: {shown['body']}")
