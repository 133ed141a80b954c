"""Renders an email, always to the same bytes: a repeated attempt must be the identical request."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from wingman.kit.text import BIDI_CONTROLS
from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.links import CalendarLink, FeedbackLink, Link, Links
from wingman.notifications.email.models import Category
from wingman.notifications.email.timezones import zone_of

if TYPE_CHECKING:
    from css_inline import CSSInliner
    from jinja2 import Environment, Template

_TEMPLATES = Path(__file__).parent / "templates"
_MAX_SUBJECT_NAME = 60
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
# Email programs turn "evil.com" into a link. Invisible word joiners on both sides of the full stop
# prevent that in nearly all of them: some look only before it, others only for a known ending.
_WORD_JOINER = "\u2060"
_LINKABLE = re.compile(r"(?<=[^\s\u2060])(?=[.:@/。]\S)|(?<=\S[.:@/。])(?=[^\s\u2060])")
_JOINER, _SKIN_TONES = "\u200d", frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True)
class RenderedEmail:
    """A rendered email; `unsubscribe_url` is None for one about the account itself."""

    subject: str
    html: str
    text: str
    unsubscribe_url: str | None


@dataclass(frozen=True)
class Reader:
    user_id: UUID
    first_name: str | None
    timezone: str | None


@dataclass(frozen=True)
class Renderer:
    brand: Brand
    app_url: str
    links: Links

    def render(self, content: Content, reader: Reader, category: Category | None) -> RenderedEmail:
        """Render one email, with times in the reader's timezone. Raises RenderError."""
        from jinja2 import TemplateError  # noqa: PLC0415 - adds 25 ms to a cold start

        link = Link(reader.user_id, category) if category else None
        unsubscribe_url = self.links.unsubscribe(link) if link else None
        context = {
            "brand": self.brand,
            "email": content,
            "first_name": reader.first_name,
            "zone": zone_of(reader.timezone),
            "action_url": self._action_url(content, reader),
            "app_url": self.app_url,
            "unsubscribe_url": unsubscribe_url,
            "preferences_url": self.links.preferences(link) if link else None,
            "calendar_url": self._calendar_url(content, reader),
        }
        try:
            subject, html, text = _write(content.template, context)
        except TemplateError as error:
            raise RenderError(f"the template is broken: {type(error).__name__}") from error
        return RenderedEmail(subject, html, text, unsubscribe_url)

    def _action_url(self, content: Content, reader: Reader) -> str:
        if content.api_path:
            return f"{self.links.api_url}{content.api_path}"
        session_id = content.feedback_session_id
        if session_id is None:
            return f"{self.app_url}{content.path}"
        return self.links.feedback(FeedbackLink(reader.user_id, session_id))

    def _calendar_url(self, content: Content, reader: Reader) -> str | None:
        session_id = content.calendar_session_id
        return self.links.calendar(CalendarLink(reader.user_id, session_id)) if session_id else None


def _write(name: str, context: Mapping[str, object]) -> tuple[str, str, str]:
    text = environment().get_template(f"{name}.txt")
    subject, preheader = (_block(text, block, context) for block in ("subject", "preheader"))
    html = environment().get_template(f"{name}.html")
    subject = subject.replace("=?", "= ?")  # it would start an encoded word (RFC 2047)
    page = html.render(context, subject=subject, preheader=preheader)
    return subject, _inliner().inline(page), text.render(context)


def line_of(content: Content, brand: Brand, timezone: str | None) -> str:
    """Write a notification in one line: the subject of its email. Raises RenderError."""
    from jinja2 import TemplateError  # noqa: PLC0415 - as above

    context = {"brand": brand, "email": content, "zone": zone_of(timezone)}
    try:
        return _block(environment().get_template(f"{content.template}.txt"), "subject", context)
    except TemplateError as error:
        raise RenderError(f"the template is broken: {type(error).__name__}") from error


def _block(template: "Template", name: str, context: Mapping[str, object]) -> str:
    view = template.new_context(dict(context))
    return " ".join("".join(template.blocks[name](view)).split())


@cache
def environment() -> "Environment":
    """Return the template engine of emails and pages; an undefined name is an error."""
    from jinja2 import (  # noqa: PLC0415 - as above
        Environment,
        FileSystemLoader,
        StrictUndefined,
        select_autoescape,
    )

    engine = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    engine.filters |= {"line": one_line, "short": short, "lines": lines, "moment": moment}
    engine.filters |= {"isolate": isolate, "day": day}
    return engine


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner  # noqa: PLC0415 - as above

    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


def one_line(text: str) -> str:
    """Put a user's text on one line, without controls, direction overrides and links."""
    return _LINKABLE.sub(_WORD_JOINER, " ".join("".join(map(_printable, text)).split()))


def lines(text: str) -> list[str]:
    """Split a user's text into clean lines; consecutive empty lines become one."""
    rows = [one_line(row) for row in text.strip().splitlines()]
    return [row for index, row in enumerate(rows) if row or rows[index - 1]]


def short(text: str, limit: int = _MAX_SUBJECT_NAME) -> str:
    row = one_line(text)
    if len(row) <= limit:
        return row
    end = limit - 1
    while end and _belong_together(row[end - 1], row[end]):
        end -= 1
    return row[: end or limit - 1].rstrip() + "…"


def isolate(text: str) -> str:
    """Keep right-to-left text from reordering the sentence around it (UAX 9)."""
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def moment(when: datetime, zone: tzinfo) -> str:
    """Format a time in the reader's timezone: "Sunday 22 November, 18:00 (CET)"."""
    local = when.astimezone(zone)
    name = local.tzname() or ""
    return f"{day(local)}, {local:%H:%M} ({_zone_name(name)})"


def day(when: date) -> str:
    """Format a day: "Sunday 22 November"."""
    return f"{when:%A} {when.day} {when:%B}"


def _zone_name(name: str) -> str:
    return f"UTC{name}" if name.startswith(("+", "-")) else name


def _belong_together(left: str, right: str) -> bool:
    """Return whether a cut here would split an emoji or an accented letter (close to UAX 29)."""
    extends = right in _SKIN_TONES or unicodedata.category(right) in {"Mn", "Mc", "Me"}
    return extends or _JOINER in {left, right}


def _printable(character: str) -> str:
    if character in BIDI_CONTROLS or _is_no_character(character):
        return ""
    # "Cf" stays: emoji and several scripts need zero-width format characters.
    return " " if unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} else character


def _is_no_character(character: str) -> bool:
    """Return whether Unicode defines this as a noncharacter, which HTML forbids."""
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - by the standard
