"""The steps of discovery's state machine: how often each is drawn, and with which arguments."""

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.integration.discovery_model import PLACES, Match, Pair

AGES = {"ada": 2, "ben": 4, "cleo": 5, "dan": 12}
WHO = st.sampled_from(list(AGES))
_PAIRS = list(itertools.permutations(AGES, 2))
PAIRS = st.sampled_from(_PAIRS)
WITH_ONESELF = st.sampled_from([*_PAIRS, ("ada", "ada")])
REACHES = st.sampled_from([2_000.0, 12_000.0, 40_000.0, 300_000.0])
WINDOWS = st.sampled_from([(0, 20), (0, 20), (0, 20), (3, 8), (6, 20), (0, 1)])
LIMITS = st.sampled_from([1, 2, 50])
WHICH = st.integers(0, 7)
# How often each step is drawn, and its arguments.
STEPS: dict[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]] = {
    "like": (14, (WITH_ONESELF,)),
    "unlike": (5, (WHICH,)),
    "pass_on": (6, (WITH_ONESELF,)),
    "undo": (5, (WHICH,)),
    "passes_end": (2, ()),
    "invite": (4, (PAIRS,)),
    "answer": (4, (WHICH, st.booleans())),
    "unmatch": (4, (WHICH, st.booleans())),
    "write": (8, (WHICH, st.booleans())),
    "read": (4, (WHICH, st.booleans())),
    "block": (2, (PAIRS,)),
    "unblock": (3, (WHICH,)),
    "an_operator_decides": (2, (WHO, st.sampled_from([True, False, False]))),
    "leave": (1, (WHO,)),
    "show": (4, (WHO, st.sampled_from([True, True, True, False]))),
    "move": (6, (WHO, st.sampled_from([*list(PLACES) * 2, None]))),
    "prefer": (5, (WHO, REACHES, WINDOWS)),
    "discover": (14, (WHO, LIMITS)),
    "page_of_an_old_list": (18, (WHICH, LIMITS, st.booleans(), st.booleans())),
}
# One rule draws all steps: given many rules, Hypothesis leaves most of them out of an example.
STEP = st.sampled_from([name for name, (times, _) in STEPS.items() for _ in range(times)]).flatmap(
    lambda name: st.tuples(st.just(name), st.tuples(*STEPS[name][1]))
)


def one_of(said: set[Pair], which: int) -> Pair:
    """Return a pair from the set, or now and then a fixed one that may not be in it."""
    known = [*sorted(said), ("ada", "ben")]
    return known[which % len(known)]


def some_match(matches: Sequence[Match], which: int) -> Match | None:
    """Return an accepted match; now and then another one."""
    accepted = [each for each in matches if each.status == "accepted"]
    found = accepted or matches if which else matches
    return found[which % len(found)] if found else None
