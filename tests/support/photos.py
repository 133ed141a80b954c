"""Photos on the deployed stack: test pictures, uploads, and waiting for the worker."""

import io
import time
from typing import Any

import httpx
from PIL import Image

from tests.support.api import Api
from tests.support.people import Person


def picture(colour: str = "orange", format_: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(file, format_)
    return file.getvalue()


def size(image: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(image)).size


def reserved(api: Api, person: Person, file: bytes, type_: str = "image/jpeg") -> dict[str, Any]:
    body = {"content_type": type_, "size_bytes": len(file)}
    response = api.call("POST", "/api/photos", person, json=body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def uploaded(api: Api, person: Person, file: bytes, type_: str = "image/jpeg") -> dict[str, Any]:
    """Upload a file; return the reservation."""
    made = reserved(api, person, file, type_)
    form = made["upload"]
    sent = httpx.post(form["url"], data=form["fields"], files={"file": ("photo", file)})
    assert sent.status_code == 204, sent.text
    return made


def settled(api: Api, person: Person, photo_id: str) -> dict[str, Any]:
    """Wait until a photo is ready or rejected."""
    ends_at = time.monotonic() + 60
    while True:
        photo: dict[str, Any] = api.call("GET", f"/api/photos/{photo_id}", person).json()
        if photo["status"] != "pending" or time.monotonic() > ends_at:
            return photo
        time.sleep(0.1)


def ready(api: Api, person: Person, colour: str = "orange") -> dict[str, Any]:
    made = uploaded(api, person, picture(colour))
    photo = settled(api, person, made["photo"]["id"])
    assert photo["status"] == "ready", photo
    return photo
