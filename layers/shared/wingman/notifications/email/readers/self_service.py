"""The actions behind links in emails; the signed token is the only authorisation.

Emails are forwarded, so a link turns categories off, never on; scanners follow links, so a GET
changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from wingman.kit.clients.database import Database, get_service_client
from wingman.kit.errors import InvalidRequest
from wingman.kit.settings import load
from wingman.notifications.email.letters import links
from wingman.notifications.email.letters.links import Link
from wingman.notifications.email.models import Category
from wingman.notifications.email.readers import preferences
from wingman.notifications.email.readers.pages import Form, Page, Pages, chosen, pages
from wingman.notifications.email.settings import LinkSettings

# Relative to /api/email/unsubscribe, wherever the API is mounted.
_PREFERENCES = "../../email/preferences"


class Unsubscribed(BaseModel):
    """The categories that are off now."""

    unsubscribed: list[Category]


class _Wish(BaseModel):
    token: str | None = None
    category: Category | None = None
    one_click: Literal["One-Click"] | None = Field(None, alias="List-Unsubscribe")


_CATEGORY = {"$ref": "#/components/schemas/Category", "description": "Else that of the link."}
_TOKEN = {"type": "string", "description": "The token of a link in an email."}
_ONE_CLICK = {"type": "string", "const": "One-Click", "description": "RFC 8058."}
ONE_CLICK: Mapping[str, Any] = {
    "type": "object",
    "title": "OneClick",
    "required": ["List-Unsubscribe"],
    "properties": {"List-Unsubscribe": _ONE_CLICK, "category": _CATEGORY},
}
"""The OpenAPI schema of the form that `SelfService.unsubscribe` reads."""
BODY: Mapping[str, Any] = {
    "type": "object",
    "title": "Unsubscription",
    "required": ["token"],
    "properties": {"token": _TOKEN, "category": _CATEGORY},
}
"""The OpenAPI schema of its other form, in JSON."""


@dataclass(frozen=True)
class SelfService:
    database: Database
    pages: Pages
    keys: tuple[str, ...]

    def ask(self, token: str) -> Page:
        """Ask for confirmation before a category is turned off. Raises InvalidToken."""
        link = links.read(self.keys, token)
        return self.pages.confirmation_page(link.category, self._preferences_url(link))

    def unsubscribe(self, token: str, fields: Mapping[str, Any]) -> tuple[Unsubscribed, Page]:
        """Turn off a category; return the answer for programs and the page for people.

        RFC 8058 and our page post `List-Unsubscribe=One-Click`, a client JSON with the token in it.
        Any other body is refused: scanners post, too.
        """
        wish = _read_wish(fields)
        link = links.read(self.keys, wish.token or token)
        if wish.token is None and wish.one_click is None:
            raise InvalidRequest(fields={"List-Unsubscribe": "has to be One-Click"})
        category = wish.category or link.category
        preferences.unsubscribe(self.database, link, category)
        page = self.pages.unsubscribed_page(category, self._preferences_url(link))
        return Unsubscribed(unsubscribed=[category]), page

    def show(self, token: str) -> Page:
        link = links.read(self.keys, token)
        return self.pages.preferences_page(Form.of(preferences.get_by_link(self.database, link)))

    def save(self, token: str, fields: Mapping[str, Any]) -> Page:
        """Save the form and show it again; an invalid one with its reason. Raises InvalidToken."""
        link = links.read(self.keys, token)
        try:
            changed = preferences.change_by_link(self.database, link, chosen(fields))
        except InvalidRequest as error:
            kept = Form.of(preferences.get_by_link(self.database, link))
            return self.pages.preferences_page(kept.with_entries(fields), problem=_words(error))
        return self.pages.preferences_page(Form.of(changed), saved=True)

    def _preferences_url(self, link: Link) -> str:
        return f"{_PREFERENCES}?token={links.sign(self.keys[0], link)}"


@cache
def self_service() -> SelfService:
    return SelfService(get_service_client(), pages(), load(LinkSettings).keys)


def reader(token: str) -> UUID:
    return links.read(self_service().keys, token).user_id


def _read_wish(fields: Mapping[str, Any]) -> _Wish:
    try:
        return _Wish.model_validate(fields)
    except ValidationError as error:
        names = (str(problem["loc"][0]) for problem in error.errors())
        raise InvalidRequest(fields=dict.fromkeys(names, "is not valid")) from None


def _words(error: InvalidRequest) -> str:
    return "; ".join(f"{name.replace('_', ' ')} {why}" for name, why in error.fields.items())
