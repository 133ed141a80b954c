"""The class of each kind of notification, and the content of a claimed email."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import get_args

from pydantic import ValidationError

from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters import account_contents  # noqa: F401 - declares kinds
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.models import ClaimedEmail


@cache
def kinds() -> Mapping[str, type[Content]]:
    """Return the class of each kind of notification by its name."""
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
    """Parse the content of an email. Raises RenderError, which names fields but not values."""
    kind = kinds().get(email.email_template)
    if kind is None:
        raise RenderError(f"there is no template: {email.email_template}")
    try:
        return kind.model_validate({**email.template_data, "template": email.email_template})
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        places = sorted({".".join(map(str, problem["loc"])) for problem in problems})
        name = f"{email.email_template} {' '.join(places)}".strip()
        raise RenderError(f"the data does not fit the template: {name}") from None
