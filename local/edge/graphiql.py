"""GraphiQL at the API's address, only on local stacks: no deployment serves it."""

from http import HTTPStatus
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response

from local.stack import CHECKOUT

PATH = "/graphiql"
_MODULES = CHECKOUT / "local" / "node_modules"
_PAGE = Path(__file__).parent / "page"
_FILES = {
    "": _PAGE / "graphiql.html",
    "page.css": _PAGE / "page.css",
    "page.js": _PAGE / "page.js",
    "graphiql.min.css": _MODULES / "graphiql" / "graphiql.min.css",
    "graphiql.min.js": _MODULES / "graphiql" / "graphiql.min.js",
    "react.production.min.js": _MODULES / "react" / "umd" / "react.production.min.js",
    "react-dom.production.min.js": _MODULES / "react-dom" / "umd" / "react-dom.production.min.js",
}
_HEADERS = {
    "cache-control": "no-cache",
    # Its editors style their elements one by one, and its style sheet holds its fonts.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; "
        "img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def asked_for(path: str) -> bool:
    return path == PATH or path.startswith(f"{PATH}/")


def answer(path: str) -> Response:
    """Return the page, or one of the files that it loads."""
    file = _FILES.get(path.removeprefix(PATH).removeprefix("/"))
    if file is None:
        return PlainTextResponse("There is no such file.", HTTPStatus.NOT_FOUND)
    if not file.exists():
        detail = f"{file.name} is not installed: run `make setup`."
        return PlainTextResponse(detail, HTTPStatus.SERVICE_UNAVAILABLE)
    return FileResponse(file, headers=_HEADERS)
