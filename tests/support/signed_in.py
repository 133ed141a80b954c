"""Users with a password and a Supabase Auth session, and requests about their accounts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import jwt

from tests.support.accounts import post
from tests.support.functions import Function
from tests.support.people import People
from tests.support.supabase_auth import Account, SupabaseAuth

NEW_PASSWORD = "another horse battery"


@dataclass(frozen=True)
class SignedIn:
    """A user with a session."""

    account: Account
    token: str

    @property
    def id(self) -> UUID:
        return self.account.id

    @property
    def session_id(self) -> UUID:
        claims = jwt.decode(self.token, options={"verify_signature": False})
        return UUID(claims["session_id"])


SignIn = Callable[..., SignedIn]


def signed_in(auth: SupabaseAuth, account: Account | None = None) -> SignedIn:
    known = account or auth.new()
    session = auth.client().auth.sign_in_with_password(known.credentials).session
    assert session
    return SignedIn(known, session.access_token)


def ask(app: Function, case: str, maya: SignedIn, body: object = None, ip: str = "") -> Any:
    return post(app, case, body, ip=ip, access_token=maya.token)


def change(app: Function, maya: SignedIn, current: str, new: str = NEW_PASSWORD) -> Any:
    return ask(app, "password", maya, {"current_password": current, "password": new})


def delete(app: Function, maya: SignedIn, password: str) -> Any:
    return ask(app, "delete", maya, {"password": password})


def logs_in(auth: SupabaseAuth, account: Account, password: str) -> bool:
    answer = auth.post(
        "/token?grant_type=password", replace(account, password=password).credentials
    )
    return answer.status_code == 200


def exists(people: People, maya: SignedIn) -> bool:
    found = people.connection.execute("select 1 from auth.users where id = %s", (maya.id,))
    return found.fetchone() is not None
