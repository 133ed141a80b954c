"""Message requests, checked as the provider does, and answers that need no model.

https://platform.claude.com/docs/en/api/messages
"""

import json
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from local.anthropic.errors import InvalidRequestError

ABOUT_A_TOKEN = 4  # characters


class Turn(BaseModel):
    role: Literal["user", "assistant"]
    content: Annotated[str, Field(min_length=1)]


class JsonFormat(BaseModel):
    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(BaseModel):
    format: JsonFormat | None = None


class MessageRequest(BaseModel):
    """The part of a request that this product uses."""

    model: Annotated[str, Field(min_length=1)]
    max_tokens: Annotated[int, Field(ge=1)]
    system: str = ""
    messages: Annotated[list[Turn], Field(min_length=1)]
    output_config: OutputConfig | None = None


def read(body: object) -> MessageRequest:
    """Check a request. Raises InvalidRequestError naming the first field that is wrong."""
    try:
        return MessageRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidRequestError(f"{where}: {first['msg']}") from None


def message(
    request: MessageRequest, text: str | None = None, stop_reason: str = "end_turn"
) -> dict[str, Any]:
    """Answer in the provider's shape: with `text`, or with tips on what was asked."""
    text = json.dumps({"tips": tips(request)}) if text is None else text
    asked = request.system + "".join(turn.content for turn in request.messages)
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": len(asked) // ABOUT_A_TOKEN,
            "output_tokens": len(text) // ABOUT_A_TOKEN,
        },
    }


def tips(request: MessageRequest) -> list[str]:
    """Return the same tips for the same request; they quote the challenge, if it has one."""
    try:
        asked = json.loads(request.messages[-1].content)
        title = asked["challenge"]["title"]
    except (ValueError, TypeError, KeyError):
        title = None
    about = f"For “{title}”: decide on your first sentence beforehand." if title else None
    return [
        *([about] if about else []),
        "Begin with a smile and a question that needs more than a yes.",
        "Listen for one thing that you did not know, and ask about it.",
    ]
