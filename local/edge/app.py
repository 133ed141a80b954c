"""The app's address: the client of examples/web, under a policy that lets it call only us."""

from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local import web
from local.stack import Stack

_UNBUILT = "The web client is not built yet: run `make up`."


def front(stack: Stack) -> Starlette:
    """Return the application that serves the built client; every path of the app is its page."""
    folder = web.folder(stack)
    policy = _policy(stack)
    config = {"api_url": stack.url("api"), "inbox_url": f"{stack.url('resend')}/"}

    async def settings(_: Request) -> Response:
        return JSONResponse(config, headers={"cache-control": "no-store"})

    async def file(request: Request) -> Response:
        asked = request.path_params["name"]
        name = asked if asked in web.FILES else web.PAGE
        if not (folder / name).exists():
            return PlainTextResponse(_UNBUILT, 503, {"retry-after": "1"})
        return FileResponse(folder / name, headers=policy)

    return Starlette(
        routes=[
            Route("/config.json", settings),
            Route("/{name:path}", file),
        ]
    )


def _policy(stack: Stack) -> dict[str, str]:
    api, aws = stack.url("api"), urlsplit(stack.url("ministack")).netloc
    # The emulator serves both the bucket of uploads and the WebSocket.
    sources = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: {api}",
        "connect-src": f"'self' {api} http://{aws} ws://{aws}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in sources.items()),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "permissions-policy": "geolocation=(self), camera=(), microphone=()",
        "cache-control": "no-cache",
    }
