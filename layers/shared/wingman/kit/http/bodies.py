"""Bodies that are not JSON models: raw bytes, and the fields of a form or a JSON object."""

import json
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from wingman.kit.errors import InvalidRequest, MalformedJson, PayloadTooLarge

_MAX_FORM_BYTES = 64 * 1024
_MAX_FIELDS = 50


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]


async def read_fields(request: Request) -> Mapping[str, Any]:
    """Read a form or a JSON object. Raises PayloadTooLarge, MalformedJson, InvalidRequest."""
    body = await request.body()
    if len(body) > _MAX_FORM_BYTES:
        raise PayloadTooLarge("A form has up to 64 kB.")
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return _multipart(content_type, body)
    if "json" in content_type:
        return json_object(body)
    return _urlencoded(body)


RequestFields = Annotated[Mapping[str, Any], Depends(read_fields)]
"""The fields of a form in either encoding or of a JSON object; of several values the last."""


def documented(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what OpenAPI says of a body of `RequestFields`: each field and what it means."""
    properties = {name: {"type": "string", "description": text} for name, text in fields.items()}
    body = {"schema": {"type": "object", "properties": properties}}
    types = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
    return {"requestBody": {"required": True, "content": dict.fromkeys(types, body)}}


def json_object(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object. Raises MalformedJson for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested too deep
        raise MalformedJson from None
    if not isinstance(found, dict):
        raise MalformedJson("The body is not a JSON object.")
    return found


def _urlencoded(body: bytes) -> Mapping[str, str]:
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:  # no UTF-8, or too many fields
        raise InvalidRequest("The form cannot be read.") from None


def _multipart(content_type: str, body: bytes) -> Mapping[str, str]:
    """Read the text fields of a multipart form; the one-click requests of RFC 8058 may come so."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + body).walk()
    fields = {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in parts
        if not part.is_multipart()
    }
    return {
        name: value.decode(errors="replace").strip()
        for name, value in fields.items()
        if isinstance(value, bytes)
    }
