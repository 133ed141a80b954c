"""The story of docs/clients in steps: Maya uses this app; Leo and Ada use their own."""

import base64
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

import httpx
from app.account import confirm, register, sign_in
from app.chat import Chat
from app.client import a, public, signed_in
from app.discovery import discover
from app.errors import Refused, sentence
from app.graphql import start
from app.invitations import answer, invite
from app.leaving import delete, exported
from app.likes import like, pass_on, undo
from app.meetings import calendar, confirm_meeting, plan, reputation
from app.notifications import open_feed, register_device
from app.photos import upload
from app.playgrounds import add_playground, playgrounds_around, share
from app.preferences import choose
from app.profile import introduce, locate
from app.retries import Patient
from app.safety import report_and_block
from app.session import Session
from wingman_client import AuthenticatedClient
from wingman_client.api.conversations import list_conversations, mark_read, send_message
from wingman_client.api.notifications import list_notifications
from wingman_client.api.profile import get_profile
from wingman_client.api.safety import list_blocks
from wingman_client.models import (
    Action,
    BlockPage,
    ConversationPage,
    Match,
    MatchStatus,
    NewMessage,
    NewReadMark,
    NotificationPage,
    OwnProfile,
    PhotoStatus,
    PhotoType,
    Rejection,
    SessionStatus,
)

BASE = os.environ["API_URL"]
PLACE = float(os.environ["LATITUDE"]), float(os.environ["LONGITUDE"])
EMAIL, PASSWORD = os.environ["EMAIL"], os.environ["PASSWORD"]
LEO, ADA = UUID(os.environ["LEO_ID"]), UUID(os.environ["ADA_ID"])
ended: list[bool] = []


def ask(question: str) -> str:
    """Ask the test to do its part: to open an email, or to let time pass."""
    sys.stdout.write(f"{question}\n")
    sys.stdout.flush()
    return sys.stdin.readline().strip()


class Token(Patient):
    """Another user's app, with a token that the test has made."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return super().handle_request(request)


LEOS = signed_in(BASE, Token(os.environ["LEO_TOKEN"]))
ADAS = signed_in(BASE, Token(os.environ["ADA_TOKEN"]))


def opened() -> Session:
    api = public(BASE)
    register(api, EMAIL, PASSWORD)
    link = ask("link")
    assert refusal(lambda: sign_in(api, EMAIL, PASSWORD)).code == "email_not_confirmed"
    confirm(api, link)
    assert sign_in(api, EMAIL, "wrong") is None
    tokens = sign_in(api, EMAIL, PASSWORD)
    assert tokens is not None
    store = Path(mkdtemp()) / "tokens.json"
    Session.save(store, tokens)
    session = Session(BASE, store, lambda: ended.append(True))
    before = session.access_token()
    renewed = session.access_token(refused=before)
    assert before != renewed == session.access_token(refused=before)
    assert renewed in store.read_text()
    return session


def logged_out() -> None:
    tokens = sign_in(public(BASE), EMAIL, PASSWORD)
    assert tokens is not None
    store = Path(mkdtemp()) / "tokens.json"
    Session.save(store, tokens)
    session = Session(BASE, store, store.touch)
    session.log_out()
    assert store.read_text() == ""
    assert refusal(lambda: introduce(signed_in(BASE, session))).status == 401


def shown(maya: AuthenticatedClient) -> None:
    assert introduce(maya) == ["photos", "location"]
    locate(maya, *PLACE)
    picture = base64.b64decode(os.environ["PHOTO"])
    photos = [upload(maya, picture, PhotoType.IMAGEPNG) for _ in range(2)]
    assert [photo.status for photo in photos] == [PhotoStatus.READY] * 2
    assert a(OwnProfile, get_profile.sync(client=maya)).published
    no_picture = upload(maya, b"no picture", PhotoType.IMAGEPNG)
    assert no_picture.rejection is Rejection.UNSUPPORTED_TYPE


def matched(maya: AuthenticatedClient, maya_id: UUID) -> Match:
    assert {profile.user_id for profile in islice(discover(maya), 2)} == {LEO, ADA}
    pass_on(maya, ADA)
    undo(maya, ADA)
    assert like(maya, LEO) is None
    match = like(LEOS, maya_id)
    assert match is not None
    assert match.status is MatchStatus.ACCEPTED

    key = str(uuid4())
    invited = invite(maya, ADA, key)
    assert invited is not None
    assert a(Match, invite(maya, ADA, key)).id == invited.id
    assert invite(maya, ADA, str(uuid4())) is None
    assert answer(ADAS, invited.id, Action.DECLINE).status is MatchStatus.DECLINED
    return match


def talk(maya: AuthenticatedClient, match_id: UUID) -> str:
    chat = Chat(maya, match_id)
    chat.send(text="Hi! Does Luna like water?")
    reply = NewMessage(client_id=uuid4(), text="She loves it.")
    send_message.sync(match_id, client=LEOS, body=reply)
    mark_read.sync(match_id, client=LEOS, body=NewReadMark(seq=1))
    while len(chat.shown) < 2:
        chat.receive()
    place = add_playground(maya, *PLACE)
    assert playgrounds_around(maya, *PLACE)[0].id == place.id
    chat.close()
    share(chat, place.id)
    assert [message.seq for message in chat.shown] == [1, 2, 3]
    chat.close()
    return place.name


def meet(maya: AuthenticatedClient, match_id: UUID, venue: str) -> None:
    session = plan(maya, match_id, venue, datetime.now(UTC) + timedelta(days=3))
    assert calendar(maya, session.id).startswith(b"BEGIN:VCALENDAR")
    ask(f"begin {session.id}")
    assert confirm_meeting(maya, session.id).status is SessionStatus.IN_PROGRESS
    assert confirm_meeting(LEOS, session.id).status is SessionStatus.COMPLETED
    assert reputation(maya, LEO).score == 1


def look_around(maya: AuthenticatedClient, maya_id: UUID, match_id: UUID) -> None:
    register_device(maya, uuid4(), f"android-{uuid4()}")
    assert open_feed(maya)
    assert a(NotificationPage, list_notifications.sync(client=maya)).unread == 0
    choose(maya, maya_id)
    listed = a(ConversationPage, list_conversations.sync(client=maya)).conversations
    assert [conversation.match_id for conversation in listed] == [match_id]
    first = start(maya)
    assert first["conversations"]["nodes"][0]["matchId"] == str(match_id)


def refusal(call: Callable[[], object]) -> Refused:
    """Return the refusal of a call that must be refused."""
    try:
        call()
    except Refused as refused:
        return refused
    raise AssertionError("the call is not refused")


def until_limited(maya: AuthenticatedClient) -> None:
    while True:
        locate(maya, *PLACE)


def main() -> None:
    session = opened()
    maya, maya_id = signed_in(BASE, session), session.tokens.user.id
    shown(maya)
    match = matched(maya, maya_id)
    venue = talk(maya, match.id)
    meet(maya, match.id, venue)
    look_around(maya, maya_id, match.id)
    limited = refusal(lambda: until_limited(maya))
    assert re.fullmatch(r"Please wait \d+ seconds\.", sentence(limited))
    assert sentence(refusal(lambda: locate(LEOS, 91, 0))).startswith("latitude: ")
    logged_out()
    report_and_block(maya, ADA)
    assert a(BlockPage, list_blocks.sync(client=maya)).blocks[0].user_id == ADA
    assert exported(maya).account.to_dict()
    assert not delete(maya, "wrong")
    assert delete(maya, PASSWORD)
    assert refusal(lambda: introduce(maya)).code == "invalid_refresh_token"
    assert ended == [True]


main()
