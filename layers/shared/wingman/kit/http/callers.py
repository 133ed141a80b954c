"""The caller of an endpoint: the user whose access token the request carries."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from wingman.kit.auth.tokens import Caller, verify
from wingman.kit.errors import Forbidden, NoToken

_bearer = HTTPBearer(
    auto_error=False, scheme_name="AccessToken", description="A Supabase access token."
)


async def current_user(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return the signed-in caller. Raises NoToken, Unauthenticated or TokenExpired."""
    if credentials is None:
        raise NoToken
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:  # the limits of the route have not verified the token yet
        caller = request.state.caller = verify(credentials.credentials)
    return caller


async def caller_of(request: Request) -> Caller:
    """Return the caller of a request whose dependencies are not solved yet."""
    return await current_user(request, await _bearer(request))


CurrentUser = Annotated[Caller, Depends(current_user)]


async def owner(user_id: UUID, caller: CurrentUser) -> Caller:
    """Return the caller if `{user_id}` in the path is theirs. Raises Forbidden."""
    if user_id != caller.id:
        raise Forbidden
    return caller


Owner = Annotated[Caller, Depends(owner)]
