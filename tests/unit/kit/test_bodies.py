"""A form that cannot be parsed is refused; otherwise it would look like a saved one."""

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


HEAD = b"--B\r\nContent-Disposition: form-data; "
NESTED = b"--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"name=" + b"(" * 60_000 + b"\r\n\r\nx\r\n--B--\r\n",
        HEAD + b"a=b;" * 15_000 + b"\r\n\r\nx\r\n--B--\r\n",
        (HEAD + b"name=x\r\n\r\nx\r\n") * 60 + b"--B--\r\n",
        b"--B\r\n" * 10_000,
        NESTED * 1_000,
    ],
    ids=["nested comments", "parameters", "parts", "boundaries", "nested forms"],
)
def test_an_expensive_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="cannot be parsed"):
        bodies._multipart("multipart/form-data; boundary=B", body)


def test_a_form_of_text_fields_is_read() -> None:
    part = b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
    body = b"--a b\r\n" + part + b"--a b--\r\n"
    fields = bodies._multipart('multipart/form-data; boundary="a b"', body)
    assert fields == {"List-Unsubscribe": "One-Click"}
