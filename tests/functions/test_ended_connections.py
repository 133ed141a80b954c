"""Connections end with the session or the account that opened them."""

from collections.abc import Callable
from uuid import UUID

import jwt
import pytest

from tests.functions.conftest import Watched
from tests.support.accounts import post
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts, connect
from tests.support.signed_in import delete, signed_in
from tests.support.supabase_auth import PASSWORD, SupabaseAuth
from wingman.kit.clients.redis import redis

Load = Callable[..., Function]
ENDED = {"type": "session_ended"}


def session_of(token: str) -> UUID:
    return UUID(jwt.decode(token, options={"verify_signature": False})["session_id"])


@pytest.mark.usefixtures("no_hook")
@pytest.mark.parametrize("scope", ["local", "global"])
def test_logging_out_closes_the_connections_of_the_sessions_that_ended(
    function: Load, auth: SupabaseAuth, watched: Watched, posts: MemoryPosts, scope: str
) -> None:
    maya, leo = auth.new(), auth.new()
    app = watched(function("accounts"))
    tokens = [post(app, "log_in", maya.credentials)[1]["access_token"] for _ in range(2)]
    connections = [connect(redis(), maya.id, session_of(each)) for each in tokens]
    other = connect(redis(), leo.id)

    post(app, "log_out", {"scope": scope}, access_token=tokens[0])

    ended = connections if scope == "global" else connections[:1]
    assert sorted(posts.closed) == sorted(each.id for each in ended)
    assert all(posts.to(each) == [ENDED] for each in ended)
    assert posts.to(other) == []


@pytest.mark.usefixtures("no_hook")
def test_deleting_an_account_closes_its_connections_and_ends_the_partners_matches(
    function: Load, auth: SupabaseAuth, people: People, watched: Watched, posts: MemoryPosts
) -> None:
    maya, leo, ada = signed_in(auth), people.new("Leo"), people.new("Ada")
    match_id = match(people, leo, maya)
    match(people, ada, maya, "pending")
    app = watched(function("account"))
    own, partner, invited_by = (connect(redis(), each.id) for each in (maya, leo, ada))

    assert delete(app, maya, "wrong")[0] == 403
    assert posts.posted == []
    assert delete(app, maya, PASSWORD)[0] == 204

    assert (posts.to(own), posts.closed) == ([ENDED], [own.id])
    assert posts.to(partner) == [{"type": "match_ended", "match_id": str(match_id)}]
    assert posts.to(invited_by) == []
