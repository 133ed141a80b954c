"""GET /docs and /openapi.json, and a 404 for every path that no other function serves."""

from fastapi import Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from wingman.kit.http import create_app, lambda_handler, limit_public
from wingman.kit.http.documents import document, page_assets
from wingman.kit.limits.limits import PUBLIC
from wingman.kit.settings import RedisSettings

app = create_app(RedisSettings)


@app.get("/openapi.json", tags=["docs"], dependencies=[limit_public(PUBLIC)])
def get_openapi() -> Response:
    """Return the OpenAPI 3.1 document of all functions."""
    return document(__file__, "openapi.json")


@app.get("/docs", tags=["docs"], dependencies=[limit_public(PUBLIC)])
def get_docs() -> HTMLResponse:
    """Show the API as a page from which you can send requests."""
    assets = page_assets(__file__)
    return get_swagger_ui_html(
        title="Wingman API",
        openapi_url="openapi.json",
        swagger_js_url=assets.script,
        swagger_css_url=assets.style,
        swagger_favicon_url="data:,",
    )


@app.get("/docs/{asset}", include_in_schema=False, dependencies=[limit_public(PUBLIC)])
def get_asset(asset: str) -> Response:
    return document(__file__, asset)


handler = lambda_handler(app)
