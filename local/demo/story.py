"""The story, step by step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from local.demo.mutual_like import like_each_other
from local.demo.opening import introduce, register
from local.demo.phone import register_phone, show_push
from local.demo.talking import talk
from local.demo.walk import Person, Walk
from local.errors import StackError
from local.progress import say
from local.stack import Stack
from local.supervisor import require_running

_DOGS = {
    "Maya": {"display_name": "Maya & Bruno", "age": 4, "activity_level": "high"},
    "Leo": {"display_name": "Leo & Luna", "age": 7, "activity_level": "low"},
}
_PLACES = {
    "Maya": {"latitude": 48.2085, "longitude": 16.3721},
    "Leo": {"latitude": 48.1986, "longitude": 16.3417},
}


def play(stack: Stack) -> None:
    """Play from registration to likes. Raises StackError if an expected result is missing."""
    require_running(stack)
    try:
        _play(Walk(stack))
    except (httpx.HTTPError, psycopg.OperationalError) as error:
        raise StackError(f"the stack does not answer ({error}): run `make up`") from error


def _play(story: Walk) -> None:
    say("Two people register, confirm their addresses, and show themselves")
    maya, leo = register(story, "Maya"), register(story, "Leo")
    for person in (maya, leo):
        introduce(story, person, _DOGS[person.name], _PLACES[person.name])
        story.rest(person, hours=0)
    story.emails([maya, leo], 2)
    say(f"\n1. {maya.name} invites {leo.name}")
    invitation = {
        "invitee_id": str(leo.id),
        "venue_suggestion": "Café Central",
        "note": "Saturday afternoon?",
    }
    match = story.call(maya, "/api/matches", invitation, expected=201)
    story.emails([maya, leo], 3)
    say(f"\n2. {leo.name} accepts")
    answer = story.call(leo, f"/api/matches/{match['id']}/respond", {"action": "accept"}, 200)
    say(f"  the match is {answer['status']}")
    story.emails([maya, leo], 5)
    playground = talk(story, maya, leo, match["id"])
    session = _plan(story, maya, leo, match["id"], playground["name"])
    _meet(story, maya, leo, session)
    ada = like_each_other(story, maya, "Ada")
    story.emails([maya, leo, ada], 14)
    say(f"\nFourteen emails, each exactly once. Read them: {story.inbox}")
    say(f"The pushes are at {story.inbox}fcm/")


def _plan(story: Walk, maya: Person, leo: Person, match_id: str, venue: str) -> Any:
    say(f"\n4. {maya.name} plans to meet there, and {leo.name}'s phone shows it")
    phone = register_phone(story, leo)
    offered = story.read(maya, "/api/challenges?difficulty=beginner").json()["challenges"]
    plan = {
        "match_id": match_id,
        "venue_name": venue,
        "scheduled_time": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "user1_challenge_id": offered[0]["id"],
        "user2_challenge_id": offered[1]["id"],
    }
    session = story.call(maya, "/api/sessions", plan, 201)
    show_push(story, leo, phone)
    story.emails([maya, leo], 7)
    say("\n5. Two days pass; the sweep, which runs every minute, sends reminders to both")
    story.pass_time([maya, leo], days=2)
    story.remind(session["id"])
    story.emails([maya, leo], 9)
    return session


def _meet(story: Walk, maya: Person, leo: Person, session: Any) -> None:
    say("\n6. They meet late, and each says that the other came")
    story.pass_time([maya, leo], hours=25)
    story.begin(session["id"])
    for person in (maya, leo):
        story.rest(person, hours=8)
    for person in (maya, leo):
        answer = story.call(person, f"/api/sessions/{session['id']}/confirm", None, 200)
        say(f"  the session is {answer['status']}")
    say("\n7. The night passes; emails that can wait arrive in the morning")
    story.wait_for_the_night(session["id"], session["scheduled_time"], 2)
    for person in (maya, leo):
        story.rest(person, hours=0)
    story.next_morning(session["id"])
    story.emails([maya, leo], 11)
    say("\n8. It counts")
    for reader in (maya, leo):
        answer = story.read(reader, f"/api/user/reputation/{leo.id}")
        reputation = answer.json()
        say(
            f"  {leo.name}: score {reputation['score']}, {reputation['badge_color']}"
            f" (cache: {answer.headers['x-cache']})"
        )
