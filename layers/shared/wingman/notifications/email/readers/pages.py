"""The pages to which links in emails lead; they need neither a login nor JavaScript."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from wingman.kit.errors import InvalidRequest, ProblemError
from wingman.kit.settings import load
from wingman.notifications.email.errors import InvalidToken, ReaderNotFound
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.rendering import environment
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.models import Category, Frequency
from wingman.notifications.email.readers.preferences import (
    CLOCK_TIME,
    EmailPreferences,
    PreferenceChanges,
)

_SWITCH = {"type": "string", "enum": ["on", "off"]}
_CLOCK_TIME = {"type": "string", "pattern": CLOCK_TIME}
_TIMEZONE = {"type": "string", "examples": ["Europe/Berlin"]}
FORM: Mapping[str, Any] = {
    "type": "object",
    "title": "PreferenceForm",
    "description": "A missing field stays as it is. `quiet_hours` on needs a start and an end.",
    "properties": dict.fromkeys((*Category, "daily", "quiet_hours"), _SWITCH)
    | {
        "timezone": _TIMEZONE,
        "quiet_start": _CLOCK_TIME | {"examples": ["22:00"]},
        "quiet_end": _CLOCK_TIME | {"examples": ["07:00"]},
    },
}
"""The OpenAPI schema of the form of `Pages.preferences_page`."""

_WRONG = {"timezone": "is not known", "quiet_hours": "need a start and an end"}
_CHANGES = TypeAdapter(PreferenceChanges)
_SWITCHED = {"on": True, "off": False}
# Regions that only hold aliases of other zones, or zones without inhabitants.
_NO_REGIONS = {"Etc", "US", "Canada", "Brazil", "Chile", "Mexico"}


@dataclass(frozen=True)
class Kind:
    category: Category
    title: str
    explanation: str


KINDS = {
    kind.category: kind
    for kind in (
        Kind(
            Category.MATCH_NOTIFICATIONS,
            "Invitations and plans",
            "Who invites you, what they answer, and what is planned, changed or cancelled.",
        ),
        Kind(
            Category.SESSION_REMINDERS,
            "Reminders",
            "A day and two hours before you meet.",
        ),
        Kind(
            Category.FEEDBACK_REQUESTS,
            "Feedback requests",
            "How was it? Once after you have met.",
        ),
        Kind(
            Category.MESSAGES,
            "Unread messages",
            "At most one a day for each conversation, without the words of the messages.",
        ),
        Kind(
            Category.MARKETING_EMAILS,
            "News and weekly digests",
            "What is new, and a summary of your week.",
        ),
    )
}


@dataclass(frozen=True)
class AccountLink:
    """A link in an email about an account: what its page asks, and what it says afterwards."""

    title: str
    explanation: str
    button: str
    done: str


ACCOUNT_LINKS = {
    "signup": AccountLink(
        "Confirm your email address",
        "One click, and your account is ready.",
        "Confirm",
        "Your address is confirmed",
    ),
    "magic_link": AccountLink(
        "Log in",
        "This link works once.",
        "Log in",
        "You are logged in",
    ),
    "email_change": AccountLink(
        "Change your email address",
        "The change needs a click from the old address and one from the new one.",
        "Confirm the change",
        "Your click has been counted",
    ),
    "recovery": AccountLink(
        "Choose a new password", "", "Change the password", "Your password is changed"
    ),
}
"""By kind; see wingman/accounts."""

RATINGS = ((5, "Great"), (4, "Good"), (3, "Fine"), (2, "Not so good"), (1, "Bad"))
"""The ratings of a meeting, as the page of feedback shows them."""

_HEADLINES: dict[type[ProblemError], str] = {
    InvalidToken: "This link does not work",
    ReaderNotFound: "This account is gone",
}


@dataclass(frozen=True)
class Form:
    """The values of the preference form; only categories that are `on` can be chosen."""

    on: Sequence[Category]
    wanted: Sequence[Category]
    is_daily: bool
    timezone: str
    is_quiet: bool
    quiet_start: str
    quiet_end: str

    @classmethod
    def of(cls, preferences: EmailPreferences) -> Self:
        """Fill the form with stored preferences, and with usual quiet hours if there are none."""
        hours = preferences.quiet_hours
        wanted = [category for category in Category if getattr(preferences, category)]
        start, end = (hours.start, hours.end) if hours else ("22:00", "08:00")
        is_daily = preferences.email_frequency is Frequency.DAILY
        return cls(wanted, wanted, is_daily, preferences.timezone, hours is not None, start, end)

    def with_entries(self, fields: Mapping[str, str]) -> Self:
        """Keep the reader's entries, so that they can be corrected."""
        wanted = [
            category
            for category in self.on
            if fields.get(category, "on" if category in self.wanted else "off") == "on"
        ]
        known = fields.get("timezone") in available_timezones()
        return replace(
            self,
            wanted=wanted,
            is_daily=fields.get("daily", "on" if self.is_daily else "off") == "on",
            timezone=fields["timezone"] if known else self.timezone,
            is_quiet=fields.get("quiet_hours", "on" if self.is_quiet else "off") == "on",
            quiet_start=fields.get("quiet_start", self.quiet_start),
            quiet_end=fields.get("quiet_end", self.quiet_end),
        )


@dataclass(frozen=True)
class Page:
    html: str
    style: str
    is_refusal: bool = False


@dataclass(frozen=True)
class Pages:
    brand: Brand

    def confirmation_page(self, category: Category, preferences_url: str) -> Page:
        return self._write("unsubscribe", kind=KINDS[category], preferences_url=preferences_url)

    def unsubscribed_page(self, category: Category, preferences_url: str) -> Page:
        return self._write("unsubscribed", kind=KINDS[category], preferences_url=preferences_url)

    def preferences_page(
        self, form: Form, *, saved: bool = False, problem: str | None = None
    ) -> Page:
        return self._write(
            "preferences",
            kinds=KINDS.values(),
            form=form,
            zones=_zones(form.timezone),
            saved=saved,
            problem=problem,
        )

    def feedback_page(
        self, partner_name: str, fields: Mapping[str, str], problem: str | None = None
    ) -> Page:
        form = {"rating": fields.get("rating", ""), "text": fields.get("text", "")}
        return self._write(
            "feedback", partner_name=partner_name, ratings=RATINGS, form=form, problem=problem
        )

    def feedback_given_page(self) -> Page:
        """Show that feedback was given, but not what it says: an email may be forwarded."""
        return self._write("feedback_given")

    def account_link_page(self, kind: str) -> Page:
        return self._write("account_link", link=ACCOUNT_LINKS[kind])

    def account_link_used_page(self, kind: str, app_url: str | None) -> Page:
        """Lead to the app, or to the other email of a change of address."""
        return self._write("account_link_used", link=ACCOUNT_LINKS[kind], app_url=app_url)

    def password_reset_page(self, problem: str | None = None) -> Page:
        return self._write("password_reset", problem=problem)

    def error_page(self, error: ProblemError, request_id: str) -> Page:
        headline = _HEADLINES.get(type(error), error.title)
        return self._write("problem", headline=headline, detail=error.detail, request_id=request_id)

    def _write(self, name: str, **facts: object) -> Page:
        style = environment().get_template("pages/page.css").render(brand=self.brand)
        template = environment().get_template(f"pages/{name}.html")
        html = template.render(brand=self.brand, style=style, **facts)
        return Page(html, style, is_refusal=facts.get("problem") is not None)


@cache
def pages() -> Pages:
    return Pages(load(BrandSettings).brand)


def chosen(fields: Mapping[str, str]) -> PreferenceChanges:
    """Parse the form of `preferences_page`. Raises InvalidRequest.

    Each checkbox has a hidden field with the value "off", so that a missing field means no change.
    """
    changes: dict[str, object] = {
        category: _SWITCHED.get(fields[category], "invalid")
        for category in Category
        if category in fields
    }
    if "daily" in fields:
        wanted = {"on": Frequency.DAILY, "off": Frequency.IMMEDIATE}
        changes["email_frequency"] = wanted.get(fields["daily"], "invalid")
    if "timezone" in fields:
        changes["timezone"] = fields["timezone"]
    if "quiet_hours" in fields:
        hours = {"start": fields.get("quiet_start"), "end": fields.get("quiet_end")}
        changes["quiet_hours"] = {"on": hours, "off": None}.get(fields["quiet_hours"], "invalid")
    try:
        return _CHANGES.validate_python(changes)
    except ValidationError as error:
        names = (str(problem["loc"][0]) for problem in error.errors())
        raise InvalidRequest(
            fields={name: _WRONG.get(name, "is wrong") for name in names}
        ) from None


def _zones(current: str) -> Sequence[tuple[str, Sequence[str]]]:
    """List timezones by region; the current one is always included."""
    known = _known_zones()
    if any(current in names for _, names in known):
        return known
    return [("Yours", [current]), *known]


@cache
def _known_zones() -> Sequence[tuple[str, Sequence[str]]]:
    regions: dict[str, list[str]] = defaultdict(list)
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if place and region not in _NO_REGIONS:
            regions[region].append(name)
    return [("Everywhere", ["UTC"]), *regions.items()]
