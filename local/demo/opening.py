"""The opening of `make demo`: accounts, confirmed by email, with profiles and photos."""

import re
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from local.demo.pictures import picture
from local.demo.walk import Person, Walk
from local.errors import StackError
from local.progress import say

_LINK = re.compile(r"/auth/confirm\?token=([^&\s]+)&type=signup")


def register(walk: Walk, name: str) -> Person:
    """Open an account and confirm its address with the link in the email."""
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


def introduce(
    walk: Walk,
    person: Person,
    dog: dict[str, Any],
    place: dict[str, float],
    photos: Sequence[bytes] = (),
) -> None:
    """Fill in a profile with enough photos to be published."""
    walk.put(person, "/api/profile", dog, expected=201)
    walk.put(person, "/api/profile/location", place, expected=200)
    taken = [_upload(walk, person, file) for file in photos or (picture(0), picture(1))]
    walk.until(lambda: all(_is_ready(walk, person, photo) for photo in taken), "checked photos")
    profile = walk.read(person, "/api/profile").json()
    if not profile["published"]:
        raise StackError(f"{person.name}'s profile lacks {', '.join(profile['missing'])}")
    say(f"  {person.name}'s profile is published, with {len(profile['photos'])} photos")


def _upload(walk: Walk, person: Person, file: bytes) -> str:
    """Reserve a photo and upload its file with the returned form; return the photo's path."""
    wanted = {"content_type": "image/png", "size_bytes": len(file)}
    reserved = walk.call(person, "/api/photos", wanted, expected=201)
    form = reserved["upload"]
    walk.send_file(form["url"], form["fields"], file)
    return f"/api/photos/{reserved['photo']['id']}"


def _is_ready(walk: Walk, person: Person, path: str) -> bool:
    photo = walk.look(person, path).json()
    if photo["status"] == "rejected":
        raise StackError(f"{path} was rejected: {photo['rejection']}")
    return bool(photo["status"] == "ready")
