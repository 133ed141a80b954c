"""The doctor says when photos have no address."""

from collections.abc import Mapping
from typing import Any

import pytest

from local.doctor import photos
from local.doctor.findings import Level
from wingman.kit.clients.database import Database, DatabaseError
from wingman.kit.errors import DependencyUnavailable

AT = "https://d1.cloudfront.net"


class Answering(Database):
    def __init__(self, answer: object) -> None:
        self._answer = answer

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        assert function == "get_photos_url"
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "level", "words"),
    [
        (AT, Level.OK, AT),
        ("", Level.FAIL, "deploy again"),
        (DatabaseError("PGRST202", "none", None), Level.FAIL, "their migrations are missing"),
        (DependencyUnavailable("supabase"), Level.FAIL, "the database does not answer"),
    ],
)
def test_photos_without_an_address_are_reported(
    monkeypatch: pytest.MonkeyPatch, answer: object, level: Level, words: str
) -> None:
    monkeypatch.setattr(photos, "get_service_client", lambda: Answering(answer))

    [finding] = photos.check_photos()

    assert finding.level is level
    assert words in str(finding)
