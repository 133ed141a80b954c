"""Finds a user by moving around and noting the places where an answer changes."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

EARTH_METRES = 6_371_008.8


@dataclass(frozen=True)
class Place:
    """A place in degrees."""

    latitude: float
    longitude: float

    def towards(self, bearing: float, metres: float) -> "Place":
        """Return the place in that direction, in degrees from north."""
        lat, lon = math.radians(self.latitude), math.radians(self.longitude)
        angle, turn = metres / EARTH_METRES, math.radians(bearing)
        to_lat = math.asin(
            math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(turn)
        )
        to_lon = lon + math.atan2(
            math.sin(turn) * math.sin(angle) * math.cos(lat),
            math.cos(angle) - math.sin(lat) * math.sin(to_lat),
        )
        return Place(math.degrees(to_lat), math.degrees(to_lon))

    def metres_to(self, other: "Place") -> float:
        lat, to_lat = math.radians(self.latitude), math.radians(other.latitude)
        half = (
            math.sin((to_lat - lat) / 2) ** 2
            + math.cos(lat)
            * math.cos(to_lat)
            * math.sin(math.radians(other.longitude - self.longitude) / 2) ** 2
        )
        return 2 * EARTH_METRES * math.asin(math.sqrt(min(1, half)))


Oracle = Callable[[Place], bool]
"""Answers a spy's yes-or-no question at a place."""
Edge = tuple[Place, float]
"""A place where the answer changes, and the distance to the user that this reveals."""


def edges(
    oracle: Oracle,
    start: Place,
    *,
    bearings: Iterable[float],
    reach: float,
    within: float,
    radius: Callable[[Place], float],
) -> list[Edge]:
    """Walk from a place where the oracle says yes, in each direction, until it says no.

    Edges are found to `within` metres; directions without an edge are left out.
    """
    assert oracle(start)
    found = []
    for bearing in bearings:
        near, far = 0.0, reach
        if oracle(start.towards(bearing, far)):
            continue
        while far - near > within:
            middle = (near + far) / 2
            if oracle(start.towards(bearing, middle)):
                near = middle
            else:
                far = middle
        edge = start.towards(bearing, (near + far) / 2)
        found.append((edge, radius(edge)))
    return found


def located(found: Sequence[Edge], guess: Place) -> Place:
    """Return the place whose distances fit best (Gauss-Newton)."""
    assert len(found) >= 3
    at = guess
    for _ in range(50):
        north, east = _step(found, at)
        length = math.hypot(north, east)
        at = at.towards(math.degrees(math.atan2(east, north)), min(length, 2000))
        if length < 0.01:
            break
    return at


def _step(found: Sequence[Edge], at: Place) -> tuple[float, float]:
    """Solve the normal equations of distance(edge, at) = radius, linearised around `at`."""
    probe = 1.0
    nn = ne = ee = nr = er = 0.0
    for edge, radius in found:
        here = edge.metres_to(at)
        by_north = (edge.metres_to(at.towards(0, probe)) - here) / probe
        by_east = (edge.metres_to(at.towards(90, probe)) - here) / probe
        rest = radius - here
        nn, ne, ee = nn + by_north**2, ne + by_north * by_east, ee + by_east**2
        nr, er = nr + by_north * rest, er + by_east * rest
    det = nn * ee - ne * ne
    return (nr * ee - er * ne) / det, (er * nn - nr * ne) / det
