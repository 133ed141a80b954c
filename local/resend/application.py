"""The sandbox as one application: the provider, its switches, and the inbox."""

from collections.abc import Sequence
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from local.connection import with_transport
from local.fcm.errors import FcmError
from local.keys import Keys
from local.resend.api import Api
from local.resend.control import Control
from local.resend.errors import MethodNotAllowedError, NotFoundError, ResendError
from local.resend.faults import Faults
from local.resend.inbox import Inbox
from local.resend.mailbox import Mailbox
from local.resend.ratelimit import RateLimit
from local.resend.webhooks import Webhooks


def sandbox(
    *, api_key: str, webhook_secret: str, webhook_url: str, others: Sequence[BaseRoute] = ()
) -> ASGIApp:
    """Make the application; `others` are routes of other sandboxes that it also serves."""
    mailbox, faults, limit, keys = Mailbox(), Faults(), RateLimit(), Keys(api_key)
    webhooks = Webhooks(webhook_secret, webhook_url)
    app = Starlette(
        routes=[
            *others,
            *Inbox(mailbox).routes(),
            *Control(mailbox, faults, limit, webhooks).routes(),
            *keys.routes(),
            *Api(keys, mailbox, faults, limit).routes(),
        ],
        exception_handlers={
            ResendError: _refusal,
            FcmError: _fcm_refusal,
            HTTPException: _no_such_endpoint,
        },
    )
    return with_transport(app)


async def _refusal(_: Request, error: Exception) -> Response:
    return cast("ResendError", error).response()


async def _fcm_refusal(_: Request, error: Exception) -> Response:
    return cast("FcmError", error).response()


async def _no_such_endpoint(_: Request, error: Exception) -> Response:
    if cast("HTTPException", error).status_code == MethodNotAllowedError.status:
        return MethodNotAllowedError("Method is not allowed for the requested path").response()
    return NotFoundError("The requested endpoint does not exist").response()
