"""Files that are packaged next to a function's code."""

import mimetypes
from pathlib import Path
from typing import NamedTuple

from fastapi.responses import HTMLResponse, Response

from wingman.kit.errors import NoSuchRoute

# Clients keep a file, and ask with its ETag whether it is still current.
_REVALIDATED = {"Cache-Control": "no-cache"}


def document(beside: str, name: str) -> Response:
    """Serve a JSON, JavaScript or CSS file from the folder of `beside`.

    Raises NoSuchRoute for any other name.
    """
    folder = Path(beside).parent
    served = {
        file.name: file for file in folder.iterdir() if file.suffix in {".json", ".js", ".css"}
    }
    if name not in served:
        raise NoSuchRoute
    media_type, _ = mimetypes.guess_type(name)
    return Response(served[name].read_bytes(), media_type=media_type, headers=_REVALIDATED)


class PageAssets(NamedTuple):
    """The addresses of Swagger UI's files."""

    script: str
    style: str


PACKAGED = PageAssets("swagger-ui-bundle.js", "swagger-ui.css")
CDN = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5"


def page_assets(beside: str) -> PageAssets:
    """Return Swagger UI's packaged files, or those of a CDN if none are packaged."""
    packaged = all((Path(beside).parent / name).exists() for name in PACKAGED)
    return PageAssets(*(f"{'docs' if packaged else CDN}/{name}" for name in PACKAGED))


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wingman API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{script}"></script>
<script>SwaggerUIBundle({{url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true}})</script>
</body>
</html>
"""


def page(assets: PageAssets) -> HTMLResponse:
    """Return the page of Swagger UI, which shows openapi.json."""
    return HTMLResponse(_PAGE.format_map(assets._asdict()), headers=_REVALIDATED)
