"""HTML pages without scripts, external resources or referrers."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from wingman.kit.errors import ProblemError
from wingman.kit.http.problems import problem

# For pages whose URL contains a token.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class Written(Protocol):
    @property
    def html(self) -> str: ...

    @property
    def style(self) -> str: ...


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


def show(written: Written, status: int = 200, more: Mapping[str, str] = PRIVATE) -> HTMLResponse:
    return page(written.html, written.style, status, more)


def wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def explained_by(
    error_page: Callable[[ProblemError, str], Written],
) -> Callable[[Request, Exception], Response]:
    """Return a handler of errors: a page for people, JSON for programs."""

    def explain(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class
        answer = problem(request, error)
        if not wants_page(request):
            return answer
        return show(error_page(error, request.state.request_id), error.status, error.headers)

    return explain
