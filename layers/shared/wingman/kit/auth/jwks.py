"""The keys that the token issuer publishes (RFC 7517), cached in the container."""

import time

import httpx
from jwt import PyJWK, PyJWKSet, PyJWTError

from wingman.kit.errors import DependencyUnavailable

CACHE_SECONDS = 600.0
# An unknown key id may be a rotated key or garbage, so it triggers a fetch, but not each time.
COOLDOWN_SECONDS = 30.0
# Without any key, each request would otherwise trigger a fetch.
RETRY_SECONDS = 1.0
# Keys that the issuer has not confirmed for so long are no longer trusted.
LIFETIME_SECONDS = 24 * 60 * 60.0


class JsonWebKeys:
    """One issuer's key set, fetched on demand and again for an unknown key id."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url = url
        self._client = client
        self._keys: dict[str, PyJWK] = {}
        self._asked_at = self._confirmed_at = float("-inf")

    def get(self, key_id: str) -> PyJWK | None:
        """Return the key, or None when the issuer does not publish it.

        Raises DependencyUnavailable when the issuer gives no key set and none is cached.
        """
        now = time.monotonic()
        if now - self._asked_at > self._patience(key_id):
            self._ask(now)
        if now - self._confirmed_at > LIFETIME_SECONDS:
            self._keys = {}
        if not self._keys:
            raise DependencyUnavailable("supabase")
        return self._keys.get(key_id)

    def _patience(self, key_id: str) -> float:
        if not self._keys:
            return RETRY_SECONDS
        return CACHE_SECONDS if key_id in self._keys else COOLDOWN_SECONDS

    def _ask(self, now: float) -> None:
        """Fetch the set. A failure or an empty set leaves the known keys as they are."""
        self._asked_at = now
        try:
            response = self._client.get(self._url)
            response.raise_for_status()
            keys = _key_set(response.json())
        except (httpx.HTTPError, ValueError):
            return
        if keys:
            self._keys, self._confirmed_at = keys, now


def _key_set(document: object) -> dict[str, PyJWK]:
    try:
        key_set = PyJWKSet.from_dict(document if isinstance(document, dict) else {})
    except PyJWTError:  # the set is empty, or PyJWT supports none of its keys
        return {}
    return {key.key_id: key for key in key_set.keys if isinstance(key.key_id, str)}
