"""Sample events, filled with people, matches and meetings of a running stack."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from local import sample_accounts
from local.auth import hook
from local.errors import StackError
from local.resend import webhooks
from local.tokens import access_token
from wingman.notifications.email.letters.links import (
    CalendarLink,
    FeedbackLink,
    Link,
    sign,
    sign_calendar,
    sign_feedback,
)
from wingman.notifications.email.models import Category

PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_ACCOUNTS = """
insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
values
(%(maya)s, %(maya)s || '@example.com', now(), '{"first_name": "Maya"}'),
(%(leo)s, %(leo)s || '@example.com', now(), '{"first_name": "Leo"}'),
(%(invitee_id)s, %(invitee_id)s || '@example.com', now(), '{"first_name": "Ada"}')
"""
_EMAIL = """
insert into public.email_logs
(id, user_id, email_template, recipient_email, dedupe_key, priority, delivery_status, sent_at)
values (%(email_id)s, %(maya)s, 'match_declined', %(maya)s || '@example.com', %(email_id)s, 'bulk',
    'sent', now())
"""
_MATCH = """
insert into public.wingman_matches (id, user1_id, user2_id, initiator_id, status)
values (%(match_id)s, %(maya)s, %(leo)s, %(maya)s, %(status)s)
"""
_CHALLENGES = "select id from public.challenges where active order by points limit 1"
_SESSION = """
insert into public.wingman_sessions
(id, match_id, venue_name, scheduled_time, user1_challenge_id, user2_challenge_id, status)
values (%(session_id)s, %(match_id)s, 'Café Central', now() + %(starts_in)s,
    %(challenge_id)s, %(challenge_id)s, %(session_status)s)
"""
_FEEDBACK = """
insert into public.meeting_feedback (session_id, user_id, rating)
values (%(session_id)s, %(maya)s, 5)
"""
_SUBMISSION = """
insert into public.challenge_submissions (id, user_id, challenge_id, outcome)
values (%(submission_id)s, %(maya)s, %(challenge_id)s, 'done')
"""
_PHOTO = """
insert into public.photos (id, user_id, sort_order, content_type, size_bytes)
values (%(photo_id)s, %(maya)s, 1, 'image/jpeg', 2418733)
"""
_PLAYGROUND = """
insert into public.playgrounds (id, owner_id, name, latitude, longitude)
values (%(playground_id)s, %(maya)s, 'Dog run Mauerpark', 52.5441, 13.4023)
"""
_MESSAGE = """
with conversation as (
    insert into private.conversations (match_id, last_seq, last_sent_at)
    values (%(match_id)s, 1, now())
    returning match_id
),
members as (
    insert into private.conversation_members (match_id, user_id, unread_count, last_sent_at)
    values (%(match_id)s, %(maya)s, 1, now()), (%(match_id)s, %(leo)s, 0, now())
)
insert into public.messages (match_id, seq, sender_id, client_id, text, sent_at)
select match_id, 1, %(leo)s, gen_random_uuid(), 'Shall we meet at three?', now() from conversation
"""
_LOGIN = """
insert into auth.sessions (id, user_id, created_at) values (%(login_id)s, %(maya)s, now())
"""
_NOTIFICATION = """
insert into public.notifications (id, user_id, kind, match_id, facts, dedupe_key, due_at)
values (%(notification_id)s, %(maya)s, 'match_accepted', %(match_id)s,
    jsonb_build_object('match_id', %(match_id)s, 'partner_name', 'Leo', 'role', 'inviter'),
    %(notification_id)s, now())
"""
_PROFILES = """
insert into public.dog_profiles
(user_id, display_name, age, created_at, latitude, longitude, located_at)
values
(%(maya)s, 'Rex', 4, now(), 52.5219, 13.4132, now()),
(%(leo)s, 'Bella', 2, now(), 52.4862, 13.4241, now())
"""
_READY_PHOTOS = """
insert into public.photos
(user_id, sort_order, content_type, size_bytes, status, object_path, width, height, placeholder,
    settled_at)
select %(maya)s, place, 'image/jpeg', 1000, 'ready', 'public/' || md5(random()::text), 1080, 810,
    'MwcSDIDYeIh4d3h3h3h3', now()
from generate_series(2, 3) as place
"""


@dataclass(frozen=True)
class Scene:
    """The state before an event. Maya has invited Leo, and calls unless `caller` is Leo."""

    status: str = "accepted"
    starts_in: timedelta | None = timedelta(days=3)
    """None: no meeting is planned yet."""
    caller: str = "maya"
    session_status: str = "scheduled"
    has_feedback: bool = False
    have_profiles: bool = False
    published: bool = False
    has_message: bool = False


_INVITED = Scene("pending", starts_in=None)
_BEGAN = Scene(starts_in=timedelta(hours=-1))
_OVER = Scene(starts_in=timedelta(hours=-3), session_status="completed")
_SCENES = {
    "challenges/submit": _BEGAN,
    "conversations": Scene(starts_in=None, has_message=True),
    "graphql": Scene(have_profiles=True, has_message=True),
    "likes": Scene(starts_in=None, have_profiles=True),
    "match_request": _INVITED,
    "match_respond": Scene("pending", starts_in=None, caller="leo"),
    "discovery": Scene(have_profiles=True, published=True),
    "match_respond/unmatch": Scene(caller="leo"),
    "feedback_page": _OVER,
    "profile": Scene(have_profiles=True),
    "realtime": Scene(starts_in=None, has_message=True),
    "session_create": Scene(starts_in=None),
    "session_feedback/get": replace(_OVER, has_feedback=True),
    "session_feedback/give": _OVER,
    "session_manage/confirm": _BEGAN,
    "session_manage/no_show": _BEGAN,
}
"""By function, or by function and case; others use the default scene."""
_SIGNED = {
    "svix-signature": ("RESEND_WEBHOOK_SECRET", webhooks.signed),
    "webhook-signature": ("AUTH_EMAIL_HOOK_SECRET", hook.signed),
}


def filled(path: Path, stack: Mapping[str, str]) -> dict[str, Any]:
    """Return a sample event with valid ids, tokens and signatures for a stack.

    `stack` has the variables of the stack's env file. Each call creates new users.
    """
    text = path.read_text()
    if names := set(PLACEHOLDER.findall(text)):
        values = _values(path, stack)
        if path.parent.name in sample_accounts.FUNCTIONS:
            values |= sample_accounts.values(path.parent.name, path.stem, stack)
        if unknown := sorted(names - set(values)):
            raise StackError(f"{path}: local/sample_events.py has no value for {unknown}")
        text = PLACEHOLDER.sub(lambda found: values[found[1]], text)
    event: dict[str, Any] = json.loads(text)
    for header, (secret, sign_event) in _SIGNED.items():
        if header in event.get("headers", {}):
            event["headers"] |= sign_event(stack[secret], f"msg_{uuid4()}", event["body"])
    return event


def _values(path: Path, stack: Mapping[str, str]) -> dict[str, str]:
    function, case = path.parent.name, path.stem
    scene = _SCENES.get(f"{function}/{case}") or _SCENES.get(function) or Scene()
    ids = _played(scene, stack["DATABASE_URL"])
    caller = ids[scene.caller]
    bearer = access_token(
        caller,
        key=stack["LOCAL_JWT_JWK"],
        supabase_url=stack["SUPABASE_URL"],
        session_id=ids["login_id"],
    )
    return {name: str(one) for name, one in ids.items()} | {
        "access_token": bearer,
        "client_id": str(uuid4()),
        "connection_id": f"{uuid4().hex[:15]}=",
        "ends_at": str(int(time.time()) + 3600),
        "ticket": uuid4().hex,
        "idempotency_key": str(uuid4()),
        "scheduled_time": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "token": _link_token(function, stack["EMAIL_LINK_SECRET"], caller, ids["session_id"]),
        "user_id": str(caller),
    }


def _link_token(function: str, secret: str, caller: UUID, session_id: UUID) -> str:
    if function == "session_calendar":
        return sign_calendar(secret, CalendarLink(caller, session_id))
    if function == "feedback_page":
        return sign_feedback(secret, FeedbackLink(caller, session_id))
    return sign(secret, Link(caller, Category.MATCH_NOTIFICATIONS))


def _played(scene: Scene, database_url: str) -> dict[str, UUID]:
    people = ("maya", "leo", "invitee_id")
    names = (
        *people,
        "email_id",
        "match_id",
        "session_id",
        "submission_id",
        "photo_id",
        "playground_id",
        "notification_id",
        "device_id",
        "login_id",
    )
    ids = {name: uuid4() for name in names}
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        [challenge_id] = connection.execute(_CHALLENGES).fetchone() or [None]
        if challenge_id is None:
            raise StackError("the database has no challenges: run `make reset up`")
        facts = ids | {"challenge_id": challenge_id}
        steps = [_ACCOUNTS, _EMAIL, _MATCH, _SUBMISSION, _PHOTO, _PLAYGROUND, _NOTIFICATION, _LOGIN]
        steps += [_SESSION] if scene.starts_in else []
        steps += [_FEEDBACK] if scene.has_feedback else []
        steps += [_PROFILES] if scene.have_profiles else []
        steps += [_READY_PHOTOS] if scene.published else []
        steps += [_MESSAGE] if scene.has_message else []
        for step in steps:
            connection.execute(step, facts | asdict(scene))
    return facts
