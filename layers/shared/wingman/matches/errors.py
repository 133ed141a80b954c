"""Why a step of a match is refused."""

from wingman.kit.errors import Conflict, Forbidden, InvalidRequest, NotFound, RateLimited


class InviteeNotFound(NotFound):
    """There is no user with this id."""


class MatchNotFound(NotFound):
    """There is no such match, or you are not part of it."""


class CannotInviteYourself(InvalidRequest):
    """You cannot invite yourself."""

    def __init__(self) -> None:
        super().__init__(fields={"invitee_id": "is your own id"})


class MatchAlreadyOpen(Conflict):
    """The two of you already have an open match."""

    code = "match_already_open"


class RecentlyDeclined(Conflict):
    """An invitation between the two of you was declined less than 7 days ago."""

    code = "recently_declined"


class DailyMatchLimit(RateLimited):
    """You have sent as many invitations as a day allows. Retry-After says when the next is free."""

    code = "daily_match_limit"


class InitiatorCannotRespond(Forbidden):
    """Only the invited person can answer."""

    code = "initiator_cannot_respond"


class OnlyInitiatorCanWithdraw(Forbidden):
    """Only who sent the invitation can withdraw it."""

    code = "only_initiator_can_withdraw"


class MatchAlreadyAnswered(Conflict):
    """This invitation is already closed."""

    code = "match_already_answered"


class MatchExpired(Conflict):
    """This invitation has expired."""

    code = "match_expired"
