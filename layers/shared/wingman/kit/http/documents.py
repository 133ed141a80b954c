"""Files that are packaged next to a function's code."""

import base64
import hashlib
import mimetypes
from pathlib import Path

from fastapi.responses import HTMLResponse, Response

from wingman.kit.errors import NoSuchRoute

# Clients keep a file, and ask with its ETag whether it is still current.
_REVALIDATED = {"Cache-Control": "no-cache"}
_AS_DECLARED = {"X-Content-Type-Options": "nosniff"}


def document(beside: str, name: str) -> Response:
    """Serve a file from the folder of `beside`. Raises NoSuchRoute for any name of another type."""
    folder = Path(beside).parent
    served = {
        file.name: file for file in folder.iterdir() if file.suffix in {".json", ".js", ".css"}
    }
    if name not in served:
        raise NoSuchRoute
    media_type, _ = mimetypes.guess_type(name)
    headers = _REVALIDATED | _AS_DECLARED
    return Response(served[name].read_bytes(), media_type=media_type, headers=headers)


_SCRIPT = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true})'
_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wingman API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def page() -> HTMLResponse:
    """Return the page of Swagger UI, which shows openapi.json; its files are packaged."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    headers = (
        _REVALIDATED
        | _AS_DECLARED
        | {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; "
                "img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
        }
    )
    return HTMLResponse(_PAGE, headers=headers)
