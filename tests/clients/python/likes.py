from uuid import UUID

from app.client import a
from wingman_client import AuthenticatedClient
from wingman_client.api.likes import like_user, pass_user, undo_pass
from wingman_client.models import GivenLike, Match


def like(api: AuthenticatedClient, user_id: UUID) -> Match | None:
    """Like a user; return the match if the like is mutual."""
    return a(GivenLike, like_user.sync(user_id, client=api)).match


def pass_on(api: AuthenticatedClient, user_id: UUID) -> None:
    pass_user.sync(user_id, client=api)


def undo(api: AuthenticatedClient, user_id: UUID) -> None:
    """Undo a pass: the profile is proposed again."""
    undo_pass.sync(user_id, client=api)
