from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People
from wingman.kit.clients.storage import Storage, storage

Load = Callable[..., Function]


def run(app: Function, case: str) -> dict[str, int]:
    counts: dict[str, int] = app.invoke(app.event(case), milliseconds=50_000)
    return counts


@pytest.fixture
def app(function: Load) -> Function:
    return function("photo_sweep")


@pytest.fixture
def bucket(app: Function, stack: dict[str, str]) -> Storage:
    return storage(stack["PHOTOS_BUCKET"])


def test_the_objects_of_a_deleted_account_are_deleted_within_a_minute(
    app: Function, bucket: Storage, people: People
) -> None:
    maya, path, key = people.new(), f"public/{uuid4().hex}", f"incoming/{uuid4().hex}"
    people.connection.execute(
        "insert into public.photos (user_id, sort_order, content_type, size_bytes, status,"
        " object_path, width, height, placeholder)"
        " values (%s, 1, 'image/png', 5, 'ready', %s, 10, 10, 'x')",
        [maya.id, path],
    )
    people.connection.execute(
        "insert into public.photos (user_id, sort_order, content_type, size_bytes, upload_key)"
        " values (%s, 2, 'image/png', 5, %s)",
        [maya.id, key],
    )
    keys = [key, f"{path}/1080.webp", f"{path}/320.webp"]
    for each in keys:
        bucket.put(each, b"12345", "image/webp", "no-store")
    run(app, "every_minute")
    assert all(bucket.exists(each) for each in keys)

    people.remove(maya)
    assert run(app, "every_minute")["deleted"] >= 3

    assert not any(bucket.exists(each) for each in keys)


def test_the_hourly_event_walks_through_the_bucket(app: Function, bucket: Storage) -> None:
    young = f"public/{uuid4().hex}/320.webp"
    bucket.put(young, b"12345", "image/webp", "no-store")

    assert set(run(app, "every_hour")) == {"settled", "deleted", "lost", "invalidated"}

    assert bucket.exists(young)
    bucket.delete([young])
