"""The app factory and the Lambda entry point of every HTTP function."""

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.exceptions import HTTPException

from wingman.kit import settings
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.errors import ProblemError
from wingman.kit.http import problems
from wingman.kit.http.conditional import Conditional
from wingman.kit.http.envelope import MAX_BODY_BYTES, Envelope
from wingman.kit.http.routes import LimitedRoute
from wingman.kit.invocation import invocation
from wingman.kit.settings import Settings

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def create_app(
    *needs: type[Settings], elsewhere: Mapping[str, set[str]] = MappingProxyType({})
) -> FastAPI:
    """Build a function's app; a misconfigured container raises SettingsError and does not start.

    `elsewhere` lists methods of its paths that another function serves: a 405 names them, too.
    """
    settings.check(DeploymentSettings, *needs)
    app = FastAPI(
        title="Wingman",
        openapi_url=None,  # the docs function publishes one document for all functions
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=MAX_BODY_BYTES,
        generate_unique_id_function=lambda route: route.name,
    )
    app.router.route_class = LimitedRoute
    app.state.elsewhere = elsewhere
    app.add_exception_handler(ProblemError, problems.problem)
    app.add_exception_handler(RequestValidationError, problems.invalid)
    app.add_exception_handler(HTTPException, problems.routing)
    app.add_exception_handler(Exception, problems.crash)
    return app


def lambda_handler(app: FastAPI) -> Handler:
    asyncio.set_event_loop(_event_loop())
    text = [*DEFAULT_TEXT_MIME_TYPES, problems.MEDIA_TYPE]
    adapter = Mangum(Envelope(Conditional(app)), lifespan="off", text_mime_types=text)

    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        with invocation(event, context) as segment:
            response: dict[str, Any] = adapter(event, context)  # type: ignore[arg-type]
            segment.answered(response["statusCode"])
            return response

    return handler


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop for Mangum: asyncio no longer creates one."""
    return asyncio.new_event_loop()
