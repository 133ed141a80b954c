"""Request bodies that are not JSON models: raw bytes, forms and plain JSON objects."""

from collections.abc import Mapping
from io import BytesIO
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from wingman.kit.errors import InvalidRequest, PayloadTooLarge
from wingman.kit.json_objects import json_object

M = TypeVar("M", bound=BaseModel)
_MAX_FORM_BYTES = 64 * 1024
_MAX_FIELDS = 50
_MAX_PART_HEADERS, _MAX_PART_HEADER_BYTES = 8, 1024


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]


async def parse_form(request: Request) -> Mapping[str, Any]:
    """Parse a form or a JSON object. Raises PayloadTooLarge, MalformedJson, InvalidRequest."""
    body = await request.body()
    if len(body) > _MAX_FORM_BYTES:
        raise PayloadTooLarge("The form is larger than 64 kB.")
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return _multipart(content_type, body)
    if "json" in content_type:
        return json_object(body)
    return _urlencoded(body)


RequestFields = Annotated[Mapping[str, Any], Depends(parse_form)]
"""A form (either encoding) or a JSON object; the last of repeated values counts."""


def parsed(model: type[M], fields: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        raise InvalidRequest(
            fields={
                ".".join(map(str, item["loc"])): item["msg"].removeprefix("Value error, ")
                for item in error.errors(include_input=False, include_url=False)
            }
        ) from None


def documented(form: Mapping[str, Any], in_json: Mapping[str, Any] | None = None) -> dict[str, Any]:
    content = {
        "application/x-www-form-urlencoded": {"schema": form},
        "multipart/form-data": {"schema": form},
        "application/json": {"schema": in_json or form},
    }
    return {"requestBody": {"required": True, "content": content}}


def _urlencoded(body: bytes) -> Mapping[str, str]:
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:  # not UTF-8, or too many fields
        raise _unreadable_form() from None


def _multipart(content_type: str, body: bytes) -> Mapping[str, str]:
    """Parse the text fields of a multipart form; RFC 8058 allows it for one-click requests."""
    # Few containers get such a form, and the import adds 5 ms to a cold start.
    from multipart import MultipartError, MultipartParser, parse_options_header  # noqa: PLC0415

    _, options = parse_options_header(content_type)
    parser = MultipartParser(
        BytesIO(body),
        options.get("boundary", ""),
        part_limit=_MAX_FIELDS,
        header_limit=_MAX_PART_HEADERS,
        headersize_limit=_MAX_PART_HEADER_BYTES,
        memory_limit=_MAX_FORM_BYTES,
    )
    try:
        return {part.name: part.raw.decode(errors="replace").strip() for part in parser}
    except MultipartError:
        raise _unreadable_form() from None


def _unreadable_form() -> InvalidRequest:
    return InvalidRequest("The form cannot be parsed.", fields={"body": "is not a valid form"})
