"""HTTP functions: FastAPI apps behind API Gateway that return errors as problem+json."""

from wingman.kit.http.application import create_app, lambda_handler
from wingman.kit.http.idempotency import IdempotentRequest, created
from wingman.kit.http.limiting import (
    CACHED,
    PublicGate,
    UserGate,
    limit,
    limit_link,
    limit_public,
    limit_with_refund,
)
from wingman.kit.http.pages import PageQuery

__all__ = [
    "CACHED",
    "IdempotentRequest",
    "PageQuery",
    "PublicGate",
    "UserGate",
    "create_app",
    "created",
    "lambda_handler",
    "limit",
    "limit_link",
    "limit_public",
    "limit_with_refund",
]
