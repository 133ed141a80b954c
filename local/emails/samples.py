"""Sample contents for each variant of an email, and sample brands."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from local.stack import CHECKOUT
from wingman.notifications.email.letters.account_contents import (
    AccountInvitation,
    EmailChange,
    PasswordReset,
    Reauthentication,
    SignInLink,
    SignupConfirmation,
)
from wingman.notifications.email.letters.contents import (
    Also,
    Content,
    MatchAccepted,
    MatchDeclined,
    MatchEnded,
    MatchInvitation,
    NewMatch,
    NewMessage,
    SessionCalledOff,
    SessionCancelled,
    SessionFeedback,
    SessionReminder2h,
    SessionReminder24h,
    SessionRescheduled,
    SessionScheduled,
    UnreadMessages,
    WeeklyDigest,
)

_BRANDS = CHECKOUT / "layers/shared/wingman/notifications/email/letters/brands"
BRANDS: dict[str, dict[str, str]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(_BRANDS.glob("*.json"))
}
MATCH = UUID("6f1c0f0e-0000-4000-8000-000000000001")
SESSION_ID = UUID("6f1c0f0e-0000-4000-8000-000000000002")
SESSION = {
    "session_id": SESSION_ID,
    "partner_name": "Leo",
    "venue_name": "Café Kranzler, upstairs",
    "scheduled_time": datetime(2026, 11, 22, 17, tzinfo=UTC),
}
CHALLENGE = {
    "challenge_title": "Ask for a story",
    "challenge_description": "Find out about a place that they would go back to.",
}


def an_invitation(**overrides: Any) -> MatchInvitation:
    facts: dict[str, Any] = {
        "template": "match_invitation",
        "match_id": MATCH,
        "inviter_name": "Leo",
        "venue_suggestion": "Café Kranzler, upstairs",
        "note": "I saw you like film photography too.\n\nCoffee and a walk with the cameras?",
        "expires_at": datetime(2026, 11, 22, 17, tzinfo=UTC),
    }
    return MatchInvitation(**facts | overrides)


def an_acceptance(**overrides: Any) -> MatchAccepted:
    """Leo accepted, or the reader did."""
    facts: dict[str, Any] = {
        "template": "match_accepted",
        "match_id": MATCH,
        "partner_name": "Leo",
        "venue_suggestion": "Café Kranzler, upstairs",
        "role": "inviter",
    }
    return MatchAccepted(**facts | overrides)


def a_decline(**overrides: Any) -> MatchDeclined:
    facts: dict[str, Any] = {
        "template": "match_declined",
        "match_id": MATCH,
        "partner_name": "Leo",
        "reason": "I am away until Monday.\nAsk me again, or write to leo@example.com?",
    }
    return MatchDeclined(**facts | overrides)


def a_plan(**overrides: Any) -> SessionScheduled:
    return SessionScheduled(template="session_scheduled", **SESSION | CHALLENGE | overrides)


def a_change(**overrides: Any) -> SessionRescheduled:
    facts = SESSION | CHALLENGE | {"previous_time": datetime(2026, 11, 21, 17, tzinfo=UTC)}
    return SessionRescheduled(template="session_rescheduled", **facts | overrides)


def a_cancellation(**overrides: Any) -> SessionCancelled:
    facts = SESSION | {"reason": "I caught a cold.\n\nNext week?"}
    return SessionCancelled(template="session_cancelled", **facts | overrides)


def a_reminder(**overrides: Any) -> SessionReminder24h:
    facts = SESSION | {"challenge_title": CHALLENGE["challenge_title"]}
    return SessionReminder24h(template="session_reminder_24h", **facts | overrides)


def a_digest(**overrides: Any) -> WeeklyDigest:
    met = {key: SESSION[key] for key in ("partner_name", "venue_name", "scheduled_time")}
    waiting = {"inviter_name": "Ada", "expires_at": datetime(2026, 11, 24, 8, 30, tzinfo=UTC)}
    facts: dict[str, Any] = {
        "template": "weekly_digest",
        "first_day": "2026-11-16",
        "last_day": "2026-11-22",
        "week_ends_at": datetime(2026, 11, 22, 23, tzinfo=UTC),
        "met_count": 1,
        "met": [met],
        "invitation_count": 3,
        "invitations": [waiting, waiting | {"inviter_name": "Grace"}],
        "score": 3,
        "score_before": 2,
    }
    return WeeklyDigest(**facts | overrides)


NOTHING_NEW: dict[str, Any] = {
    "met_count": 0,
    "met": [],
    "invitation_count": 0,
    "invitations": [],
    "score": -1,
    "score_before": 0,
}

# Rendered subjects: right-to-left words are wrapped in isolates.
OF_THE_DAY = (
    Also(subject="Ada would like to meet you", path=f"/matches/{MATCH}"),
    Also(subject="\u2068\u05d9\u05d5\u05e1\u05d9\u2069 said yes", path=f"/matches/{MATCH}"),
)
_CONFIRMED: dict[str, Any] = {
    "token": "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0",
    "expires_at": datetime(2026, 11, 22, 18, tzinfo=UTC),
}
_CODE: dict[str, Any] = {"code": "305805", "expires_at": _CONFIRMED["expires_at"]}

CASES: dict[str, Content] = {
    "signup_confirmation": SignupConfirmation(template="signup_confirmation", **_CONFIRMED),
    "account_invitation": AccountInvitation(template="account_invitation", **_CONFIRMED),
    "sign_in_link": SignInLink(template="sign_in_link", **_CONFIRMED),
    "password_reset": PasswordReset(template="password_reset", **_CONFIRMED),
    "email_change_current": EmailChange(template="email_change", role="current", **_CONFIRMED),
    "email_change_new": EmailChange(template="email_change", role="new", **_CONFIRMED),
    "reauthentication": Reauthentication(template="reauthentication", **_CODE),
    "match_invitation": an_invitation(),
    "match_invitation_bare": an_invitation(note=None, venue_suggestion=None),
    "match_accepted_inviter": an_acceptance(),
    "match_accepted_invitee": an_acceptance(role="invitee", venue_suggestion=None),
    "match_accepted_and_others": an_acceptance(also=OF_THE_DAY),
    "new_match": NewMatch(template="new_match", match_id=MATCH, partner_name="Bella"),
    "match_ended": MatchEnded(template="match_ended", match_id=MATCH, partner_name="Bella"),
    "message": NewMessage(template="message", match_id=MATCH, partner_name="Bella"),
    "unread_messages": UnreadMessages(
        template="unread_messages", match_id=MATCH, partner_name="Bella"
    ),
    "match_declined": a_decline(),
    "match_declined_bare": a_decline(reason=None),
    "session_scheduled": a_plan(),
    "session_scheduled_bare": a_plan(challenge_title=None, challenge_description=None),
    "session_rescheduled": a_change(),
    "session_rescheduled_place_only": a_change(previous_time=None),
    "session_cancelled": a_cancellation(),
    "session_cancelled_bare": a_cancellation(reason=None),
    "session_called_off": SessionCalledOff(
        template="session_called_off", scheduled_time=SESSION["scheduled_time"]
    ),
    "session_reminder_24h": a_reminder(),
    "session_reminder_2h": SessionReminder2h(template="session_reminder_2h", **SESSION),
    "session_feedback": SessionFeedback(template="session_feedback", **SESSION),
    "weekly_digest": a_digest(),
    "weekly_digest_bare": a_digest(**NOTHING_NEW),
}
