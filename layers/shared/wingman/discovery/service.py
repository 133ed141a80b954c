"""Discovery: pages of a cached list, whose candidates are checked again before they are shown."""

import base64
import json
from datetime import timedelta

from pydantic import NonNegativeInt, TypeAdapter

from wingman.discovery import lists, repository
from wingman.discovery.errors import CursorExpired
from wingman.discovery.models import (
    CandidateList,
    CheckedPage,
    DiscoveredProfile,
    DiscoveryAnswer,
    DiscoveryPage,
    FoundLists,
    ListCache,
    Lists,
    NewList,
    Wanted,
)
from wingman.kit.cache.cache import Source
from wingman.kit.clients.database import Database
from wingman.kit.clock import utc_now
from wingman.kit.errors import InvalidRequest
from wingman.kit.observability import count, logger

# A list that does not fill a page may have missed a user who has just joined; see ADR 039.
_RENEWABLE_SECONDS = 10
_LIFETIME = timedelta(seconds=lists.AGES.gone)
_POSITION: TypeAdapter[tuple[str, int]] = TypeAdapter(tuple[str, NonNegativeInt])


def get(database: Database, cache: ListCache, found: FoundLists, wanted: Wanted) -> DiscoveryAnswer:
    """Return a page of profiles that the caller may like.

    Raises ProfileIncomplete, CursorExpired, and InvalidRequest for a malformed cursor.
    """
    if wanted.cursor is None:
        answer = _first(database, cache, found, wanted.limit)
    else:
        answer = _next(database, cache, found, wanted)
    count("CacheAnswer", source=answer.source)
    return answer


def _first(database: Database, cache: ListCache, found: FoundLists, limit: int) -> DiscoveryAnswer:
    found = cache.wait(found)
    if found.value is None or found.token:
        return _new(database, cache, found, limit)
    held = found.value.current
    renewable = found.age >= _RENEWABLE_SECONDS
    checked = repository.page(database, held, limit=limit, first=True, renewable=renewable)
    if checked.list:
        return _kept(cache, found, checked, checked.list)
    stale = checked.outdated or found.age >= lists.AGES.fresh
    return DiscoveryAnswer(_page(held, checked, 0), Source.STALE if stale else Source.HIT)


def _new(database: Database, cache: ListCache, found: FoundLists, limit: int) -> DiscoveryAnswer:
    try:
        checked = repository.discover(database, limit)
    except Exception:
        cache.release(found)
        raise
    assert checked.list is not None  # noqa: S101 - it makes one
    return _kept(cache, found, checked, checked.list)


def _kept(
    cache: ListCache, found: FoundLists, checked: CheckedPage, new: NewList
) -> DiscoveryAnswer:
    made = lists.kept(new, found.value)
    cache.put(found.key, made, new.generation)
    source = Source.BYPASS if found.unavailable else Source.MISS
    logger().info("discovery.listed", extra={"candidates": len(new.candidates)})
    return DiscoveryAnswer(_page(made.current, checked, 0), source)


def _next(
    database: Database, cache: ListCache, found: FoundLists, wanted: Wanted
) -> DiscoveryAnswer:
    list_id, begin = _decode(wanted.cursor or "")
    held = _list_of(found.value, list_id)
    if held is None:
        cache.release(found)
        raise CursorExpired
    checked = repository.page(
        database, held, begin, limit=wanted.limit, first=False, renewable=False
    )
    return DiscoveryAnswer(_page(held, checked, begin), Source.HIT)


def _list_of(held: Lists | None, list_id: str) -> CandidateList | None:
    for each in (held.current, held.previous) if held else ():
        if each and each.id == list_id and utc_now() - each.made_at < _LIFETIME:
            return each
    return None


def _page(held: CandidateList, checked: CheckedPage, begin: int) -> DiscoveryPage:
    profiles = []
    for shown in checked.shown:
        candidate = held.candidates[begin + shown.position - 1]
        profile = DiscoveredProfile(
            **dict(shown.card), score=candidate.score, reasons=candidate.reasons
        )
        profiles.append(profile)
    end = begin + checked.scanned
    return DiscoveryPage(
        profiles=profiles,
        stage=held.stage,
        radius=held.radius,
        next_cursor=_encode(held.id, end) if end < len(held.candidates) else None,
    )


def _encode(list_id: str, begin: int) -> str:
    text = json.dumps([list_id, begin], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[str, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return _POSITION.validate_json(text)
    except ValueError as error:
        message = "must be the unchanged next_cursor of the previous page"
        raise InvalidRequest(fields={"cursor": message}) from error
