"""The frames that clients send (docs/decisions/043-realtime.md)."""

import json
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from wingman.conversations.models import NewMessage, Seq
from wingman.kit.errors import InvalidRequest, MalformedJson
from wingman.realtime.errors import FrameTooLarge
from wingman.realtime.service import LARGEST_FRAME

_MOST_FLAWS, _LONGEST_TEXT = 10, 200


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _OfMatch(_Frame):
    match_id: UUID


class Send(NewMessage):
    """A message to send; `client_id` as over HTTP."""

    type: Literal["send"]
    match_id: UUID


class Received(_OfMatch):
    """The newest message that the client shows, while it is in the foreground."""

    type: Literal["received"]
    seq: Seq


class Read(_OfMatch):
    """The newest message that the user has read."""

    type: Literal["read"]
    seq: Seq


class Typing(_OfMatch):
    """The user is typing."""

    type: Literal["typing"]


class Sync(_OfMatch):
    """A question for the messages after one."""

    type: Literal["sync"]
    after_seq: Seq


class Ping(_Frame):
    """A sign of life, and the question for `head`."""

    type: Literal["ping"]


ClientFrame = Send | Received | Read | Typing | Sync | Ping
TYPES = frozenset({"send", "received", "read", "typing", "sync", "ping"})


@cache
def _frames() -> TypeAdapter[ClientFrame]:
    return TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


def decode(text: str) -> Any:
    """Read JSON. Raises FrameTooLarge, MalformedJson."""
    if len(text.encode(errors="surrogatepass")) > LARGEST_FRAME:
        raise FrameTooLarge
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedJson("The frame is not valid JSON.") from None


def read(found: Any) -> ClientFrame:
    """Return the frame that JSON describes. Raises InvalidRequest."""
    try:
        return _frames().validate_python(found)
    except ValidationError as error:
        flaws = error.errors(include_input=False, include_url=False, include_context=False)
        raise InvalidRequest(
            fields={_field(flaw["loc"]): _clean(flaw["msg"]) for flaw in flaws[:_MOST_FLAWS]}
        ) from None


def _field(location: tuple[int | str, ...]) -> str:
    """Name a field as the client wrote it, without the type of its frame."""
    return _clean(".".join(str(part) for part in location if part not in TYPES) or "type")


def _clean(text: str) -> str:
    """Shorten what a client chose, and replace what UTF-8 cannot carry."""
    return text[:_LONGEST_TEXT].encode(errors="replace").decode()


def named(found: Any) -> dict[str, str]:
    """Return what the answer to a frame repeats of it: type, client_id and match_id, if valid."""
    if not isinstance(found, dict):
        return {}
    ids = {name: _id(found.get(name)) for name in ("client_id", "match_id")}
    kind = found.get("type")
    known = {"type": kind} if isinstance(kind, str) and kind in TYPES else {}
    return known | {name: value for name, value in ids.items() if value}


def _id(value: Any) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
