"""The class of each kind of notification, and the content that it is written from."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic import ValidationError

from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters import account_contents  # noqa: F401 - declares kinds
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.models import ClaimedEmail


@cache
def kinds() -> Mapping[str, type[Content]]:
    leaves = (leaf for base in Content.__subclasses__() for leaf in _leaves(base))
    return {name: kind for kind in leaves for name in _names(kind)}


def _leaves(base: type[Content]) -> Iterator[type[Content]]:
    below = base.__subclasses__()
    if not below:
        yield base
    for each in below:
        yield from _leaves(each)


def _names(kind: type[Content]) -> tuple[str, ...]:
    return get_args(kind.model_fields["template"].annotation)


def content_of(email: ClaimedEmail) -> Content:
    """Parse an email's content. Raises RenderError, which names fields but not values."""
    return content(email.email_template, email.template_data)


def content(name: str, facts: Mapping[str, Any]) -> Content:
    """Parse a notification's facts. Raises RenderError, which names fields but not values."""
    kind = kinds().get(name)
    if kind is None:
        raise RenderError(f"there is no template: {name}")
    try:
        return kind.model_validate({**facts, "template": name})
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        places = sorted({".".join(map(str, problem["loc"])) for problem in problems})
        flaw = f"{name} {' '.join(places)}".strip()
        raise RenderError(f"the data does not fit the template: {flaw}") from None
