"""Files that are packaged next to a function's code."""

import mimetypes
from pathlib import Path
from typing import NamedTuple

from fastapi.responses import FileResponse

from wingman.kit.errors import NoSuchRoute


def document(beside: str, name: str) -> FileResponse:
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
    return FileResponse(served[name], media_type=media_type)


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
