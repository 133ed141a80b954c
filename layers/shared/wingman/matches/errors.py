"""Errors of matches."""

from wingman.kit.errors import Conflict, Forbidden, InvalidRequest, NotFound, RateLimited


class InviteeNotFound(NotFound):
    """No user has this id."""


class MatchNotFound(NotFound):
    """This match does not exist, or you are not part of it."""


class CannotInviteYourself(InvalidRequest):
    """You cannot invite yourself."""

    def __init__(self) -> None:
        super().__init__(fields={"invitee_id": "must not be your own id"})


class MatchAlreadyOpen(Conflict):
    """The two of you already have an open match."""

    code = "match_already_open"


class RecentlyDeclined(Conflict):
    """An invitation between the two of you was declined less than 7 days ago."""

    code = "recently_declined"


class RecentlyWithdrawn(Conflict):
    """You withdrew an invitation that you sent this user less than 24 hours ago."""

    code = "recently_withdrawn"


class DailyMatchLimit(RateLimited):
    """You have reached the daily limit of invitations. Wait as long as Retry-After says."""

    code = "daily_match_limit"


class DailyEmailLimit(RateLimited):
    """You have caused this person too many emails today. Try again tomorrow."""

    code = "daily_email_limit"


class InitiatorCannotRespond(Forbidden):
    """Only the invited user can answer."""

    code = "initiator_cannot_respond"


class OnlyInitiatorCanWithdraw(Forbidden):
    """Only the user who sent the invitation can withdraw it."""

    code = "only_initiator_can_withdraw"


class MatchEnded(Conflict):
    """A match of the two of you has ended, which keeps you apart."""

    code = "match_ended"


class MatchNotAccepted(Conflict):
    """Only an accepted match can be ended."""

    code = "match_not_accepted"


class MatchAlreadyAnswered(Conflict):
    """This invitation is already closed."""

    code = "match_already_answered"


class MatchExpired(Conflict):
    """This invitation has expired."""

    code = "match_expired"
