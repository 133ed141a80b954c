from uuid import UUID

from app.client import a
from app.errors import Refused
from wingman_client import AuthenticatedClient
from wingman_client.api.matches import request_match, respond_to_match
from wingman_client.models import Action, Answer, Invitation, Match
from wingman_client.models import RequestMatchConflictProblemCode as Conflict


def invite(api: AuthenticatedClient, invitee_id: UUID, key: str) -> Match | None:
    """Invite a user, or return None if a match is already open.

    A repetition with the same key returns the first answer.
    """
    body = Invitation(invitee_id, venue_suggestion="Café Central", note="Saturday afternoon?")
    try:
        return a(Match, request_match.sync(client=api, body=body, idempotency_key=key))
    except Refused as refused:
        if refused.code == Conflict.MATCH_ALREADY_OPEN:
            return None
        raise


def answer(api: AuthenticatedClient, match_id: UUID, action: Action) -> Match:
    """Accept or decline; repeating the same answer changes nothing."""
    return a(Match, respond_to_match.sync(match_id, client=api, body=Answer(action)))
