"""The opening of `make demo`: accounts, confirmed by email, with profiles and photos."""

import re
import secrets
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from local.errors import StackError
from local.progress import say

if TYPE_CHECKING:
    from local.demo import Walk

_PHOTOS = 2  # others see a profile with fewer not at all
_SIDE = 480
_LINK = re.compile(r"/auth/confirm\?token=([^&\s]+)&type=signup")


@dataclass(frozen=True)
class Person:
    id: UUID
    name: str
    email: str
    token: str


def register(walk: "Walk", name: str) -> Person:
    """Open an account and use the link of the email that confirms its address."""
    email, password = f"{name.lower()}-{uuid4().hex[:6]}@example.com", secrets.token_urlsafe(12)
    account = {"email": email, "password": password, "first_name": name}
    walk.post(name, "/auth/register", account, expected=202)
    text = walk.text_to(email)
    link = _LINK.search(text)
    if link is None:
        raise StackError(f"the email to {email} has no link to confirm it:\n{text}")
    tokens = walk.post(name, "/auth/confirm", {"token": link[1], "type": "signup"}, expected=200)
    say(f"  {name} signed up as {email}")
    return Person(UUID(tokens["user"]["id"]), name, email, tokens["access_token"])


def introduce(walk: "Walk", person: Person, dog: dict[str, Any], place: dict[str, float]) -> None:
    """Fill in a profile, so that others may see it."""
    walk.put(person, "/api/profile", dog, expected=201)
    walk.put(person, "/api/profile/location", place, expected=200)
    taken = [_upload(walk, person, number) for number in range(_PHOTOS)]
    walk.until(lambda: all(_is_ready(walk, person, photo) for photo in taken), "checked photos")
    profile = walk.read(person, "/api/profile").json()
    if not profile["published"]:
        raise StackError(f"{person.name}'s profile lacks {', '.join(profile['missing'])}")
    say(f"  {person.name}'s profile is published, with {len(profile['photos'])} photos")


def _upload(walk: "Walk", person: Person, number: int) -> str:
    """Reserve a photo and post its file with the form of the answer; return the photo's path."""
    file = picture(number)
    wanted = {"content_type": "image/png", "size_bytes": len(file)}
    reserved = walk.call(person, "/api/photos", wanted, expected=201)
    form = reserved["upload"]
    walk.send_file(form["url"], form["fields"], file)
    return f"/api/photos/{reserved['photo']['id']}"


def _is_ready(walk: "Walk", person: Person, path: str) -> bool:
    photo = walk.look(person, path).json()
    if photo["status"] == "rejected":
        raise StackError(f"{path} was rejected: {photo['rejection']}")
    return bool(photo["status"] == "ready")


def picture(number: int) -> bytes:
    """Draw a PNG of its own: a gradient whose colour depends on the number."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x % 256, y % 256, 80 * number % 256)) for x in range(_SIDE))
        for y in range(_SIDE)
    )
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
