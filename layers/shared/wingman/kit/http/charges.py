"""The limits of an HTTP request, and the headers that show their state."""

from collections.abc import Iterable, Sequence

from starlette.requests import Request

from wingman.kit.auth.tokens import Caller
from wingman.kit.limits.charging import Charge, LimitReached, Subjects, admit, buckets, charge
from wingman.kit.limits.headers import rate_limit_headers
from wingman.kit.limits.limiter import Step, limiter
from wingman.kit.limits.limits import ANYONE, SIGNED_IN
from wingman.kit.limits.networks import client_address
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.presence.touching import touching


def charge_at_last(request: Request) -> None:
    """Charge a request that was answered before its limits were charged. Raises LimitReached."""
    if not request.state.charged:
        charge_request(request, Subjects(client_ip(request)), ANYONE)


def never_charge(request: Request) -> None:
    """Admit a request without limits, once its sender has proven to be a trusted service."""
    request.state.charged = True


def client_ip(request: Request) -> str:
    peer = request.client.host if request.client else "unknown"
    return client_address(request.headers, peer)


def charge_user(
    request: Request, caller: Caller, policies: Iterable[Policy], cost: int = 1
) -> Charge:
    subjects = Subjects(client_ip(request), caller.id)
    seen = touching(caller.id, caller.session_id)
    return charge_request(request, subjects, [*policies, *SIGNED_IN], cost, [seen])


def charge_request(
    request: Request,
    subjects: Subjects,
    policies: Iterable[Policy],
    cost: int = 1,
    steps: Sequence[Step] = (),
) -> Charge:
    try:
        charged = charge(subjects, policies, cost=cost, steps=steps)
    except LimitReached as refusal:
        show(request, refusal.verdicts)
        raise
    show(request, charged.verdicts)
    return charged


def refuse_again(request: Request, subjects: Subjects, policies: Iterable[Policy]) -> None:
    """Repeat a refusal that this container remembers. Raises LimitReached."""
    if verdicts := limiter().recall(buckets(subjects, policies)):
        show(request, verdicts)
        admit(verdicts)


def show(request: Request, verdicts: Sequence[Verdict]) -> None:
    request.state.charged = True
    request.state.extra_headers.update(rate_limit_headers(verdicts))
