"""The state machine of a session: the steps that users may take, and their results.

The product's rules are in Postgres (supabase/schemas). This is an independent copy of the state
machine in docs/sessions.md; tests/integration/test_session_rules.py compares the two.

Each user confirms or reports only the other user. A confirmation withdraws the user's own earlier
report (the other user came late); a report after the user's own confirmation is refused. If the
reported user confirms, the report still stands. If both users report each other, neither report
counts.

The rules here assume a plan that is older than 2 hours. tests/integration/session_model.py has the
exceptions for plans at short notice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from wingman.sessions.models import SessionStatus

REPORT_AFTER = timedelta(minutes=15)
REPORT_WITHIN = timedelta(days=7)
GRACE = timedelta(hours=24)
LATE_CANCELLATION = timedelta(hours=2)


class Step(StrEnum):
    MOVE = "move"  # another time or place
    NOTE = "note"  # other notes
    CANCEL = "cancel"
    CONFIRM = "confirm"  # the other user took part
    REPORT = "report"  # the other user did not come


class Refusal(StrEnum):
    NOT_OPEN = "session_not_open"
    NOT_STARTED = "session_not_started"
    ALREADY_ANSWERED = "session_already_answered"
    TOO_EARLY = "no_show_too_early"
    TOO_LATE = "no_show_too_late"


class Side(StrEnum):
    USER1 = "user1"
    USER2 = "user2"

    @property
    def other(self) -> "Side":
        return Side.USER2 if self is Side.USER1 else Side.USER1


@dataclass(frozen=True)
class State:
    """The state of a session; `status` is the stored one, so never `in_progress`."""

    starts_at: datetime
    status: SessionStatus = SessionStatus.SCHEDULED
    confirmed_by: frozenset[Side] = frozenset()
    missing: frozenset[Side] = frozenset()

    @property
    def open(self) -> bool:
        return self.status is SessionStatus.SCHEDULED


def status_at(state: State, now: datetime) -> SessionStatus:
    """Return the visible status: open sessions are in progress from their start."""
    began = state.open and state.starts_at <= now
    return SessionStatus.IN_PROGRESS if began else state.status


def refusal(state: State, step: Step, by: Side, now: datetime) -> Refusal | None:
    """Return why `by` may not take this step now, or None if they may."""
    return _CHECKS[step](state, by, now)


def after(state: State, step: Step, by: Side, now: datetime) -> State:
    """Return the state after a step that is not refused."""
    if step is Step.CANCEL:
        late = state.starts_at - now < LATE_CANCELLATION
        missing = frozenset({by}) if late else frozenset[Side]()
        return replace(state, status=SessionStatus.CANCELLED, missing=missing)
    if step is Step.CONFIRM:
        confirmed = state.confirmed_by | {by}
        status = SessionStatus.COMPLETED if len(confirmed) == len(Side) else state.status
        missing = state.missing - {by.other}
        return replace(state, status=status, confirmed_by=confirmed, missing=missing)
    if step is Step.REPORT:
        reported = replace(state, missing=state.missing | {by.other})
        reopened = state.status in {SessionStatus.EXPIRED, SessionStatus.NO_SHOW}
        return replace(reported, status=_outcome(reported)) if reopened else reported
    return state


def closed(state: State, now: datetime) -> State:
    """Return the state after the grace period, if the session is still open."""
    if not state.open or now < state.starts_at + GRACE:
        return state
    return replace(state, status=_outcome(state))


def _outcome(state: State) -> SessionStatus:
    if state.missing:
        alone = len(state.missing) == 1
        return SessionStatus.NO_SHOW if alone else SessionStatus.EXPIRED
    return SessionStatus.COMPLETED if state.confirmed_by else SessionStatus.EXPIRED


def _may_note(state: State, _by: Side, _now: datetime) -> Refusal | None:
    return None if state.open else Refusal.NOT_OPEN


def _may_move(state: State, _by: Side, now: datetime) -> Refusal | None:
    return None if state.open and now < state.starts_at else Refusal.NOT_OPEN


def _may_cancel(state: State, _by: Side, _now: datetime) -> Refusal | None:
    if not state.open:
        return Refusal.NOT_OPEN
    return Refusal.ALREADY_ANSWERED if state.confirmed_by or state.missing else None


def _may_confirm(state: State, _by: Side, now: datetime) -> Refusal | None:
    if not state.open:
        return Refusal.NOT_OPEN
    return None if state.starts_at <= now else Refusal.NOT_STARTED


def _may_report(state: State, by: Side, now: datetime) -> Refusal | None:
    confirmed = by in state.confirmed_by
    if state.status is SessionStatus.CANCELLED:
        return Refusal.NOT_OPEN
    if state.status is SessionStatus.COMPLETED and confirmed:
        return Refusal.NOT_OPEN
    if now < state.starts_at + REPORT_AFTER:
        return Refusal.TOO_EARLY
    if now > state.starts_at + REPORT_WITHIN:
        return Refusal.TOO_LATE
    return Refusal.ALREADY_ANSWERED if confirmed else None


_CHECKS: Mapping[Step, Callable[[State, Side, datetime], Refusal | None]] = {
    Step.MOVE: _may_move,
    Step.NOTE: _may_note,
    Step.CANCEL: _may_cancel,
    Step.CONFIRM: _may_confirm,
    Step.REPORT: _may_report,
}
