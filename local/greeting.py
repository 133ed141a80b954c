"""The last lines of `make up`."""

from uuid import UUID

import psycopg

from local import environment
from local.progress import say
from local.stack import Stack
from local.tokens import access_token

# The demo users' password, as in supabase/seed.sql.
PASSWORD = "try wingman"  # noqa: S105 - it is printed
_DEMO_USERS = """
select users.id, users.email from auth.users as users
where users.email in ('maya@example.com', 'leo@example.com') order by users.email desc
"""


def demo_users(values: dict[str, str]) -> dict[str, UUID]:
    with psycopg.connect(values["DATABASE_URL"]) as connection:
        return {email: user_id for user_id, email in connection.execute(_DEMO_USERS).fetchall()}


def greet(stack: Stack) -> None:
    """Print addresses, demo users with their tokens, and a command to try."""
    values = environment.read(stack)
    say()
    say(f"  app     {values['APP_URL']}/")
    say(f"  API     {values['API_URL']}")
    say(f"  docs    {values['API_URL']}/docs")
    say(f"  graph   {values['API_URL']}/graphiql")
    say(f"  sockets {values['REALTIME_URL']}")
    say(f"  inbox   {values['INBOX_URL']}")
    say(f"  env     {stack.env_file.relative_to(stack.checkout)}")
    users = demo_users(values)
    tokens = {email: _token(user_id, values) for email, user_id in users.items()}
    for email, user_id in users.items():
        say(f"\n  {email}  {user_id}\n  {tokens[email]}")
    say(f"\n  password of both: {PASSWORD}")
    if len(users) > 1:
        inviter, invitee = users
        say("\nTry:")
        say(_curl(values["API_URL"], tokens[inviter], users[invitee]))
    say("\nNext: `make demo` walks through the story, `make down` stops everything.")


def _token(user_id: UUID, values: dict[str, str]) -> str:
    return access_token(user_id, key=values["LOCAL_JWT_JWK"], supabase_url=values["SUPABASE_URL"])


def _curl(api: str, token: str, invitee: UUID) -> str:
    return (
        f"  curl {api}/api/matches -H 'Authorization: Bearer {token}' "
        f"-H 'Content-Type: application/json' -d '{{\"invitee_id\": \"{invitee}\"}}'"
    )
