"""Files that are packaged beside a function's code."""

import mimetypes
from pathlib import Path
from typing import NamedTuple

from fastapi.responses import FileResponse

from wingman.kit.errors import NoSuchRoute


def document(beside: str, name: str) -> FileResponse:
    """Return the file `name` of the folder that `beside` lies in; code is never served.

    Raises NoSuchRoute when there is none.
    """
    folder = Path(beside).parent
    served = {
        file.name: file for file in folder.iterdir() if file.suffix in {".json", ".js", ".css"}
    }
    if name not in served:
        raise NoSuchRoute
    media_type, _ = mimetypes.guess_type(name)
    return FileResponse(served[name], media_type=media_type)


class PageAssets(NamedTuple):
    """Where a page of Swagger UI takes its files from."""

    script: str
    style: str


PACKAGED = PageAssets("swagger-ui-bundle.js", "swagger-ui.css")
CDN = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5"


def page_assets(beside: str) -> PageAssets:
    """Return Swagger UI's own files where they are packaged, a CDN's where they are not."""
    packaged = all((Path(beside).parent / name).exists() for name in PACKAGED)
    return PageAssets(*(f"{'docs' if packaged else CDN}/{name}" for name in PACKAGED))
