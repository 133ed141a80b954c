"""Checks of the channels beside the API: pushes, WebSocket connections and error reports."""

from urllib.parse import urlsplit

import httpx
from jwt.exceptions import PyJWTError

from local.doctor.findings import Findings, fail, ok, warn
from wingman.kit.clients.google import AccessTokens
from wingman.kit.clients.transport import http_client
from wingman.kit.reporting.settings import ReportingSettings
from wingman.kit.settings import load
from wingman.notifications.push.provider import SCOPE
from wingman.notifications.push.settings import PushSettings
from wingman.realtime.settings import TicketSettings

TIMEOUT_SECONDS = 5.0
_CONSOLE = "Firebase console → Project settings → Service accounts"


def check_push() -> Findings:
    """Ask Google for a token, as the push sender does."""
    settings = load(PushSettings)
    if not settings.enable_push:
        yield warn("push", "pushes are off", "EnablePush, once FCM_SERVICE_ACCOUNT is stored")
        return
    with http_client("google", timeout=TIMEOUT_SECONDS, judge=lambda _: None) as client:
        try:
            AccessTokens(settings.account.identity, SCOPE, client).get()
        except httpx.HTTPStatusError as error:
            text = f"Google gives no token for FCM_SERVICE_ACCOUNT ({error.response.status_code})"
            yield fail("push", text, f"make a new key: {_CONSOLE}; then ROTATE=FCM_SERVICE_ACCOUNT")
            return
        except (ValueError, PyJWTError):
            text = "the private key of FCM_SERVICE_ACCOUNT cannot be read"
            yield fail("push", text, f"store the file as it was exported: {_CONSOLE}")
            return
    yield ok("push", f"Google gives tokens for the project {settings.account.project_id}")


def check_realtime() -> Findings:
    """Connect without a ticket, which the WebSocket API must refuse."""
    address = load(TicketSettings).realtime_url.replace("ws", "http", 1)
    status = httpx.get(address, headers=_UPGRADE, timeout=TIMEOUT_SECONDS).status_code
    if status in _REFUSED:
        yield ok("realtime", "the WebSocket API answers, and refuses a client without a ticket")
    else:
        text = f"a client without a ticket is answered with {status}"
        yield fail("realtime", text, "is REALTIME_URL this deployment's address, with its stage?")


_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "ZG9jdG9yIGFza3MgaGVyZQ==",
}
_REFUSED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


def check_reports() -> Findings:
    """Check whether errors are reported, and whether the address answers."""
    dsn = load(ReportingSettings).sentry_dsn
    if not dsn:
        yield warn("reports", "errors go only to the log", "SentryDsn reports them by project")
        return
    parts = urlsplit(dsn)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    httpx.get(address, timeout=TIMEOUT_SECONDS)
    yield ok("reports", f"errors are reported to {parts.hostname}")
