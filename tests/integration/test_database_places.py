"""The grid that hides where a user is: `private.snapped`."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import errors

from tests.integration.database import look
from tests.support.profiles import haversine

# 0.01 degrees of latitude on a sphere.
SIDE = 1111.95
MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
LATITUDES = st.floats(-90, 90, allow_nan=False)
LONGITUDES = st.floats(-180, 180, allow_nan=False)
_SNAPPED = """
select extensions.st_y(cell::extensions.geometry) as latitude,
    extensions.st_x(cell::extensions.geometry) as longitude
from unnest(%s::double precision[], %s::double precision[]) with ordinality
    as given (latitude, longitude, place)
cross join lateral private.snapped(given.latitude, given.longitude) as cell
order by given.place
"""


def snapped(url: str, *places: tuple[float, float]) -> Sequence[dict[str, Any]]:
    latitudes, longitudes = zip(*places, strict=True)
    return look(url, _SNAPPED, list(latitudes), list(longitudes))


def place(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": longitude}


@pytest.mark.parametrize(
    ("given", "latitude", "longitude"),
    [
        ((0.004, 0.004), 0, 0),
        ((0.006, -0.006), 0.01, -0.01),
        # 0.01 / cos 52.52° = 0.01643427, 816 times
        ((52.5219, 13.4132), 52.52, 13.410367),
        # Tromsø, where 0.01° of longitude are 387 m: 0.01 / cos 69.65° = 0.02875597, 659 times
        ((69.6492, 18.9553), 69.65, 18.950178),
        ((-90, 77), -90, 0),
        ((89.996, -120), 90, 0),
    ],
)
def test_a_place_becomes_the_middle_of_its_cell(
    url: str, given: tuple[float, float], latitude: float, longitude: float
) -> None:
    [cell] = snapped(url, given)

    assert cell["latitude"] == pytest.approx(latitude, abs=1e-9)
    assert cell["longitude"] == pytest.approx(longitude, abs=1e-5)


@MANY
@given(latitude=LATITUDES, longitude=LONGITUDES)
@example(latitude=90.0, longitude=180.0)
@example(latitude=-16.8, longitude=-179.999)  # Taveuni, through which the date line runs
@example(latitude=89.99, longitude=150.0)
@example(latitude=89.75, longitude=5e-324)
def test_a_place_is_in_its_cell(url: str, latitude: float, longitude: float) -> None:
    [cell] = snapped(url, (latitude, longitude))

    # Half the diagonal of a cell, which is up to three times as wide at the date line.
    assert haversine(place(latitude, longitude), cell) <= SIDE * math.hypot(0.5, 1.5) + 1


@MANY
@given(latitude=LATITUDES, longitude=LONGITUDES)
def test_a_cell_has_one_middle(url: str, latitude: float, longitude: float) -> None:
    [cell] = snapped(url, (latitude, longitude))

    [again] = snapped(url, (cell["latitude"], cell["longitude"]))

    assert haversine(cell, again) < 0.01


@MANY
@given(
    latitude=st.floats(-89.9, 89.9, allow_nan=False),
    longitude=LONGITUDES,
    north=st.floats(-0.49, 0.49),
    east=st.floats(-0.49, 0.49),
)
@example(latitude=-16.8, longitude=180.0, north=0.3, east=0.4)
@example(latitude=-16.8, longitude=-180.0, north=0.3, east=-0.4)
def test_a_place_within_half_a_cell_of_a_middle_is_in_that_cell(
    url: str, latitude: float, longitude: float, north: float, east: float
) -> None:
    """So no cell is smaller than a kilometre, not even at the date line."""
    [cell] = snapped(url, (latitude, longitude))
    step = 0.01 / math.cos(math.radians(cell["latitude"]))
    moved = (cell["longitude"] + east * step + 180) % 360 - 180

    [again] = snapped(url, (cell["latitude"] + north * 0.01, moved))

    assert haversine(cell, again) < 0.01


@pytest.mark.parametrize("latitude", [-90, -89.997, -45.5, 0, 12.34, 78.2, 89.98, 90])
def test_the_date_line_is_one_place(url: str, latitude: float) -> None:
    west, east = snapped(url, (latitude, -180), (latitude, 180))

    assert west == east


def test_longitude_says_nothing_at_a_pole(url: str) -> None:
    cells = snapped(url, *((90, longitude) for longitude in range(-180, 181, 30)))

    assert cells == [place(90, 0)] * len(cells)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        *((value, 13) for value in ("NaN", "Infinity", "-Infinity", 90.0000001, -91)),
        *((52, value) for value in ("NaN", "Infinity", "-Infinity", 180.0000001, -181)),
        *((0, 0), ("-0", 0), (52, None), (None, 13)),
    ],
)
def test_the_table_refuses_an_impossible_place(
    url: str, maya: Any, latitude: object, longitude: object
) -> None:
    with pytest.raises((errors.CheckViolation, errors.NumericValueOutOfRange)):
        look(
            url,
            "insert into public.dog_profiles (user_id, latitude, longitude, located_at)"
            " values (%s, %s::float8, %s::float8, now())",
            *(maya.user_id, latitude, longitude),
        )
