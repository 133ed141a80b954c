"""Photos are read by index, however many there are."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.integration.database import WORKER, Actor, look
from tests.integration.own_database import own_database
from tests.integration.plans import full_scans, plans

_USERS = 3_000
_BIG = ("photos", "doomed_objects", "user_profiles", "user_days")


@pytest.fixture(scope="module")
def url(database_url: str) -> Iterator[str]:
    """A database with 3 000 users of four photos each, and a backlog of objects to delete."""
    with own_database(database_url) as own:
        look(
            own,
            "insert into auth.users (email) select n || '@example.com'"
            " from generate_series(1, %s) as n",
            _USERS,
        )
        look(
            own,
            "insert into public.photos (user_id, sort_order, content_type, size_bytes, status,"
            " object_path, width, height, placeholder)"
            " select id, n, 'image/png', 5, 'ready', 'public/' || md5(id::text || n), 9, 9, 'x'"
            " from public.user_profiles cross join generate_series(1, 3) as n",
        )
        look(
            own,
            "insert into public.photos (user_id, sort_order, content_type, size_bytes)"
            " select id, 4, 'image/png', 5 from public.user_profiles",
        )
        look(
            own,
            "insert into private.user_days"
            " select id, 'reserve_photo', current_date, 1 from auth.users",
        )
        look(
            own,
            "insert into private.doomed_objects (key, in_cdn)"
            " select 'incoming/' || md5(n::text), false from generate_series(1, %s) as n",
            _USERS,
        )
        look(own, "analyze")
        yield own


@pytest.mark.parametrize(
    ("function", "params", "index"),
    [
        ("list_photos", {}, "photos_sort_order"),
        ("get_photo", {"p_photo_id": None}, "photos_sort_order"),
        ("reserve_photo", {"p_content_type": "image/png", "p_size_bytes": 5}, "photos_sort_order"),
        ("delete_photo", {"p_photo_id": None}, "photos_pkey"),
        ("claim_photo", {"p_key": f"incoming/{uuid4().hex}"}, "photos_upload_key"),
        ("settle_photos", {"p_limit": 100}, "photos_to_settle"),
        ("list_doomed_objects", {"p_in_bucket": True, "p_limit": 100}, "doomed_objects_by_age"),
        (
            "unknown_photo_objects",
            {"p_keys": [f"public/{uuid4().hex}/320.webp"]},
            "photos_object_path",
        ),
    ],
)
def test_the_function_reads_by_index(
    url: str, function: str, params: dict[str, object], index: str
) -> None:
    [row] = look(url, "select id, user_id from public.photos limit 1")
    of_user = not function.startswith(("claim", "settle", "list_doomed", "unknown"))
    actor = Actor("authenticated", UUID(str(row["user_id"]))) if of_user else WORKER
    params = {name: row["id"] if value is None else value for name, value in params.items()}

    found = plans(url, actor, function, **params)

    assert full_scans(found, *_BIG) == []
    assert index in found
