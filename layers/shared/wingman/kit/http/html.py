"""Pages for people: a style of their own, no script, and nothing told to anybody else."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from wingman.kit.http import problems

_PROBLEM: dict[str, Any] = {
    "description": "A page that says what is wrong; a wrong method is told in JSON.",
    "content": {"text/html": {}, **problems.DOCUMENTED["content"]},
}
DOCUMENTED = {"4XX": _PROBLEM, "5XX": _PROBLEM}
# For an address that holds a token.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def page(
    html: str, style: str, status: int = 200, more: Mapping[str, str] = PRIVATE
) -> HTMLResponse:
    """Return a page whose only resource is the `style` that it contains."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = {
        **PRIVATE,
        **more,
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status, headers=headers)


def wants_page(request: Request) -> bool:
    """Tell a browser from a program."""
    return "text/html" in request.headers.get("accept", "")
