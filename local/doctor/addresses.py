"""Checks that public addresses belong to this deployment and are encrypted."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from local.doctor.findings import Findings, fail, ok
from local.doctor.sender_domain import RESERVED
from wingman.kit.clients.transport import http_client
from wingman.kit.settings import AppSettings, Environment, load
from wingman.notifications.email.letters.settings import BrandSettings

# The template's default, and a developer's machine.
STRANGERS = ("https://app.example.com", "http://localhost:3000")
TIMEOUT_SECONDS = 20.0  # of a cold start


def check_addresses() -> Findings:
    """Check the addresses in emails, and the origins that may call the API."""
    local = load(AppSettings).environment is Environment.LOCAL
    app, api = load(BrandSettings).app_url, os.environ.get("API_URL")
    advice = "deploy with AppUrl set to the app's address, and set APP_URL"
    yield from _address("app", app, advice, local=local)
    if api:
        advice = "set API_URL to what clients call; PublicApiUrl where it has a domain of its own"
        yield from _address("api address", api, advice, local=local)
        yield from _origins(api, "{0.scheme}://{0.netloc}".format(urlsplit(app)), local=local)


def _address(subject: str, url: str, advice: str, *, local: bool) -> Findings:
    flaw = _flaw(url)
    if flaw and not local:
        yield fail(subject, f"{url} {flaw}", advice)
    else:
        yield ok(subject, f"{url} {flaw}; fine here" if flaw else f"{url} is a public address")


def _flaw(url: str) -> str | None:
    address = urlsplit(url)
    host = address.hostname or ""
    if RESERVED.search(host):
        return "is a reserved address"
    if _within_a_network(host):
        return "is reachable only from its own network"
    if address.scheme != "https":
        return "is not encrypted"
    return None


def _within_a_network(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host


def _origins(api: str, app: str, *, local: bool) -> Findings:
    if _allowed(api, app):
        yield ok("origins", f"pages of {app} may call the API")
    else:
        text = f"{app} is not an allowed origin"
        yield fail("origins", text, "add it to AllowedOrigins and deploy")
    for origin in () if local else STRANGERS:
        if _allowed(api, origin):
            text = f"pages of {origin} may call the API"
            advice = "deploy with AllowedOrigins set to the origins of your pages only"
            yield fail("origins", text, advice)


def _allowed(api: str, origin: str) -> bool:
    """Send a browser's preflight request (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    asked = {"origin": origin, "access-control-request-method": "GET"}
    with http_client("doctor", timeout=TIMEOUT_SECONDS) as client:
        answer = client.request("OPTIONS", f"{api.rstrip('/')}/health", headers=asked)
    return answer.headers.get("access-control-allow-origin") in {origin, "*"}
