"""A form that cannot be parsed is refused: otherwise it would look as if it had been saved."""

import asyncio

import pytest
from starlette.requests import Request

from wingman.kit.errors import InvalidRequest
from wingman.kit.http import bodies


@pytest.mark.parametrize("body", [b"a=\xff", b"&".join(b"f%d=1" % n for n in range(60))])
def test_a_form_that_cannot_be_parsed_is_refused(body: bytes) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    request = Request({"type": "http", "headers": []}, receive)
    with pytest.raises(InvalidRequest, match="cannot be parsed"):
        asyncio.run(bodies.parse_form(request))
