"""Links lead to this deployment, and only its own pages may call it."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Self

import pytest

from local.doctor.addresses import check_addresses
from local.doctor.findings import Finding, Level

APP = "https://pages.wingman.app"


class Door(HTTPServer):
    """Answers preflight requests as an API with these origins does."""

    def __init__(self, *origins: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.origins = origins

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Door

    def do_OPTIONS(self) -> None:
        asked = self.headers["origin"]
        allowed = {asked, "*"}.intersection(self.server.origins)
        self.send_response(204)
        for origin in allowed:
            self.send_header("access-control-allow-origin", origin)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> pytest.MonkeyPatch:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("APP_URL", APP)
    monkeypatch.delenv("API_URL", raising=False)
    return monkeypatch


def found() -> dict[str, list[Finding]]:
    findings: dict[str, list[Finding]] = {}
    for finding in check_addresses():
        findings.setdefault(finding.subject, []).append(finding)
    return findings


def levels(subject: str) -> set[Level]:
    return {finding.level for finding in found()[subject]}


@pytest.mark.parametrize(
    ("url", "flaw"),
    [
        ("https://app.example.com", "is a reserved address"),
        ("https://wingman.test", "is a reserved address"),
        ("https://localhost:3000", "is a reserved address"),
        ("https://127.0.0.1", "is reachable only from its own network"),
        ("https://[::1]:3000", "is reachable only from its own network"),
        ("https://10.0.0.7", "is reachable only from its own network"),
        ("https://backend", "is reachable only from its own network"),
        ("http://pages.wingman.app", "is not encrypted"),
    ],
)
@pytest.mark.parametrize(("setting", "subject"), [("APP_URL", "app"), ("API_URL", "api address")])
def test_an_address_that_is_no_use_to_others_fails(
    environment: pytest.MonkeyPatch, url: str, flaw: str, setting: str, subject: str
) -> None:
    environment.setenv(setting, url)
    finding = next(each for each in check_addresses() if each.subject == subject)
    assert (finding.level, flaw in finding.text) == (Level.FAIL, True)
    assert setting in finding.advice


@pytest.mark.parametrize("name", ["development", "staging", "production"])
def test_an_example_is_good_enough_on_one_machine_alone(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.setenv("APP_URL", "http://localhost:3000")
    environment.setenv("ENVIRONMENT", name)
    assert levels("app") == {Level.FAIL}


def test_on_one_machine_its_own_addresses_are_fine(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "local")
    environment.setenv("APP_URL", "http://localhost:3000")
    with Door("http://localhost:3000") as door:
        environment.setenv("API_URL", door.url)
        findings = found()
    assert list(findings) == ["app", "api address", "origins"]
    assert {each.level for group in findings.values() for each in group} == {Level.OK}


def test_an_address_of_its_own_is_fine(environment: pytest.MonkeyPatch) -> None:
    assert levels("app") == {Level.OK}


@pytest.mark.parametrize(
    ("origins", "words"),
    [
        ((), f"{APP} is not an allowed origin"),
        ((APP, "https://app.example.com"), "pages of https://app.example.com may call the API"),
        ((APP, "http://localhost:3000"), "pages of http://localhost:3000 may call the API"),
        (("*",), "pages of https://app.example.com may call the API"),
    ],
)
def test_wrong_allowed_origins_fail(
    environment: pytest.MonkeyPatch, origins: tuple[str, ...], words: str
) -> None:
    with Door(*origins) as door:
        environment.setenv("API_URL", door.url)
        failures = [each for each in found()["origins"] if each.level is Level.FAIL]
    assert words in [each.text for each in failures]
    assert all("AllowedOrigins" in each.advice for each in failures)


def test_an_api_that_lets_its_own_pages_in_is_fine(environment: pytest.MonkeyPatch) -> None:
    with Door(APP) as door:
        environment.setenv("API_URL", door.url)
        assert levels("origins") == {Level.OK}
