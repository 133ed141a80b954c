"""Steps between the caller and another user."""

from typing import cast
from uuid import UUID

import strawberry

from wingman.conversations import service as conversations
from wingman.conversations.limits import MESSAGES
from wingman.conversations.models import NewMessage, NewReadMark
from wingman.graph import inputs
from wingman.graph.context import Asked
from wingman.graph.costs import Manner, calls
from wingman.graph.inputs import given
from wingman.graph.types import meetings, people
from wingman.kit.settings import load
from wingman.likes import service as likes
from wingman.likes.limits import LIKES
from wingman.matches import service as matches
from wingman.matches.limits import MATCH_REQUESTS
from wingman.matches.models import Action, Answer, Invitation
from wingman.matches.settings import MatchSettings
from wingman.notifications.email.limits import EMAIL
from wingman.realtime.service import realtime
from wingman.reputation import service as reputation
from wingman.safety import service as safety
from wingman.safety.limits import BLOCKS, REPORTS
from wingman.safety.models import NewReport
from wingman.sessions import feedback as feedbacks
from wingman.sessions import service as sessions
from wingman.sessions.models import Answer as Feedback
from wingman.sessions.models import Cancellation, Changes, Plan


@strawberry.type
class PairMutations:
    """Steps between two users."""

    @calls(LIKES)
    def like_user(self, info: Asked, user_id: UUID) -> meetings.GivenLike | None:
        """Like a user, in place of a pass. If they like you too, you have a match."""
        step = likes.like(info.context.database, info.context.queue, realtime(), user_id)
        return cast("meetings.GivenLike", step)

    @calls()
    def unlike_user(self, info: Asked, user_id: UUID) -> bool | None:
        """Take back a like. The match that came of it ends."""
        context = info.context
        likes.unlike(context.database, context.queue, reputation.cache(), realtime(), user_id)
        return True

    @calls(LIKES)
    def pass_user(self, info: Asked, user_id: UUID) -> people.GivenPass | None:
        """Pass on a user for 30 days, in place of a like."""
        context = info.context
        step = likes.pass_on(
            context.database, context.queue, reputation.cache(), realtime(), user_id
        )
        return cast("people.GivenPass", step)

    @calls()
    def undo_pass(self, info: Asked, user_id: UUID) -> bool | None:
        """Undo a pass."""
        likes.undo_pass(info.context.database, user_id)
        return True

    @calls(MATCH_REQUESTS)
    def request_match(
        self, info: Asked, invitation: inputs.InvitationInput
    ) -> meetings.Match | None:
        """Invite a user to meet. They get an email and have 48 hours to answer."""
        change = matches.request(
            info.context.database,
            info.context.queue,
            given(Invitation, invitation),
            key=info.context.key,
            max_daily=load(MatchSettings).max_daily_matches,
        )
        return cast("meetings.Match", change.match)

    @calls()
    def respond_to_match(
        self, info: Asked, match_id: UUID, action: Action, reason: str | None = None
    ) -> meetings.Match | None:
        """Accept or decline an invitation. The same answer again changes nothing."""
        answer = given(Answer, {"action": action, "reason": reason})
        changed = matches.respond(
            info.context.database, info.context.queue, realtime(), match_id, answer
        )
        return cast("meetings.Match", changed)

    @calls()
    def withdraw_match(self, info: Asked, match_id: UUID) -> meetings.Match | None:
        """Withdraw an invitation that has not been answered."""
        changed = matches.withdraw(info.context.database, info.context.queue, match_id)
        return cast("meetings.Match", changed)

    @calls()
    def unmatch(self, info: Asked, match_id: UUID) -> meetings.Match | None:
        """End an accepted match, which keeps the two of you apart."""
        context = info.context
        changed = matches.unmatch(
            context.database, context.queue, reputation.cache(), realtime(), match_id
        )
        return cast("meetings.Match", changed)

    @calls(MESSAGES, Manner.BUT_REPEATS)
    def send_message(
        self, info: Asked, match_id: UUID, message: inputs.MessageInput
    ) -> meetings.Message | None:
        """Send a text or a playground. The same again returns the first message."""
        context, new = info.context, given(NewMessage, message)
        sent = conversations.send(
            context.database, context.queue, realtime(), match_id, new, refusal=context.refusal
        )
        context.replayed = sent.replayed
        return cast("meetings.Message", sent.message)

    @calls()
    def mark_read(self, info: Asked, match_id: UUID, seq: int) -> int | None:
        """Mark messages as read; return the last one that counts as read."""
        context, until = info.context, given(NewReadMark, {"seq": seq})
        by = context.database, realtime(), context.caller_id
        return conversations.mark_read(*by, match_id, until.seq).read_seq

    @calls()
    def hide_conversation(self, info: Asked, match_id: UUID) -> bool | None:
        """Hide all messages up to now from yourself alone."""
        context = info.context
        conversations.hide(context.database, realtime(), context.caller_id, match_id)
        return True

    @calls(EMAIL, Manner.REFUNDED)
    def create_session(self, info: Asked, plan: inputs.PlanInput) -> meetings.Session | None:
        """Plan a meeting, at least 15 minutes ahead. Both users get an email."""
        context = info.context
        change = sessions.create(
            context.database,
            context.queue,
            reputation.cache(),
            given(Plan, plan),
            key=context.key,
        )
        context.replayed = change.replayed
        return cast("meetings.Session", change.session)

    @calls(EMAIL, Manner.REFUNDED, where=("venueName", "scheduledTime"))
    def update_session(
        self, info: Asked, session_id: UUID, changes: inputs.SessionChanges
    ) -> meetings.Session | None:
        """Change time or place before the start; change notes while it is open."""
        context, wanted = info.context, given(Changes, changes)
        cache = reputation.cache()
        changed = sessions.update(context.database, context.queue, cache, session_id, wanted)
        return cast("meetings.Session", changed)

    @calls()
    def cancel_session(
        self, info: Asked, session_id: UUID, reason: str | None = None
    ) -> meetings.Session | None:
        """Cancel and email the other user; late, of a plan known for 2 hours, it is a no-show."""
        context, cache = info.context, reputation.cache()
        said = given(Cancellation, {"reason": reason}).reason
        changed = sessions.cancel(context.database, context.queue, cache, session_id, said)
        return cast("meetings.Session", changed)

    @calls()
    def confirm_session(self, info: Asked, session_id: UUID) -> meetings.Session | None:
        """Confirm that the other user took part, after the start."""
        context = info.context
        cache = reputation.cache()
        changed = sessions.confirm(context.database, context.queue, cache, session_id)
        return cast("meetings.Session", changed)

    @calls()
    def report_no_show(self, info: Asked, session_id: UUID) -> meetings.Session | None:
        """Report that the other user did not come, from 15 minutes to 7 days after the start."""
        context = info.context
        cache = reputation.cache()
        changed = sessions.report_no_show(context.database, context.queue, cache, session_id)
        return cast("meetings.Session", changed)

    @calls()
    def give_feedback(
        self, info: Asked, session_id: UUID, feedback: inputs.FeedbackInput
    ) -> meetings.GivenFeedback | None:
        """Say how a meeting was, once. The same again returns the first answer."""
        change = feedbacks.give(info.context.database, session_id, given(Feedback, feedback))
        return cast("meetings.GivenFeedback", change.feedback)

    @calls(BLOCKS)
    def put_block(self, info: Asked, user_id: UUID) -> bool | None:
        """Block a user. Neither of you exists for the other from now on."""
        context = info.context
        safety.block(context.database, context.queue, reputation.cache(), realtime(), user_id)
        return True

    @calls(BLOCKS)
    def delete_block(self, info: Asked, user_id: UUID) -> bool | None:
        """Take back a block. A match that it ended stays ended."""
        safety.unblock(info.context.database, reputation.cache(), user_id)
        return True

    @calls(REPORTS)
    def create_report(self, info: Asked, report: inputs.ReportInput) -> people.Report | None:
        """Report a user to the operators. The same report again returns the first one."""
        new = given(NewReport, report)
        made = safety.report(info.context.database, reputation.cache(), new)
        return cast("people.Report", made)
