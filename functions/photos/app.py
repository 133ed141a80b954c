"""/api/photos: reserve the upload of a photo, list, reorder and delete one's photos."""

from http import HTTPStatus
from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.storage import storage
from wingman.kit.http import (
    IdempotentRequest,
    create_app,
    created,
    lambda_handler,
    limit,
    limit_with_refund,
)
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import AwsSettings, RedisSettings, SupabaseSettings, load
from wingman.photos import models, service
from wingman.photos.limits import PHOTO_UPLOADS
from wingman.photos.settings import PhotoSettings

from fastapi import Response

app = create_app(SupabaseSettings, RedisSettings, AwsSettings, PhotoSettings)


@app.post(
    "/api/photos",
    tags=["photos"],
    status_code=HTTPStatus.CREATED,
    dependencies=[limit_with_refund(PHOTO_UPLOADS)],
)
def create_photo(
    new: models.NewPhoto, caller: CurrentUser, key: IdempotentRequest, response: Response
) -> models.ReservedPhoto:
    """Reserve a photo, and get the form with which its file is uploaded.

    Post the form's fields and then the file to the form's address. The photo is checked, turned
    upright and stored without metadata, and is ready or rejected within 5 seconds.
    """
    bucket = storage(load(PhotoSettings).photos_bucket)
    reserved, upload = service.reserve(get_user_client(caller.token), bucket, new, key=key)
    created(response, f"/api/photos/{reserved.photo.id}", replayed=reserved.replayed)
    return models.ReservedPhoto(photo=reserved.photo, upload=upload)


@app.get("/api/photos", tags=["photos"], dependencies=[limit()])
def list_photos(caller: CurrentUser) -> models.PhotoList:
    """List your photos in order, with those that are pending or rejected."""
    return models.PhotoList(photos=service.list_photos(get_user_client(caller.token)))


@app.put("/api/photos/order", tags=["photos"], dependencies=[limit()])
def order_photos(order: models.PhotoOrder, caller: CurrentUser) -> models.PhotoList:
    """Put your photos into a new order; name each of them once."""
    photos = service.reorder(get_user_client(caller.token), order.photo_ids)
    return models.PhotoList(photos=photos)


@app.get("/api/photos/{photo_id}", tags=["photos"], dependencies=[limit()])
def get_photo(photo_id: UUID, caller: CurrentUser) -> models.Photo:
    """Read one of your photos."""
    return service.get(get_user_client(caller.token), photo_id)


@app.delete(
    "/api/photos/{photo_id}",
    tags=["photos"],
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[limit()],
)
def delete_photo(photo_id: UUID, caller: CurrentUser) -> None:
    """Delete a photo at once; its files are gone within a minute."""
    service.delete(get_user_client(caller.token), photo_id)


handler = lambda_handler(app)
