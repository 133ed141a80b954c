"""Events of any shape are read, and stored in a form that Postgres accepts."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from wingman.kit.clients.database import Database
from wingman.notifications.email.operating import events

ADDRESS = "maya@example.com"
EMAIL = uuid4()

# Includes lone surrogates and NUL, which JSON can express and Postgres cannot store.
TEXT = st.lists(st.sampled_from("a@<\0\ud83d\udc00") | st.characters(), max_size=9).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
DETAIL = JSON | st.fixed_dictionaries(dict.fromkeys(("type", "message"), TEXT | JSON))
PAIR = st.fixed_dictionaries({}, optional={"name": JSON | st.just("email_id"), "value": JSON})
TAGS = JSON | st.lists(PAIR | JSON, max_size=3) | st.fixed_dictionaries({"email_id": JSON})
TIME = JSON | st.datetimes(timezones=st.timezones() | st.none()).map(str)
FIELDS = {
    "email_id": TEXT | JSON | st.integers(200, 3000).map("x".__mul__),
    "created_at": TIME,
    "tags": TAGS,
    "bounce": DETAIL,
    "failed": DETAIL,
    "suppressed": DETAIL,
    "subject": JSON,
}
DATA = st.fixed_dictionaries(FIELDS)


class Remembering(Database):
    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        assert (function, idempotent) == ("record_email_event", True)
        self.params = dict(params)
        return "recorded"


def stored(kind: object, data: object) -> dict[str, Any]:
    """Return the stored parameters of an event that arrived as JSON."""
    database = Remembering()
    payload = json.loads(json.dumps({"type": kind, "data": data}))
    events.record(database, "msg_1", payload)
    return database.params


@given(DATA, st.sampled_from(["email.complained", "email.suppressed"]))
def test_an_address_to_suppress_is_always_read(data: dict[str, Any], kind: str) -> None:
    assert stored(kind, data | {"to": [ADDRESS]})["p_suppressed_addresses"] == [ADDRESS]


@given(DATA, JSON, st.sampled_from(sorted(events._STATUSES)))
def test_postgres_can_store_every_parameter(data: dict[str, Any], to: object, kind: str) -> None:
    params = stored(kind, data | {"to": to})

    written = json.dumps(params, ensure_ascii=False).encode()  # fails for a lone surrogate
    assert b"\\u0000" not in written
    assert len(params["p_message_id"] or "") <= 255
    assert len(params["p_error"] or "") <= 300
    if at := params["p_accepted_at"]:
        assert datetime.fromisoformat(at).utcoffset() is not None
    if email := params["p_email_id"]:
        assert str(UUID(email)) == email


@given(JSON, JSON)
def test_any_other_payload_is_ignored(kind: object, data: object) -> None:
    assert stored(kind, data) == {}


@given(DATA)
def test_our_id_of_an_email_is_found_in_both_forms_of_tags(data: dict[str, Any]) -> None:
    tag = {"name": "email_id", "value": str(EMAIL)}
    for tags in ({"email_id": str(EMAIL), "x": data}, [data, tag, {"name": "template"}, data]):
        assert stored("email.delivered", data | {"tags": tags})["p_email_id"] == str(EMAIL)
