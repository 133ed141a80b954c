"""A client forges a proxy's header so that each request is counted under another address."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.functions import Function
from wingman.kit.http import charges
from wingman.kit.limits import charging
from wingman.kit.limits.charging import Charge, Subjects

Load = Callable[..., Function]
SOURCE, CLIENT = "203.0.113.9", "2001:db8:1:2:3:4:5:6"
FORGED = {
    "x-forwarded-for": "198.51.100.7",
    "forwarded": "for=198.51.100.7",
    "x-real-ip": "198.51.100.7",
    "true-client-ip": "198.51.100.7",
    "cf-connecting-ip": "198.51.100.7",
    "cloudfront-viewer-address": "198.51.100.7:4711",
}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the address under which each request is counted."""
    addresses: list[str] = []
    charge = charging.charge

    def recorded(subjects: Subjects, *arguments: Any, **options: Any) -> Charge:
        addresses.append(subjects.ip)
        return charge(subjects, *arguments, **options)

    monkeypatch.setattr(charges, "charge", recorded)
    return addresses


def ask(app: Function, headers: dict[str, str]) -> None:
    event = app.event("unknown_path")
    event["requestContext"]["http"]["sourceIp"] = SOURCE
    event["headers"] |= headers
    assert app.invoke(event)["statusCode"] in {404, 429}


def test_no_header_is_trusted_by_default(function: Load, counted: list[str]) -> None:
    ask(function("docs"), FORGED)
    assert counted == [SOURCE]


def test_only_the_header_of_the_proxy_is_trusted(function: Load, counted: list[str]) -> None:
    app = function("docs", CLIENT_IP_HEADER="CF-Connecting-IP")
    ask(app, FORGED | {"cf-connecting-ip": CLIENT})
    ask(app, {name: value for name, value in FORGED.items() if name != "cf-connecting-ip"})
    assert counted == [CLIENT, SOURCE]


@pytest.mark.parametrize(
    "value", ["", "unknown", "198.51.100.7, 203.0.113.9", "a" * 5000, "198.51.100", "\x00"]
)
def test_a_value_that_is_no_address_counts_for_the_proxy(
    function: Load, counted: list[str], value: str
) -> None:
    ask(function("docs", CLIENT_IP_HEADER="CF-Connecting-IP"), {"cf-connecting-ip": value})
    assert counted == [SOURCE]


@pytest.mark.parametrize("form", ["{}:4711", "[{}]:4711", "{}"])
@pytest.mark.parametrize("client", [CLIENT, "198.51.100.7"])
def test_a_port_beside_the_address_is_not_part_of_it(
    function: Load, counted: list[str], client: str, form: str
) -> None:
    app = function("docs", CLIENT_IP_HEADER="CloudFront-Viewer-Address")
    ask(app, {"cloudfront-viewer-address": form.format(client)})
    assert counted == [client]
