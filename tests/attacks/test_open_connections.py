"""A connection that is still open receives nothing that its user may no longer see.

A connection can outlive its session: API Gateway may not have closed it yet, or the call to close
it was lost.
"""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from tests.functions.test_safety import Safety
from tests.support.accounts import post
from tests.support.conversations import Conversations
from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.realtime import MemoryPosts, connect, live
from tests.support.signed_in import NEW_PASSWORD, SignedIn, change, delete, signed_in
from tests.support.supabase_auth import PASSWORD, SupabaseAuth
from wingman.kit.clients.redis import redis
from wingman.realtime import registry
from wingman.realtime.outcomes import Outcome
from wingman.realtime.registry import Connection

pytestmark = pytest.mark.usefixtures("no_hook")
Load = Callable[..., Function]
Watched = Callable[..., Function]


@pytest.fixture
def posts() -> MemoryPosts:
    return MemoryPosts(Outcome.FAILED)


@pytest.fixture
def watched(function: Load, posts: MemoryPosts, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Return a loader of functions whose calls to the management API fail."""

    def watch(name: str, **overrides: str) -> Function:
        app = function(name, **overrides)
        monkeypatch.setattr(app.module, "realtime", lambda: live(redis(), posts))
        return app

    return watch


@pytest.fixture
def maya(function: Load, auth: SupabaseAuth) -> SignedIn:
    function("docs")  # for its environment
    return signed_in(auth)


def connected(person: SignedIn) -> Connection:
    return connect(redis(), person.id, person.session_id)


def log_out(watched: Watched, maya: SignedIn, auth: SupabaseAuth) -> None:
    post(watched("accounts"), "log_out", {"scope": "global"}, access_token=maya.token)


def change_password(watched: Watched, maya: SignedIn, auth: SupabaseAuth) -> None:
    change(watched("account"), signed_in(auth, maya.account), PASSWORD)


def reset_password(watched: Watched, maya: SignedIn, auth: SupabaseAuth) -> None:
    auth.client().auth.reset_password_for_email(maya.account.email)
    token = auth.link(maya.account.email, "recovery_token")
    post(watched("account_links"), "reset", {"token": token, "password": NEW_PASSWORD})


def use_old_refresh_token(watched: Watched, maya: SignedIn, auth: SupabaseAuth) -> None:
    """End the session as Supabase Auth does when a refresh token is stolen."""
    auth.database.execute("delete from auth.sessions where id = %s", (maya.session_id,))
    sweep(watched)


def delete_account(watched: Watched, maya: SignedIn, auth: SupabaseAuth) -> None:
    delete(watched("account"), maya, PASSWORD)


def ban(watched: Watched, maya: SignedIn, auth: SupabaseAuth) -> None:
    auth.database.execute("select public.ban_user(%s)", (maya.id,))
    sweep(watched)


def sweep(watched: Watched) -> None:
    reminders = watched("session_reminders")
    reminders.invoke(reminders.event("every_minute"), milliseconds=50_000)


@pytest.mark.parametrize(
    "end", [log_out, change_password, reset_password, use_old_refresh_token, delete_account, ban]
)
def test_a_connection_whose_session_ended_receives_nothing_more(
    watched: Watched,
    maya: SignedIn,
    auth: SupabaseAuth,
    posts: MemoryPosts,
    end: Callable[..., None],
) -> None:
    phone = connected(maya)

    end(watched, maya, auth)

    assert posts.to(phone) == [{"type": "session_ended"}]
    assert posts.closed == [phone.id]
    assert registry.connections_of(redis(), [maya.id]) == []


def test_a_new_password_leaves_the_connection_of_its_own_session_open(
    watched: Watched, maya: SignedIn, posts: MemoryPosts
) -> None:
    phone = connected(maya)
    change(watched("account"), maya, PASSWORD)
    assert (posts.posted, posts.closed) == ([], [])
    assert [each.id for each in registry.connections_of(redis(), [maya.id])] == [phone.id]


def test_a_blocked_partner_receives_neither_messages_nor_read_marks(
    watched: Watched, people: People, posts: MemoryPosts
) -> None:
    talks = Conversations(watched("conversations", ENABLE_RATE_LIMITING="false"), people)
    maya, leo, match_id = talks.matched()
    talks.say(maya, match_id)
    safety = Safety(watched("safety", ENABLE_RATE_LIMITING="false"), people)
    phone = connect(redis(), leo.id)

    safety.block(maya, leo.id)
    posts.posted.clear()
    talks.app = watched("conversations", ENABLE_RATE_LIMITING="false")
    refused = [
        talks.call(writer, method, f"/api/conversations/{match_id}/{path}", body)[0]
        for writer in (maya, leo)
        for method, path, body in (
            ("POST", "messages", {"client_id": str(uuid4()), "text": "Hello"}),
            ("PUT", "read", {"seq": 1}),
        )
    ]

    assert set(refused) <= {404, 409}
    assert posts.to(phone) == []


def test_a_stranger_to_a_match_causes_no_frames(
    watched: Watched, people: People, posts: MemoryPosts
) -> None:
    talks = Conversations(watched("conversations", ENABLE_RATE_LIMITING="false"), people)
    maya, leo, match_id = talks.matched()
    talks.say(maya, match_id)
    posts.posted.clear()
    connections = [connect(redis(), each.id) for each in (maya, leo)]

    assert set(ask(talks, people.new(), match_id)) == {404}
    assert [posts.to(each) for each in connections] == [[], []]


def ask(talks: Conversations, person: Person, match_id: UUID) -> list[int]:
    path = f"/api/conversations/{match_id}"
    hello = {"client_id": str(uuid4()), "text": "Hello"}
    return [
        talks.call(person, "POST", f"{path}/messages", hello)[0],
        talks.call(person, "PUT", f"{path}/read", {"seq": 1})[0],
        talks.call(person, "DELETE", path)[0],
    ]
