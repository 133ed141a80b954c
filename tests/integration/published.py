"""Users with published profiles, many at once."""

from typing import Any
from uuid import UUID, uuid4

import psycopg

_USERS = """
insert into auth.users (id, email, email_confirmed_at)
select id, id || '@example.com', now() from unnest(%s::uuid[]) as id
"""
_PROFILES = """
insert into public.dog_profiles
    (user_id, display_name, age, latitude, longitude, located_at, created_at)
select id, 'Rex', 4, 52.5219, 13.4132, now(), now() from unnest(%s::uuid[]) as id
"""

_PHOTOS = """
insert into public.photos
(user_id, sort_order, content_type, size_bytes, status, object_path, width, height, placeholder,
    settled_at)
select id, place, 'image/jpeg', 1000, 'ready',
    'public/' || replace(gen_random_uuid()::text, '-', ''), 1080, 810, 'MwcSDIDYeIh4d3h3h3h3', now()
from unnest(%s::uuid[]) as id
cross join generate_series(0, 1) as place
"""


def published(connection: psycopg.Connection[Any], count: int) -> list[UUID]:
    """Make users whose profiles are complete, all alike and in the same place."""
    made = [uuid4() for _ in range(count)]
    connection.execute(_USERS, [made])
    connection.execute(_PROFILES, [made])
    connection.execute(_PHOTOS, [made])
    return made
