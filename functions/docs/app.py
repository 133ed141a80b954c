"""GET /docs and /openapi.json, and a 404 for every path that no other function serves."""

from typing import Any

from wingman.kit.http import CACHEABLE, create_app, lambda_handler, limit_public
from wingman.kit.http.documents import document, page
from wingman.kit.limits.limits import PUBLIC
from wingman.kit.settings import RedisSettings

from fastapi import Response
from fastapi.responses import HTMLResponse

app = create_app(RedisSettings)


OPEN: dict[str, Any] = {
    "tags": ["docs"],
    "responses": CACHEABLE,
    "dependencies": [limit_public(PUBLIC)],
}


@app.get("/openapi.json", **OPEN)
def get_openapi() -> Response:
    """Return the OpenAPI 3.1 document of all functions."""
    return document(__file__, "openapi.json")


@app.get("/docs", response_class=HTMLResponse, **OPEN)
def show_docs() -> HTMLResponse:
    """Show the API as a page from which you can send requests."""
    return page()


@app.get("/docs/{asset}", include_in_schema=False, dependencies=[limit_public(PUBLIC)])
def get_asset(asset: str) -> Response:
    return document(__file__, asset)


handler = lambda_handler(app)
