"""The caller of an endpoint: the user whose access token the request carries."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from wingman.kit.auth.tokens import Caller, verify
from wingman.kit.errors import Forbidden, NoToken

_bearer = HTTPBearer(
    auto_error=False, scheme_name="AccessToken", description="A Supabase access token."
)


def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return the signed-in caller. Raises NoToken, Unauthenticated or TokenExpired."""
    if credentials is None:
        raise NoToken
    return verify(credentials.credentials)


CurrentUser = Annotated[Caller, Depends(current_user)]


def owner(user_id: UUID, caller: CurrentUser) -> Caller:
    """Return the caller if `{user_id}` in the path is theirs. Raises Forbidden."""
    if user_id != caller.id:
        raise Forbidden
    return caller


Owner = Annotated[Caller, Depends(owner)]
