"""A client forges the header of a proxy, to be counted under another address each time."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.functions import Function

Load = Callable[..., Function]
FORGED = {
    "x-forwarded-for": "198.51.100.{n}",
    "forwarded": "for=198.51.100.{n}",
    "x-real-ip": "198.51.100.{n}",
    "true-client-ip": "198.51.100.{n}",
    "cf-connecting-ip": "198.51.100.{n}",
    "cloudfront-viewer-address": "198.51.100.{n}:4711",
}


def remaining(app: Function, source: str, headers: dict[str, str]) -> int:
    """Ask for a path that does not exist; return the tokens left in the bucket of the address."""
    event = app.event("unknown_path")
    event["requestContext"]["http"]["sourceIp"] = source
    event["headers"] |= headers
    answer = app.invoke(event)["headers"]
    found = re.search(r'"ip";r=(\d+)', answer["ratelimit"])
    assert found is not None
    return int(found[1])


def new_address() -> str:
    digits = uuid4().hex
    return f"2001:db8:{digits[:4]}:{digits[4:8]}::1"


def test_no_header_is_trusted_by_default(function: Load) -> None:
    app, source = function("docs"), new_address()
    first = remaining(app, source, {})
    for n, (name, value) in enumerate(FORGED.items(), start=1):
        assert remaining(app, source, {name: value.format(n=n)}) <= first - n + 1


def test_only_the_header_of_the_proxy_is_trusted(function: Load) -> None:
    app = function("docs", CLIENT_IP_HEADER="CF-Connecting-IP")
    proxy, client = new_address(), new_address()
    others = {name: value.format(n=1) for name, value in FORGED.items()}
    first = remaining(app, proxy, {"cf-connecting-ip": client})
    for n in range(1, 4):
        spoofed = others | {"x-forwarded-for": new_address(), "cf-connecting-ip": client}
        assert remaining(app, new_address(), spoofed) <= first - n + 1


@pytest.mark.parametrize(
    "value", ["", "unknown", "198.51.100.7, 203.0.113.9", "a" * 5000, "198.51.100", "\x00"]
)
def test_a_value_that_is_no_address_counts_for_the_proxy(function: Load, value: str) -> None:
    app, proxy = function("docs", CLIENT_IP_HEADER="CF-Connecting-IP"), new_address()
    first = remaining(app, proxy, {})
    assert remaining(app, proxy, {"cf-connecting-ip": value}) <= first


@pytest.mark.parametrize("form", ["{}:4711", "[{}]:4711", "[{}]", "{}"])
def test_a_port_beside_the_address_is_not_part_of_it(function: Load, form: str) -> None:
    app = function("docs", CLIENT_IP_HEADER="CloudFront-Viewer-Address")
    client = new_address().replace("::1", ":1:2:3:4")
    first = remaining(app, new_address(), {"cloudfront-viewer-address": client})
    named = {"cloudfront-viewer-address": form.format(client)}
    assert remaining(app, new_address(), named) <= first


def test_the_deployed_api_ignores_forged_headers(api: Api) -> None:
    def left(n: int) -> int:
        headers = {name: value.format(n=n) for name, value in FORGED.items()}
        answer = api.call("GET", f"/{uuid4()}", headers=headers)
        return int(re.findall(r'"ip";r=(\d+)', answer.headers["ratelimit"])[0])

    capacity = int(
        re.findall(r'"ip";q=(\d+)', api.call("GET", "/x").headers["ratelimit-policy"])[0]
    )
    assert min(left(n) for n in range(3)) < capacity - 1
