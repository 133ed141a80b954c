import time
from uuid import uuid4

import httpx
from app.client import a
from wingman_client import AuthenticatedClient
from wingman_client.api.photos import create_photo, get_photo
from wingman_client.models import NewPhoto, Photo, PhotoStatus, PhotoType, ReservedPhoto


def upload(api: AuthenticatedClient, file: bytes, type_: PhotoType) -> Photo:
    """Reserve a place, send the file directly to the storage, and wait until it is checked."""
    body = NewPhoto(content_type=type_, size_bytes=len(file))
    key = str(uuid4())
    reserved = a(ReservedPhoto, create_photo.sync(client=api, body=body, idempotency_key=key))
    form = reserved.upload
    # httpx sends files after the fields, as the storage requires.
    sent = httpx.post(form.url, data=form.fields.to_dict(), files={"file": file}, timeout=60)
    sent.raise_for_status()
    while True:
        photo = a(Photo, get_photo.sync(reserved.photo.id, client=api))
        if photo.status is not PhotoStatus.PENDING:
            return photo
        time.sleep(0.5)  # takes a few seconds
