"""Generated coordinates, valid and invalid."""

import math

from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-200, 200),
    st.integers(-(10**20), 10**20),
    st.sampled_from(
        [0, -0.0, 90, -90, 180, -180, math.nextafter(90, 91), math.nextafter(180, 181)]
    ),
)
ANYTHING = st.one_of(
    NUMBERS, st.booleans(), st.none(), st.text(max_size=5), NUMBERS.map(str), st.lists(NUMBERS)
)


def is_degrees(value: object, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= most  # false for NaN
