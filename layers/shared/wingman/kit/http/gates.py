"""Gates: the limits of an endpoint with a cache, charged by the Redis call that reads the cache."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from wingman.kit.cache.cache import Answer, Cache, Found, M, Source
from wingman.kit.clients.dependencies import REDIS
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.http.callers import CurrentUser, caller_of
from wingman.kit.http.charges import client_ip, refuse_again, show
from wingman.kit.http.routes import Handle, Limit
from wingman.kit.limits.charging import Subjects, admit, buckets
from wingman.kit.limits.limiter import Step, limiter
from wingman.kit.limits.limits import ANYONE, PUBLIC, SIGNED_IN
from wingman.kit.limits.policy import Policy
from wingman.kit.presence.touching import touching

CACHED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"X-Cache": {"schema": {"type": "string", "enum": list(Source)}}}}
}


class Gate:
    def __init__(
        self, request: Request, buckets: Mapping[str, Policy], steps: Sequence[Step] = ()
    ) -> None:
        self._request = request
        self._buckets = buckets
        self._steps = steps

    def look_up(self, cache: Cache[M], key: str) -> Found[M]:
        """Charge the limits and read `key`. Raises LimitReached."""
        verdicts, found = cache.look_up(key, self._buckets, self._steps)
        show(self._request, verdicts)
        admit(verdicts)
        return found

    def run(self, step: Step) -> Sequence[Any]:
        """Charge the limits and run a step that answers. Raises LimitReached.

        Without Redis there is no answer: raises DependencyUnavailable.
        """
        taken = limiter().ask(self._buckets, steps=[*self._steps, step])
        show(self._request, taken.verdicts)
        admit(taken.verdicts)
        if taken.after is None:
            raise DependencyUnavailable(REDIS.name)
        return taken.after

    def respond(self, answer: Answer[M]) -> M:
        self._request.state.extra_headers["X-Cache"] = answer.source
        return answer.value


class _UserGate(Limit):
    """The cache key may depend on the body, so only a remembered refusal precedes parsing."""

    def __init__(self, policies: Sequence[Policy] = ()) -> None:
        self._policies = [*policies, *SIGNED_IN]

    async def __call__(self, request: Request, caller: CurrentUser) -> Gate:
        found = buckets(Subjects(client_ip(request), caller.id), self._policies)
        return Gate(request, found, [touching(caller.id, caller.session_id)])

    async def run(self, request: Request, handle: Handle) -> Response:
        caller = await caller_of(request)
        refuse_again(request, Subjects(client_ip(request), caller.id), self._policies)
        return await handle(request)


def _public_gate(request: Request) -> Gate:
    return Gate(request, buckets(Subjects(client_ip(request)), [PUBLIC, *ANYONE]))


def gate(*policies: Policy) -> Any:
    """Limit an endpoint with a cache by `policies`, in addition to the limits of UserGate."""
    return Depends(_UserGate(policies))


UserGate = Annotated[Gate, gate()]
PublicGate = Annotated[Gate, Depends(_public_gate)]
