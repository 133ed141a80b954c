"""Accepts email: validation, idempotency, and the list of accepted emails."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from local.resend.errors import ResendError, ValidationError
from local.resend.idempotency import IdempotencyKeys
from local.resend.messages import MAX_BATCH, Email, accepted, validate

Answer = dict[str, Any]


class Mailbox:
    """The accepted emails, oldest first."""

    def __init__(self) -> None:
        self.emails: dict[str, Email] = {}
        self.answers: Counter[int] = Counter()
        self.delay = 0.0
        self._keys = IdempotencyKeys()

    async def send(self, body: object, key: str | None) -> Answer:
        def work() -> Answer:
            validate(body)
            return {"id": self._keep(body, key)}

        return await self._once(key, ("/emails", body), work)

    async def send_batch(self, body: object, key: str | None, *, permissive: bool) -> Answer:
        """Accept up to 100 emails: all or none, or, if permissive, the valid ones."""
        if not isinstance(body, list) or not 1 <= len(body) <= MAX_BATCH:
            raise ValidationError(f"The request body must be an array of 1 to {MAX_BATCH} emails.")

        def work() -> Answer:
            if permissive:
                return self._keep_valid(body, key)
            for item in body:
                validate(item, batch=True)
            return {"data": [{"id": self._keep(item, key)} for item in body]}

        return await self._once(key, ("/emails/batch", permissive, body), work)

    def clear(self) -> None:
        """Forget the emails and the journal of answers, but not the idempotency keys."""
        self.emails.clear()
        self.answers.clear()

    def journal(self) -> dict[str, Any]:
        """Return each email's `email_id` tag, time and key, and the answers by status."""
        tags = [
            (next((tag["value"] for tag in email.tags if tag["name"] == "email_id"), None), email)
            for email in self.emails.values()
        ]
        return {
            "accepted": [[tag, email.accepted_at, email.idempotency_key] for tag, email in tags],
            "answers": {str(status): count for status, count in self.answers.items()},
        }

    def _keep_valid(self, body: list[Any], key: str | None) -> Answer:
        kept, errors = [], []
        for index, item in enumerate(body):
            try:
                validate(item, batch=True)
                kept.append({"id": self._keep(item, key)})
            except ResendError as error:
                errors.append({"index": index, "message": error.message})
        return {"data": kept, "errors": errors}

    def _keep(self, body: Any, key: str | None) -> str:
        email = accepted(body, key)
        self.emails[email.id] = email
        return email.id

    async def _once(self, key: str | None, request: object, work: Callable[[], Answer]) -> Answer:
        if key is None:
            await asyncio.sleep(self.delay)
            return work()
        first = self._keys.begin(key, json.dumps(request, sort_keys=True))
        if first is not None:
            return first
        try:
            await asyncio.sleep(self.delay)
            answer = work()
        except BaseException:
            self._keys.abandon(key)
            raise
        self._keys.finish(key, answer)
        return answer


def recipients(body: object) -> list[str]:
    found: list[str] = []
    for item in body if isinstance(body, list) else [body]:
        named = item.get("to") if isinstance(item, dict) else None
        found += named if isinstance(named, list) else [named] if isinstance(named, str) else []
    return [recipient for recipient in found if isinstance(recipient, str)]
