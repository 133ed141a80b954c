"""The frames that clients receive (docs/decisions/043-realtime.md)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from wingman.kit.errors import InvalidRequest, ProblemError

Frame = Mapping[str, Any]
Json = Mapping[str, Any]


def ack(client_id: UUID, message: Json) -> Frame:
    return {"type": "ack", "client_id": str(client_id), "message": message}


def message(message: Json) -> Frame:
    return {"type": "message", "message": message}


def read(match_id: UUID, user_id: UUID, seq: int) -> Frame:
    return {"type": "read", "match_id": str(match_id), "user_id": str(user_id), "seq": seq}


def typing(match_id: UUID, user_id: UUID) -> Frame:
    return {"type": "typing", "match_id": str(match_id), "user_id": str(user_id)}


def hidden(match_id: UUID, first_seq: int) -> Frame:
    return {"type": "hidden", "match_id": str(match_id), "first_seq": first_seq}


def messages(match_id: UUID, messages: Sequence[Json], first_seq: int, *, has_more: bool) -> Frame:
    return {
        "type": "messages",
        "match_id": str(match_id),
        "messages": messages,
        "first_seq": first_seq,
        "has_more": has_more,
    }


def match(match: Json) -> Frame:
    return {"type": "match", "match": match}


def match_ended(match_id: UUID) -> Frame:
    return {"type": "match_ended", "match_id": str(match_id)}


def pong(head: str) -> Frame:
    return {"type": "pong", "head": head}


def session_ended() -> Frame:
    return {"type": "session_ended"}


def error(problem: ProblemError, asked: Mapping[str, str], request_id: str) -> Frame:
    """Say why a frame was refused; `asked`: its type, client_id and match_id as far as named."""
    fields = problem.fields if isinstance(problem, InvalidRequest) else {}
    wait = problem.headers.get("Retry-After")
    return {
        "type": "error",
        "code": problem.code,
        "detail": problem.detail,
        "request": asked.get("type"),
        **{name: asked[name] for name in ("client_id", "match_id") if name in asked},
        "request_id": request_id,
        **({"errors": [{"field": f, "message": m} for f, m in fields.items()]} if fields else {}),
        **({"retry_after": int(wait)} if wait else {}),
    }
