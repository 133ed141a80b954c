"""GraphQL answers as REST does, after any history of steps through either."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.rest_and_graph import STEPS, Both, in_rest, whole
from tests.support.functions import Function
from tests.support.people import People, Person

EXAMPLES = int(os.environ.get("GRAPHQL_EXAMPLES", "2"))
USERS = "ABC"
HISTORY = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from(USERS), st.sampled_from(sorted(STEPS))),
    min_size=8,
    max_size=16,
)
# Random steps alone would rarely lead to a match.
BEGINNING = [
    *(("A", "B", "like"), ("B", "A", "like"), ("A", "B", "send"), ("B", "A", "send")),
    *(("A", "B", "plan"), ("C", "A", "invite"), ("A", "C", "accept"), ("C", "B", "like")),
]
LISTS = {
    "matches": ("match_request", "/api/matches", "Match", ""),
    "sessions": ("session_manage", "/api/sessions", "Session", ""),
    "conversations": ("conversations", "/api/conversations", "Conversation", ""),
    "passes": ("likes", "/api/passes", "Pass", ""),
    "notifications": ("notifications", "/api/notifications", "Notification", ""),
    "blocks": ("safety", "/api/blocks", "Block", ""),
    "likes": ("likes", "/api/likes?direction=sent", "Like", "(direction: SENT)"),
    "discovery": ("discovery", "/api/discovery", "DiscoveredProfile", ""),
}
PLURALS = {"discovery": "profiles"}
EXTRA = {"conversations": "head", "notifications": "unread"}


@pytest.fixture
def both(function: Callable[..., Function], people: People) -> Both:
    time = datetime.now(UTC) + timedelta(days=3)
    return Both(function, people, time.isoformat(timespec="seconds"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(HISTORY)
def test_any_history_is_the_same_through_both(both: Both, history: list[Any]) -> None:
    rest, graph = ({name: both.new(name) for name in USERS} for _ in range(2))
    for who, whom, name in [*BEGINNING, *history]:
        by_rest = both.by_rest(rest[who], rest[whom], STEPS[name])
        by_graph = both.by_graph(graph[who], graph[whom], STEPS[name])
        assert by_rest == by_graph, (who, whom, name)
    # This world is the one built through GraphQL; REST refused the same steps in the other one.
    for person in graph.values():
        compare_lists(both, person)
        compare_objects(both, person, [each for each in graph.values() if each != person])


def compare_lists(both: Both, person: Person) -> None:
    for field, (function, path, kind, arguments) in LISTS.items():
        status, page = both.read(function, person, path)
        extra = "head" if field == "conversations" else "unread" if field == "notifications" else ""
        query = (
            f"{{ {field}{arguments} {{ {extra} nodes {whole(kind)} pageInfo {{ endCursor }} }} }}"
        )
        _, body = both.graph.call(person, query)
        if status != 200:
            assert body["errors"][0]["extensions"]["code"] == page["code"], field
            continue
        shown = body["data"][field]
        assert in_rest(shown["nodes"], kind) == page[PLURALS.get(field, field)], field
        assert extra == "" or shown[extra] == page[extra], field


def compare_objects(both: Both, person: Person, others: list[Person]) -> None:
    reads = [
        ("me", "user", "/api/user", "User"),
        ("profile", "profile", "/api/profile", "Profile"),
        ("preferences", "profile", "/api/profile/preferences", "ProfilePreferences"),
        ("wantedPushes", "notifications", "/api/notifications/preferences", "PushPreferences"),
    ]
    for other in others:
        card = f'card(userId: "{other.id}")'
        reads.append((card, "profile", f"/api/profiles/{other.id}", "Card"))
        reputation = f'reputation(userId: "{other.id}")'
        path = f"/api/user/reputation/{other.id}"
        reads.append((reputation, "reputation", path, "Reputation"))
        match_id = both.names_for(person, other)["match"]
        messages = f'messages(matchId: "{match_id}")'
        path = f"/api/conversations/{match_id}/messages"
        reads.append((messages, "conversations", path, "Message"))
    for field, function, path, kind in reads:
        status, found = both.read(function, person, path)
        selection = f"{{ nodes {whole(kind)} }}" if kind == "Message" else whole(kind)
        _, body = both.graph.call(person, f"{{ read: {field} {selection} }}")
        if status != 200:
            assert body["errors"][0]["extensions"]["code"] == found["code"], field
        elif kind == "Message":
            assert in_rest(body["data"]["read"]["nodes"], kind) == found["messages"]
        else:
            assert in_rest(body["data"]["read"], kind) == found, field
