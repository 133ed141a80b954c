"""A backend key is accepted before functions that send it are deployed."""

import hashlib
import json

import httpx
import pytest

from local import backend_key
from local.deploy import database
from local.errors import StackError

URL = "https://abcdefghijklmnopqrst.supabase.co/"
SECRETS = {"SUPABASE_SECRET_KEY": "sb_secret_x", "BACKEND_KEY": "a long random text"}
MISSING = httpx.Response(404, json={"code": "PGRST202", "message": "no such function"})


class Project:
    """Stands in for the project: gives its answers in order, then repeats the last."""

    def __init__(self) -> None:
        self.answers = [httpx.Response(200, json=1)]
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project()

    def client(_: str, *, timeout: float) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(project), timeout=timeout)

    monkeypatch.setattr(backend_key, "http_client", client)
    monkeypatch.setattr(backend_key, "_PAUSE_SECONDS", 0)
    return project


def test_the_hash_of_the_key_is_sent_and_not_the_key(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    database.accept_key(URL, SECRETS)
    [request] = project.requests
    digest = hashlib.sha256(b"a long random text").hexdigest()
    assert json.loads(request.content) == {"p_key_hash": digest, "p_alone": False}
    assert request.url.path == "/rest/v1/rpc/accept_backend_key"
    assert request.headers["apikey"] == "sb_secret_x"
    assert "accepted alone" in capsys.readouterr().out


def test_postgrest_may_take_a_moment_to_see_the_function(project: Project) -> None:
    project.answers = [MISSING, MISSING, httpx.Response(200, json=2)]
    database.accept_key(URL, SECRETS)
    assert len(project.requests) == 3


def test_without_the_migrations_the_deployment_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(backend_key, "_PATIENCE_SECONDS", 0)
    project.answers = [MISSING]
    database.accept_key(URL, SECRETS)
    assert "skipped: BACKEND_KEY is not accepted: the migrations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(403, json={"code": "42501"}), "(42501): is SUPABASE_SECRET_KEY right?"),
        (httpx.Response(401, json={"message": "Invalid API key"}), "(401)"),
        (httpx.Response(502, text="<html>"), "does not answer"),
    ],
)
def test_a_refusal_ends_the_deployment(project: Project, answer: httpx.Response, said: str) -> None:
    project.answers = [answer]
    with pytest.raises(StackError) as refused:
        database.accept_key(URL, SECRETS)
    assert said in str(refused.value)
    assert "a long random text" not in str(refused.value)
