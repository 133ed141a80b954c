"""Clients that tools generate from the API document walk through the story of a match."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.contract_tools import HERE, INSTALLED, run
from tests.support.meetings import Meeting
from tests.support.people import People

DOCUMENT = Path("functions/docs/openapi.json").absolute()

Story = Callable[..., str]


@pytest.fixture
def walk(stack: dict[str, str], people: People) -> Callable[[Story], None]:
    """Walk through a story; between planning and confirming, the start passes."""

    def walk(story: Story) -> None:
        maya, leo = people.pair()
        variables = {
            "API_URL": stack["API_URL"],
            "MAYA_TOKEN": maya.token,
            "LEO_TOKEN": leo.token,
            "LEO_ID": str(leo.id),
        }
        session_id = story("plan", variables=variables).strip()
        Meeting(people, maya, leo, "", session_id).starts_in(-timedelta(minutes=5))
        story("confirm", session_id, variables=variables)

    return walk


def test_typescript_compiles_strictly_and_walks_through_the_story(
    walk: Callable[[Story], None], tmp_path: Path
) -> None:
    """By openapi-typescript and openapi-fetch."""
    for name in ("story.ts", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    shutil.copy(INSTALLED / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(INSTALLED / "node_modules")
    rules = ("--redocly", HERE / "redocly.yaml")
    run("openapi-typescript", DOCUMENT, *rules, "--output", tmp_path / "schema.d.ts")
    run("tsc", "--project", tmp_path)

    walk(
        lambda *arguments, **options: run(
            "node", tmp_path / "built/story.js", *arguments, **options
        )
    )


def test_python_passes_pyright_and_walks_through_the_story(
    walk: Callable[[Story], None], tmp_path: Path
) -> None:
    """By openapi-python-client."""
    client = tmp_path / "wingman_client"
    where = ("--path", DOCUMENT, "--meta", "none", "--output-path", client)
    run("openapi-python-client", "generate", *where, "--fail-on-warning")
    story = shutil.copy(HERE / "story.py", tmp_path)
    python = INSTALLED / "venv" / "bin" / "python"
    # Not its client.py, which is the same for every document and has errors of its own.
    checked = (client / "api", client / "models", story)
    run("pyright", "--pythonpath", python, *checked, cwd=tmp_path)

    walk(lambda *arguments, **options: run(str(python), story, *arguments, **options))
