"""Every link of the API document works with the ids in the answer that it belongs to."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis import Redis

from tests.support.api import Api
from tests.support.contract import DOCUMENT, Json, resolved
from tests.support.limits import refill
from tests.support.meetings import BEGINNER, Meeting, in_days, match, meeting
from tests.support.people import People, Person
from tests.support.profiles import ALEXANDERPLATZ, REX, add_photos

Source = tuple[str, str]
"""An operation and the status of one of its answers."""
Answer = tuple[Any, Person]
OPERATIONS: Mapping[str, tuple[str, str, Json]] = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
LINKED: Mapping[Source, Mapping[str, Json]] = {
    (name, status): answer["links"]
    for name, (_, _, operation) in OPERATIONS.items()
    for status, answer in operation["responses"].items()
    if "links" in answer
}
# The target knows the ids: it succeeds, or it refuses the operation for another reason.
FOLLOWED = {200, 201, 204, 403, 409}
NONE_YET = "You have given no feedback on this session."


class Story:
    """Calls operations by their ids, and keeps the first answer of each operation and status."""

    def __init__(self, api: Api, redis: Redis) -> None:
        self._api = api
        self._redis = redis
        self.answers: dict[Source, Answer] = {}

    def call(
        self,
        name: str,
        person: Person,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> httpx.Response:
        refill(self._redis)  # the whole story takes a second or two
        method, path, _ = OPERATIONS[name]
        for parameter, value in parameters.items():
            path = path.replace("{" + parameter + "}", str(value))
        answer = self._api.call(method.upper(), path, person, json=body, params=query)
        if (source := (name, str(answer.status_code))) in LINKED:
            self.answers.setdefault(source, (answer.json(), person))
        return answer


@pytest.fixture
def story(api: Api, people: People, stack: dict[str, str]) -> Iterator[Story]:
    """Get an answer from every operation that has links."""
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        story = Story(api, redis)
        maya, leo = people.pair()
        _show_a_dog(story, people, maya)
        _match_and_meet(story, people, maya, leo)
        off, missed = meeting(people), meeting(people)
        story.call("cancel_session", off.maya, session_id=off.session_id)
        missed.starts_in(-timedelta(hours=1))
        story.call("report_no_show", missed.maya, session_id=missed.session_id)
        _try_challenges(story, maya)
        _add_a_playground(story, maya)
        _write(story, people, maya)
        _register_a_device(story, people, maya)
        story.call("put_block", maya, user_id=uuid4())
        story.call("list_blocks", maya)
        _like_and_unmatch(story, people, maya)
        yield story


def _match_and_meet(story: Story, people: People, maya: Person, leo: Person) -> None:
    ada = people.new("Ada")
    withdrawn = story.call("request_match", maya, {"invitee_id": str(ada.id)}).json()["id"]
    story.call("withdraw_match", maya, match_id=withdrawn)
    match_id = story.call("request_match", maya, {"invitee_id": str(leo.id)}).json()["id"]
    story.call("list_matches", maya)
    story.call("get_match", maya, match_id=match_id)
    story.call("respond_to_match", leo, {"action": "accept"}, match_id=match_id)
    plan = {"match_id": match_id, "venue_name": "Zoo", "scheduled_time": in_days(3)}
    session_id = story.call("create_session", maya, plan).json()["id"]
    story.call("list_sessions", maya)
    story.call("get_session", maya, session_id=session_id)
    story.call("update_session", maya, {"notes": "By the gate."}, session_id=session_id)
    Meeting(people, maya, leo, match_id, session_id).starts_in(-timedelta(hours=3))
    for person in (maya, leo):
        story.call("confirm_session", person, session_id=session_id)
    for _ in range(2):
        story.call("give_feedback", maya, {"rating": 5}, session_id=session_id)
    story.call("get_feedback", maya, session_id=session_id)
    story.call("export_email_data", maya, user_id=maya.id)
    story.call("get_email_preferences", maya, user_id=maya.id)
    story.call("change_email_preferences", maya, {"quiet_hours": None}, user_id=maya.id)
    story.call("get_user", maya)
    story.call("update_user", maya, {"first_name": "Maya"})


def _try_challenges(story: Story, person: Person) -> None:
    story.call("list_challenges", person)
    attempt = {"outcome": "done", "reflection": "Easier than I thought."}
    tried = story.call("submit_challenge", person, attempt, challenge_id=BEGINNER).json()
    story.call("list_submissions", person)
    story.call("get_submission", person, submission_id=tried["id"])


def _register_a_device(story: Story, people: People, person: Person) -> None:
    signed_in, _ = people.sign_in(person)
    device = {"platform": "ios", "token": uuid4().hex}
    story.call("put_device", signed_in, device, device_id=uuid4())
    story.call("list_devices", signed_in)


def _add_a_playground(story: Story, person: Person) -> None:
    added = story.call("create_playground", person, {"name": "Dog park", **ALEXANDERPLATZ}).json()
    story.call("list_playgrounds", person, query={"q": "dog park"})
    story.call("get_playground", person, playground_id=added["id"])
    story.call("change_playground", person, {"name": "The dog park"}, playground_id=added["id"])


def _write(story: Story, people: People, maya: Person) -> None:
    match_id = match(people, maya, people.new("Ada"))
    message = {"client_id": str(uuid4()), "text": "Hello"}
    for _ in range(2):
        story.call("send_message", maya, message, match_id=match_id)
    story.call("list_messages", maya, match_id=match_id)
    story.call("list_conversations", maya)


def _like_and_unmatch(story: Story, people: People, maya: Person) -> None:
    luna, passed = people.new("Luna"), people.new("Ben")
    for person in (luna, passed):
        add_photos(people.connection, person.id, 2)
        story.call("put_profile", person, REX)
        story.call("put_location", person, dict(ALEXANDERPLATZ))
    story.call("discover_profiles", maya)
    story.call("like_user", luna, user_id=maya.id)
    story.call("list_likes", maya, query={"direction": "received"})
    liked = story.call("like_user", maya, user_id=luna.id).json()
    story.call("pass_user", maya, user_id=passed.id)
    story.call("list_passes", maya)
    story.call("unmatch", maya, match_id=liked["match"]["id"])


def _show_a_dog(story: Story, people: People, person: Person) -> None:
    add_photos(people.connection, person.id, 3)
    for _ in range(2):
        story.call("put_profile", person, REX)
    story.call("change_profile", person, {"age": 5})
    story.call("put_location", person, dict(ALEXANDERPLATZ))
    story.call("get_profile", person)
    other = people.new("Ada")
    story.call("put_profile", other, REX)
    story.call("put_location", other, dict(ALEXANDERPLATZ))
    add_photos(people.connection, other.id, 2)
    story.call("get_card", person, user_id=other.id)
    photos = [photo["id"] for photo in story.call("list_photos", person).json()["photos"]]
    story.call("order_photos", person, {"photo_ids": photos})
    story.call("get_photo", person, photo_id=photos[0])


def test_every_link_works_with_the_ids_in_its_answer(story: Story) -> None:
    assert story.answers.keys() == LINKED.keys(), "add what is missing to the story"
    found = dict(story.answers)
    followed = set()
    for source, name in sorted(_links(), key=_parts_before_the_whole):
        (body, person), link = found[source], resolved(LINKED[source][name])
        ids = _values(link.get("requestBody", {}), body)
        parameters = _values(link.get("parameters", {}), body)
        # Links to the same operation with the same ids are one.
        if (once := (name, *ids.values(), *parameters.values())) in followed:
            continue
        followed.add(once)
        given = _example(link["operationId"]) | ids
        answer = story.call(link["operationId"], person, given or None, **parameters)
        arrived = answer.status_code in FOLLOWED or NONE_YET in answer.text
        assert arrived, f"{source} -> {name}: {answer.text}"


def _parts_before_the_whole(link: tuple[Source, str]) -> tuple[bool, int]:
    """Sort deletions, blocks and endings last, and the longest paths first."""
    source, name = link
    target = resolved(LINKED[source][name])["operationId"]
    return target.startswith(("erase", "delete", "put_block", "unmatch")), -OPERATIONS[target][
        1
    ].count("/")


def _links() -> Iterator[tuple[Source, str]]:
    return ((source, name) for source, links in LINKED.items() for name in links)


def _values(expressions: Mapping[str, str], body: Any) -> dict[str, Any]:
    return {name: _pointed(body, each) for name, each in expressions.items()}


def _pointed(body: Any, expression: str) -> Any:
    for step in expression.removeprefix("$response.body#/").split("/"):
        body = body[int(step) if isinstance(body, list) else step]
    return body


def _example(name: str) -> dict[str, Any]:
    """Return the documented example of a body, on a later day and without its ids."""
    content = OPERATIONS[name][2].get("requestBody", {}).get("content", {})
    example = content.get("application/json", {}).get("example", {})
    given = {field: each for field, each in example.items() if not field.endswith("_id")}
    new = {"scheduled_time": in_days(5), "client_id": str(uuid4())}
    return given | {field: value for field, value in new.items() if field in example}
