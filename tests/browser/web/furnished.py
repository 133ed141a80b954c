"""A user of the web client whose screens all have something to show."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.browser.web.app import Window
from tests.support.api import Api
from tests.support.people import People, Person
from tests.support.profiles import LOCATION, PROFILE, add_photos, match

OPEN = ("login", "signup", "forgot", "sent?email=maya@example.com")
SIGNED_IN = (
    *("discover", "matches", "matches/{match}", "matches/{match}/plan", "conversations/{match}"),
    *("sessions", "sessions/{session}", "notifications", "profile", "settings", "nowhere"),
)


@dataclass(frozen=True)
class World:
    """Maya, her match Leo, their conversation and plan, and Ada, whom she may discover."""

    maya: Person
    match_id: str
    session_id: str

    def show(self, window: Window, screen: str) -> None:
        """Open a screen, and wait until it has loaded."""
        place = screen.format(match=self.match_id, session=self.session_id)
        window.page.goto(f"{window.url}/#/{place}")
        name = screen.partition("?")[0].replace("{match}", "*").replace("{session}", "*")
        shown = f'main[data-screen="{name}"]:not([aria-busy]) h1'
        window.page.locator(shown).wait_for()

    def set_password(self, people: People, password: str) -> None:
        """Give Maya a password, so that she can log in; a world has only her session."""
        people.connection.execute(
            "update auth.users set encrypted_password ="
            " extensions.crypt(%s, extensions.gen_salt('bf', 4)) where id = %s",
            (password, self.maya.id),
        )


def world(api: Api, people: People, place: dict[str, float]) -> World:
    def call(method: str, path: str, person: Person, body: Any) -> Any:
        answer = api.call(method, path, person, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def published(name: str, dog: str) -> Person:
        person = people.sign_in(people.new(name))[0]
        profile = {"display_name": f"{name} & {dog}", "age": 4, "bio": "Muddy paws."}
        call("PUT", PROFILE, person, profile)
        call("PUT", LOCATION, person, place)
        add_photos(people.connection, person.id, 2)
        return person

    maya, leo, ada = published("Maya", "Bruno"), published("Leo", "Luna"), published("Ada", "Bella")
    match_id = str(match(people, maya, leo))
    call("PUT", f"/api/likes/{maya.id}", ada, None)
    for person, text in ((maya, "Does Luna like water?"), (leo, "She loves it.")):
        message = {"client_id": str(uuid4()), "text": text}
        call("POST", f"/api/conversations/{match_id}/messages", person, message)
    time = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    plan = {"match_id": match_id, "venue_name": "Burggarten", "scheduled_time": time}
    return World(maya, match_id, call("POST", "/api/sessions", leo, plan)["id"])
