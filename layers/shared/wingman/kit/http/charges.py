"""The limits of an HTTP request, and the headers that show their state.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from starlette.requests import Request

from wingman.kit.auth.tokens import Caller
from wingman.kit.limits.charging import Charge, LimitReached, Subjects, admit, buckets, charge
from wingman.kit.limits.limiter import Step, limiter
from wingman.kit.limits.limits import ANYONE, SIGNED_IN
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.presence.touching import touching
from wingman.kit.settings import load


def charge_at_last(request: Request) -> None:
    """Charge a request that is answered without having reached its limits. Raises LimitReached."""
    if not request.state.charged:
        charge_request(request, Subjects(client_ip(request)), ANYONE)


def never_charge(request: Request) -> None:
    """Admit a request without limits, once its sender has proven to be a trusted service."""
    request.state.charged = True


def client_ip(request: Request) -> str:
    """Return the address that API Gateway saw, or that the one trusted header names.

    Clients can forge every other header. A value that is not one address is not used.
    """
    header = load(LimitSettings).client_ip_header
    named = _address(request.headers.get(header, "")) if header else None
    return named or (request.client.host if request.client else "unknown")


def _address(text: str) -> str | None:
    """Read an IP address, which a port may follow, as in CloudFront-Viewer-Address."""
    for written in (text, text.rpartition(":")[0].strip("[]")):
        try:
            return str(ip_address(written))
        except ValueError:
            continue
    return None


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
    request.state.extra_headers.update(_headers(verdicts))


def _headers(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Show clients their own buckets, but not the global one."""
    shown = [v for v in verdicts if v.policy.scope != "global" and not v.policy.shadow]
    if not shown:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{v.policy.name}";q={v.policy.capacity};w={v.policy.window_seconds}' for v in shown
        ),
        "RateLimit": ", ".join(
            f'"{v.policy.name}";r={v.remaining};t={v.reset_seconds}' for v in shown
        ),
    }
