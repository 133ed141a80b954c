from collections.abc import Iterator

from app.client import a
from app.errors import Refused
from wingman_client import AuthenticatedClient
from wingman_client.api.discovery import discover_profiles
from wingman_client.models import DiscoveredProfile, DiscoveryPage
from wingman_client.types import UNSET


def discover(api: AuthenticatedClient) -> Iterator[DiscoveredProfile]:
    """Read profiles to like or pass, best first, page by page."""
    cursor = None
    while True:
        try:
            found = discover_profiles.sync(client=api, limit=50, cursor=cursor or UNSET)
        except Refused as refused:
            if refused.code != "cursor_expired":
                raise
            cursor = None  # the list has changed: start again, without profiles liked or passed
            continue
        page = a(DiscoveryPage, found)
        yield from page.profiles
        cursor = page.next_cursor
        if cursor is None:
            return
