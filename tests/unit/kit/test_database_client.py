"""The headers with which a database client authenticates."""

import pytest

from wingman.kit.clients.database import secret_key_headers


@pytest.mark.parametrize("key", ["sb_secret_4dQ", "no key"])
def test_an_opaque_key_is_no_bearer_token(key: str) -> None:
    assert secret_key_headers(key) == {"apikey": key}


def test_a_legacy_key_is_a_bearer_token_too() -> None:
    assert secret_key_headers("a.b.c") == {"apikey": "a.b.c", "Authorization": "Bearer a.b.c"}
