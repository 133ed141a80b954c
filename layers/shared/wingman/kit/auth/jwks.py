"""The keys that the token issuer publishes (RFC 7517), cached in the container."""

import time

import httpx
from jwt import PyJWK, PyJWKSet, PyJWTError

from wingman.kit.errors import DependencyUnavailable

CACHE_SECONDS = 600.0
# An unknown key id may be a rotated key or garbage, so it triggers a fetch, but not each time.
COOLDOWN_SECONDS = 30.0


class JsonWebKeys:
    """One issuer's key set, fetched on demand and again for an unknown key id."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url = url
        self._client = client
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")

    def get(self, key_id: str) -> PyJWK | None:
        """Return the key, or None when the issuer does not publish it.

        Raises DependencyUnavailable when the issuer is unavailable and no key set is cached.
        """
        age = time.monotonic() - self._fetched_at
        if age > CACHE_SECONDS or (key_id not in self._keys and age > COOLDOWN_SECONDS):
            self._fetch()
        return self._keys.get(key_id)

    def _fetch(self) -> None:
        try:
            response = self._client.get(self._url)
            response.raise_for_status()
            keys = _key_set(response.json())
        except (httpx.HTTPError, ValueError) as error:
            if not self._keys:
                raise DependencyUnavailable("supabase") from error
            keys = self._keys
        self._keys = keys
        self._fetched_at = time.monotonic()


def _key_set(document: dict[str, object]) -> dict[str, PyJWK]:
    try:
        key_set = PyJWKSet.from_dict(document)
    except PyJWTError:  # the set is empty, or PyJWT supports none of its keys
        return {}
    return {key.key_id: key for key in key_set.keys if key.key_id is not None}
