"""HTML pages without scripts, external resources or referrers."""

import base64
import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse

# For pages whose URL contains a token.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def page(
    html: str, style: str, status: int = 200, more: Mapping[str, str] = PRIVATE
) -> HTMLResponse:
    """Return a page whose only resource is its inline `style`."""
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
    return "text/html" in request.headers.get("accept", "")
