"""Errors of conversations."""

from wingman.kit.errors import Conflict, NotFound, RateLimited


class ConversationNotFound(NotFound):
    """This match does not exist, has ended, or is not yours."""


class MatchNotActive(Conflict):
    """Messages are sent in an accepted match, until it ends."""

    code = "match_not_active"


class ClientIdReused(Conflict):
    """You have sent another message with this client_id. Use a new one for each message."""

    code = "client_id_reused"


class MessageLimit(RateLimited):
    """You have sent too many messages in ten minutes. Try again later."""

    code = "message_limit"
