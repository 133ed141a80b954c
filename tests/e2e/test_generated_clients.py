"""Clients generated from the API document run the story of docs/clients."""

import base64
import io
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from redis import Redis

from tests.support.api import Api
from tests.support.contract_tools import HERE, INSTALLED, run
from tests.support.inbox import Inbox
from tests.support.meetings import Meeting
from tests.support.people import People, Person
from tests.support.profiles import LOCATION, PROFILE, REX, add_photos
from tests.support.supabase_auth import PASSWORD, new_email
from tests.support.template import ROOT

DOCUMENT = ROOT / "functions" / "docs" / "openapi.json"
CLIENTS = ROOT / "tests" / "clients"
# On a busy machine a compiler alone takes minutes.
pytestmark = pytest.mark.timeout(600)
_LINK = re.compile(r"http\S+/auth/confirm\S+")


class Stage:
    """The surroundings of a story: two other users, an inbox, and a clock that can be moved."""

    def __init__(self, stack: Mapping[str, str], people: People, inbox: Inbox, api: Api) -> None:
        self._people, self._inbox, self._api = people, inbox, api
        place = _place()
        self._address = new_email()
        leo, ada = (self._published(name, place) for name in ("Leo", "Ada"))
        self.variables = {
            "API_URL": stack["API_URL"],
            "EMAIL": self._address,
            "PASSWORD": PASSWORD,
            "LATITUDE": str(place["latitude"]),
            "LONGITUDE": str(place["longitude"]),
            "PHOTO": _picture(),
            "LEO_ID": str(leo.id),
            "LEO_TOKEN": leo.token,
            "ADA_ID": str(ada.id),
            "ADA_TOKEN": ada.token,
        }

    def _published(self, name: str, place: Mapping[str, float]) -> Person:
        person = self._people.new(name)
        for path, body in ((PROFILE, REX), (LOCATION, place)):
            assert self._api.call("PUT", path, person, json=body).is_success
        add_photos(self._people.connection, person.id, 2)
        return person

    def play(self, *command: str | Path, cwd: Path) -> None:
        """Run a story, and do what it asks for."""
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as story:
            assert story.stdin
            assert story.stdout
            said = []
            for line in story.stdout:
                said.append(line)
                if (answer := self._answer(line.split())) is not None:
                    story.stdin.write(f"{answer}\n")
                    story.stdin.flush()
        assert story.returncode == 0, "".join(said)

    def _answer(self, question: Sequence[str]) -> str | None:
        match question:
            case ["link"]:
                owner = Person(uuid4(), self._address, "", "")
                [email] = self._inbox.wait_for(owner, 1)
                return str(_LINK.findall(email["text"])[0])
            case ["begin", session_id]:
                leo = Person(uuid4(), "", "", "")
                Meeting(self._people, leo, leo, "", session_id).starts_in(-timedelta(minutes=5))
                return "begun"
        return None


def _place() -> dict[str, float]:
    """Return a place far from where other tests have put their users."""
    number = uuid4().int
    return {"latitude": number % 120_000 / 1000 - 60, "longitude": number % 339_979 / 1000 - 170}


def _picture() -> str:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "peru").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def stage(
    stack: dict[str, str], people: People, inbox: Inbox, api: Api, unhurried_photos: None
) -> Stage:
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        redis.delete("ratelimit:auth:127.0.0.1")
    return Stage(stack, people, inbox, api)


def test_typescript_compiles_strictly_and_plays_the_story(stage: Stage, tmp_path: Path) -> None:
    """By openapi-typescript and openapi-fetch."""
    shutil.copytree(CLIENTS / "typescript", tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "examples" / "realtime" / "src", tmp_path / "realtime")
    shutil.copy(INSTALLED / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(INSTALLED / "node_modules")
    rules = ("--redocly", HERE / "redocly.yaml")
    # As .ts: `skipLibCheck` leaves .d.ts out.
    run("openapi-typescript", DOCUMENT, *rules, "--output", tmp_path / "schema.ts")
    run("tsc", "--project", tmp_path)

    # Browsers have WebSocket, as Node has from version 22.
    stage.play("node", "--experimental-websocket", "built/story.js", cwd=tmp_path)


def test_python_passes_pyright_and_plays_the_story(stage: Stage, tmp_path: Path) -> None:
    """By openapi-python-client."""
    client = tmp_path / "wingman_client"
    where = ("--path", DOCUMENT, "--meta", "none", "--output-path", client)
    run("openapi-python-client", "generate", *where, "--fail-on-warning")
    shutil.copytree(CLIENTS / "python", tmp_path / "app")
    python = INSTALLED / "venv" / "bin" / "python"
    # Without its client.py, which is the same for every document and has errors of its own.
    checked = (client / "api", client / "models", tmp_path / "app")
    run("pyright", "--pythonpath", python, *checked, cwd=tmp_path)

    stage.play(python, "-m", "app.story", cwd=tmp_path)
