"""To others, a user who is blocked, hidden, banned or deleted looks like an unknown id.

The sample events are the rows of this matrix: a new route that takes the id of a user, match or
session fails here until it has a sample event and answers as it does to an unknown id.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.sample_events import PLACEHOLDER
from tests.support.contract import DOCUMENT, resolved
from tests.support.functions import Function
from tests.support.invisible import OF_PAIRS, OF_USERS, STATES, Pair, new_pair
from tests.support.meetings import BEGINNER
from tests.support.people import People, Person
from tests.support.template import ROOT
from wingman.notifications.email.letters.links import (
    CalendarLink,
    FeedbackLink,
    sign_calendar,
    sign_feedback,
)

Load = Callable[..., Function]
# A path parameter or a field that holds another user's id.
AN_ID = re.compile(r"(user|invitee|partner|liked|passed|blocked|match|session)_ids?")
ALWAYS_WORK = {"safety/put_block", "safety/delete_block", "safety/report"}
OWN_RECORDS = {
    "account/export": "all that the user has stored or received",
    "email_preferences/export": "the emails that the user was sent",
    "safety/list_blocks": "whom the user has blocked",
}
PUBLIC_LINKS = {"session_calendar", "feedback_page"}
# Pages that report an expired link, and withdrawals, which succeed in any case.
UNCONDITIONAL = {"feedback_page/ask", "feedback_page/save", "likes/unlike", "likes/undo_pass"}
# Some of the lists that show a visible user.
SHOWING = {
    *("match_request/list", "session_manage/list", "email_preferences/status", "graphql/lists")
}
ANSWERED = {
    *("profile/card", "reputation/get", "session_manage/get", "match_request/get"),
    *("graphql/card", "graphql/match", "graphql/reputation", "graphql/session", "graphql/send"),
}
GRAPHS_LISTS = {"graphql/lists", "graphql/start"}
VOLATILE = {"date", "ratelimit", "x-request-id"}


@pytest.fixture(scope="module")
def pairs(people: People) -> dict[str, Pair]:
    """Put one pair of users into each state."""
    made = {state: new_pair(people) for state in STATES}
    for state, pair in made.items():
        STATES[state](people, pair.viewer, pair.other)
    return made


def folder_of(name: str) -> str:
    return name.partition("/")[0]


def events() -> dict[str, str]:
    """Return the sample events of signed-in users and of links, keyed `function/case`."""
    paths: list[Path] = sorted((ROOT / "events").glob("*/*.json"))
    texts = {f"{path.parent.name}/{path.stem}": path.read_text() for path in paths}
    return {
        name: text
        for name, text in texts.items()
        if ("{{access_token}}" in text or folder_of(name) in PUBLIC_LINKS)
        # WebSocket frames are not HTTP requests.
        and folder_of(name) != "realtime"
    }


EVENTS = events()


def placeholders(name: str) -> set[str]:
    found = set(PLACEHOLDER.findall(EVENTS[name]))
    return found | ({"session_id"} if "token" in found else set())


def is_list(name: str) -> bool:
    event = json.loads(PLACEHOLDER.sub("0", EVENTS[name]))
    reads = event["requestContext"]["http"]["method"] == "GET" or name in GRAPHS_LISTS
    return reads and "{{access_token}}" in EVENTS[name]


TAKING = [
    name
    for name in EVENTS
    if placeholders(name) & (OF_USERS | OF_PAIRS) and name not in ALWAYS_WORK
]
LISTS = [name for name in EVENTS if is_list(name) and name not in OWN_RECORDS]


def link(name: str, stack: Mapping[str, str], viewer: Person, session_id: str) -> str:
    secret, of = stack["EMAIL_LINK_SECRET"], UUID(session_id)
    if name.startswith("session_calendar/"):
        return sign_calendar(secret, CalendarLink(viewer.id, of))
    return sign_feedback(secret, FeedbackLink(viewer.id, of))


def ask(
    app: Function, name: str, stack: Mapping[str, str], viewer: Person, ids: Mapping[str, str]
) -> Any:
    """Return the status, headers and body, with the request id and the given ids masked."""
    values = {one: str(uuid4()) for one in placeholders(name)} | {
        "access_token": viewer.token,
        "scheduled_time": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
        "challenge_id": str(BEGINNER),
        "token": link(name, stack, viewer, ids["session_id"]),
        **ids,
    }
    text = PLACEHOLDER.sub(lambda found: values[found[1]], EVENTS[name])
    answer = app.invoke(json.loads(text))
    headers = {key.lower(): value for key, value in answer["headers"].items()}
    body = answer["body"] or ""
    for own in [headers.get("x-request-id", ""), *ids.values(), values["token"]]:
        body = body.replace(own, "…") if own else body
    kept = {key: value for key, value in headers.items() if key not in VOLATILE}
    return answer["statusCode"], kept, body


def is_good(answer: Any) -> bool:
    """Return whether the request succeeded; GraphQL reports a refusal with status 200."""
    status, _, body = answer
    return status in range(200, 300) and '"errors":' not in body


def unknown() -> dict[str, str]:
    return {one: str(uuid4()) for one in sorted(OF_USERS | OF_PAIRS)}


def own(pair: Pair) -> dict[str, str]:
    return unknown() | {"user_id": str(pair.viewer.id)}


@pytest.mark.parametrize("folder", sorted({folder_of(name) for name in [*TAKING, *LISTS]}))
def test_an_invisible_user_is_an_unknown_id_and_in_no_list(
    function: Load,
    stack: dict[str, str],
    pairs: dict[str, Pair],
    people: People,
    folder: str,
) -> None:
    app = function(folder, ENABLE_RATE_LIMITING="false")

    for name in filter(lambda one: folder_of(one) == folder, TAKING):
        for state, pair in pairs.items():
            found = ask(app, name, stack, pair.viewer, pair.ids())
            assert found == ask(app, name, stack, pair.viewer, unknown()), (name, state)
            assert not is_good(found) or name in UNCONDITIONAL, (name, state)
    for name in filter(lambda one: folder_of(one) == folder, LISTS):
        for state, pair in pairs.items():
            _, _, body = ask(app, name, stack, pair.viewer, own(pair))
            assert [marker for marker in pair.markers if marker in body] == [], (name, state)

    # Without this, the test would also pass if the answers never showed anyone.
    visible = new_pair(people)
    for name in filter(lambda one: folder_of(one) == folder, SHOWING):
        _, _, body = ask(app, name, stack, visible.viewer, own(visible))
        assert any(marker in body for marker in visible.markers), name
    for name in filter(lambda one: folder_of(one) == folder, ANSWERED):
        assert is_good(ask(app, name, stack, visible.viewer, visible.ids())), name


@pytest.mark.parametrize("name", sorted(ALWAYS_WORK))
def test_blocking_and_reporting_work_and_answer_the_same(
    function: Load, stack: dict[str, str], people: People, name: str
) -> None:
    app, answers = function("safety", ENABLE_RATE_LIMITING="false"), []
    for state in (None, *STATES):
        pair = new_pair(people)
        if state:
            STATES[state](people, pair.viewer, pair.other)
        for ids in (pair.ids(), unknown()):
            status, headers, body = ask(app, name, stack, pair.viewer, ids)
            report = json.loads(body) if body else {}
            answers.append((status, headers | {"content-length": ""}, sorted(report)))

    assert all(answer == answers[0] for answer in answers), answers
    assert answers[0][0] in {201, 204}


def operations() -> dict[str, set[str]]:
    """Return the names of ids that each operation of users takes."""
    found = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and operation.get("security") != []:
                names = set(re.findall(r"{(\w+)}", path))
                names |= {each["name"] for each in map(resolved, operation.get("parameters", ()))}
                names |= set(body_of(operation))
                found[f"{method.upper()} {path}"] = {one for one in names if AN_ID.fullmatch(one)}
    return found


def body_of(operation: Mapping[str, Any]) -> Any:
    if "requestBody" not in operation:
        return ()
    content = resolved(operation["requestBody"])["content"]
    return resolved(next(iter(content.values()))["schema"]).get("properties", ())


def test_each_route_that_takes_a_users_id_is_in_the_matrix() -> None:
    sampled = set()
    for name in [*TAKING, *ALWAYS_WORK]:
        http = json.loads(PLACEHOLDER.sub("0", EVENTS[name]))["requestContext"]
        path = http["routeKey"].partition(" ")[2]
        sampled.add(f"{http['http']['method']} {path}")

    taking = {operation for operation, ids in operations().items() if ids}

    assert taking - sampled == set(), "give it a sample event with the placeholder of the id"
    assert len(taking) > 15


def test_each_list_is_in_the_matrix() -> None:
    sampled = {
        json.loads(PLACEHOLDER.sub("0", text))["requestContext"]["routeKey"].partition(" ")[2]
        for text in EVENTS.values()
    }
    reading = {
        operation.removeprefix("GET ") for operation in operations() if operation.startswith("GET ")
    }
    signed_in = {path for path in reading if path.startswith("/api/")}

    assert signed_in - sampled == set(), "give it a sample event"
