"""Events of the email provider, and their effects in the database."""

import json
from typing import Any
from uuid import UUID, uuid4

from local.resend.webhooks import signed
from tests.support.functions import Function
from tests.support.people import People, Person


class Provider:
    """Posts signed events to the function."""

    def __init__(self, app: Function, secret: str) -> None:
        self.app = app
        self.secret = secret

    def post(self, body: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        event = self.app.event("delivered")
        event["headers"] |= signed(self.secret, f"msg_{uuid4().hex}", body) | (headers or {})
        answer = self.app.invoke(event | {"body": body})
        return answer["statusCode"], json.loads(answer["body"])

    def send_event(self, kind: str, email: UUID | None, **data: Any) -> tuple[int, Any]:
        tags = {"email_id": str(email), "template": "match_invitation"} if email else {}
        facts = {"email_id": f"re_{email}", "created_at": "2026-12-01 11:59:58.12+00", "tags": tags}
        return self.post(json.dumps({"type": f"email.{kind}", "data": facts | data}))


def new_email(people: People, person: Person) -> UUID:
    email = uuid4()
    people.connection.execute(
        "insert into public.email_logs (id, user_id, email_template, recipient_email, dedupe_key,"
        " priority, delivery_status) values (%s, %s, 'match_declined', %s, %s, 'urgent', 'sent')",
        (email, person.id, person.email, email.hex),
    )
    return email


def row(people: People, email: UUID) -> tuple[Any, ...]:
    found = people.connection.execute(
        "select delivery_status, error_message from public.email_logs where id = %s", (email,)
    ).fetchone()
    assert found is not None
    return found


def suppressed(people: People, person: Person) -> str | None:
    found = people.connection.execute(
        "select reason from public.email_suppressions"
        " where address_hash = private.address_hash(%s)",
        (person.email,),
    ).fetchone()
    return found[0] if found else None
