"""HTTP functions: FastAPI apps behind API Gateway that return errors as problem+json."""

from wingman.kit.http.application import create_app, lambda_handler
from wingman.kit.http.conditional import CACHEABLE, REVALIDATED
from wingman.kit.http.gates import CACHED, Gate, PublicGate, UserGate, gate
from wingman.kit.http.idempotency import IdempotentRequest, created
from wingman.kit.http.limiting import (
    limit,
    limit_always_open,
    limit_but_repeats,
    limit_link,
    limit_public,
    limit_with_refund,
)
from wingman.kit.http.pages import PageQuery
from wingman.kit.http.proofs import limit_proofs, limit_secrets
from wingman.kit.http.routes import LimitedRoute

__all__ = [
    "CACHEABLE",
    "CACHED",
    "REVALIDATED",
    "Gate",
    "IdempotentRequest",
    "LimitedRoute",
    "PageQuery",
    "PublicGate",
    "UserGate",
    "create_app",
    "created",
    "gate",
    "lambda_handler",
    "limit",
    "limit_always_open",
    "limit_but_repeats",
    "limit_link",
    "limit_proofs",
    "limit_public",
    "limit_secrets",
    "limit_with_refund",
]
