"""The inbox page, which shows the accepted emails."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from local.resend.errors import NotFoundError
from local.resend.mailbox import Mailbox

_FILES = Path(__file__).parent / "page"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# An email may style itself, but may not run scripts, submit forms or load anything but pictures.
_EMAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data: http: https:; font-src data:"
)
_LINKS_OPEN_OUTSIDE = '<base target="_blank">'
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


class Inbox:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def routes(self) -> list[Route]:
        return [
            Route("/", _page),
            Route("/inbox.css", _style),
            Route("/inbox.js", _script),
            Route("/inbox/{id}", self._html),
        ]

    async def _html(self, request: Request) -> Response:
        email = self._mailbox.emails.get(request.path_params["id"])
        if email is None:
            raise NotFoundError("Email not found")
        return HTMLResponse(
            _HEAD.sub(lambda head: head[0] + _LINKS_OPEN_OUTSIDE, email.html or "", count=1),
            headers={"content-security-policy": _EMAIL_POLICY, "referrer-policy": "no-referrer"},
        )


async def _page(_: Request) -> Response:
    return FileResponse(
        _FILES / "inbox.html",
        headers={"content-security-policy": _PAGE_POLICY, "cache-control": "no-store"},
    )


async def _style(_: Request) -> Response:
    return FileResponse(_FILES / "inbox.css", headers={"cache-control": "no-store"})


async def _script(_: Request) -> Response:
    return FileResponse(
        _FILES / "inbox.js", media_type="text/javascript", headers={"cache-control": "no-store"}
    )
