"""Readers opt out while their emails are on the way; some emails may still reach them."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.support.people import Person

# One in this many readers opts out in the end.
ONE_IN = 5
# The same changes that an unsubscribe link, the webhook and the deletion of an account make.
WAYS = {
    "unsubscribed": (
        "select public.update_email_preferences_of(%(id)s, '{\"match_notifications\": false}')"
    ),
    "complained": (
        "insert into public.email_suppressions (address_hash, reason)"
        " values (encode(sha256(convert_to(%(email)s, 'UTF8')), 'hex'), 'complained')"
    ),
    "left": "delete from auth.users where id = %(id)s",
}
REFUSED = tuple(f"readers who {way}" for way in WAYS)
# A sender may still send emails that it claimed before the opt-out; its lease ends in this time.
GRACE = timedelta(seconds=5)
_ENDS = {"unsubscribed": "skipped", "complained": "suppressed", "left": "deleted"}


class Refusals:
    """The readers who opted out, how, and when."""

    def __init__(
        self,
        database: psycopg.Connection[Any],
        dice: random.Random,
        readers: Sequence[Person],
        events: Counter[str],
    ) -> None:
        self._database, self._dice, self._events = database, dice, events
        self._willing = list(readers)
        self._refuse = len(readers) // ONE_IN
        self._said: dict[UUID, tuple[str, datetime]] = {}

    def one_more(self) -> None:
        """Let one more reader opt out, in each way in turn, until enough have."""
        if len(self._said) == self._refuse:
            return
        reader = self._willing.pop(self._dice.randrange(len(self._willing)))
        way = list(WAYS)[len(self._said) % len(WAYS)]
        self._database.execute(WAYS[way], {"id": reader.id, "email": reader.email})
        row = self._database.execute("select clock_timestamp()").fetchone()
        assert row is not None
        self._said[reader.id] = way, row[0]
        self._events[f"readers who {way}"] += 1

    def ends(self, reader: UUID) -> set[str]:
        """Return the statuses besides "sent" in which an email to this reader may end."""
        return {_ENDS[self._said[reader][0]]} if reader in self._said else set()

    def came_too_late(self, reader: UUID, accepted: datetime) -> bool:
        """Return whether the provider got an email after every sender knew of the opt-out."""
        return reader in self._said and accepted > self._said[reader][1] + GRACE
