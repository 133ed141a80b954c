"""Users of the test stack: an account, the profile its trigger makes, and a token."""

import time
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID, uuid4

import jwt
import psycopg
from psycopg.types.json import Jsonb

from local import tokens


@dataclass(frozen=True)
class Person:
    id: UUID
    email: str
    first_name: str
    token: str

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class People:
    """Creates people, each with a unique address."""

    def __init__(self, stack: dict[str, str]) -> None:
        self._key = stack["LOCAL_JWT_JWK"]
        self._legacy_secret = stack["LOCAL_LEGACY_JWT_SECRET"]
        self._issuer = f"{stack['SUPABASE_URL']}/auth/v1"
        self._database_url = stack["DATABASE_URL"]
        self._connection = psycopg.connect(self._database_url, autocommit=True)

    @property
    def connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A live connection without row-level security; fault tests may stop its server."""
        try:
            self._connection.execute("select 1")
        except psycopg.OperationalError:
            self._connection.close()
            self._connection = psycopg.connect(self._database_url, autocommit=True)
        return self._connection

    def new(self, first_name: str = "Maya", *, rests: bool = False) -> Person:
        """Create a user with a confirmed address; `rests` leaves the default quiet hours on."""
        user_id = uuid4()
        email = f"{user_id.hex}@example.com"
        self.connection.execute(
            "insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)"
            " values (%s, %s, now(), %s)",
            (user_id, email, Jsonb({"first_name": first_name})),
        )
        if not rests:
            self.connection.execute(
                "insert into public.email_preferences"
                " (user_id, quiet_hours_start, quiet_hours_end) values (%s, null, null)",
                (user_id,),
            )
        return Person(user_id, email, first_name, self.token(user_id))

    def sign_in(self, person: Person) -> tuple[Person, UUID]:
        """Begin a session; return the person with its token, and its id."""
        session_id = uuid4()
        self.connection.execute(
            "insert into auth.sessions (id, user_id, created_at) values (%s, %s, now())",
            (session_id, person.id),
        )
        token = self.token(person.id, session_id=str(session_id))
        return replace(person, token=token), session_id

    def pair(self) -> tuple[Person, Person]:
        return self.new("Maya"), self.new("Leo")

    def remove(self, person: Person) -> None:
        self.connection.execute("delete from auth.users where id = %s", (person.id,))

    def token(self, user_id: UUID, *, key: str | None = None, **claims: Any) -> str:
        return tokens.sign(self._claims(user_id, claims), key or self._key)

    def with_legacy_token(self, person: Person) -> Person:
        """Return the person with a token that the project's shared secret has signed."""
        token = jwt.encode(self._claims(person.id, {}), self._legacy_secret, algorithm="HS256")
        return replace(person, token=token)

    def _claims(self, user_id: UUID, claims: dict[str, Any]) -> dict[str, Any]:
        all_claims = {
            "sub": str(user_id),
            "role": "authenticated",
            "aud": "authenticated",
            "iss": self._issuer,
            "session_id": str(uuid4()),
            "exp": int(time.time()) + 3600,
        } | claims
        return {name: value for name, value in all_claims.items() if value is not None}

    def legacy_key(self, role: str = "service_role") -> str:
        """Return a key in the format before `sb_secret_…`."""
        body = {"iss": "supabase", "role": role, "exp": int(time.time()) + 3600}
        return jwt.encode(body, self._legacy_secret, algorithm="HS256")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
