"""The reference client of docs/realtime.md, compiled."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.support.people import Person
from tests.support.template import ROOT

SOURCE = ROOT / "examples" / "realtime"
_INSTALLED = ROOT / "local" / "node_modules"
_TRANSPILE = ROOT / "tests" / "support" / "transpile.mjs"


def compiled(folder: Path, project: Path = SOURCE / "test") -> Path:
    """Compile a project into a folder without checking types, as `make check` does that."""
    done = subprocess.run(
        ["node", _TRANSPILE, project, folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (folder / "package.json").write_text((SOURCE / "package.json").read_text())
    (folder / "node_modules").symlink_to(_INSTALLED)
    return folder


@dataclass(frozen=True)
class Part:
    """The task of each of two participants; `speed` divides the client's waits."""

    api_url: str
    match_id: UUID
    to_send: int
    speed: int = 1


@dataclass(frozen=True)
class History:
    """The messages that an app has shown, the codes of failures, and the count of unsent ones."""

    shown: Sequence[Mapping[str, Any]]
    failed: Sequence[str]
    unsent: int


class Participant:
    """A user with the client, in a Node process; an app that is not visible marks nothing read."""

    def __init__(
        self, client: Path, person: Person, part: Part, *, is_visible: bool = True
    ) -> None:
        self._report = client / f"{person.id}.json"
        env = {
            "API_URL": part.api_url,
            "TOKEN": person.token,
            "USER_ID": str(person.id),
            "MATCH_ID": str(part.match_id),
            "TO_SEND": str(part.to_send),
            "IN_ALL": str(2 * part.to_send),
            "SPEED": str(part.speed),
            "IS_VISIBLE": str(is_visible).lower(),
        }
        # A full pipe would block the process until it is read.
        with self._report.open("w") as report:
            self._process = subprocess.Popen(
                ["node", client / "test" / "participant.js"],
                env=os.environ | env,
                stdin=subprocess.PIPE,
                stdout=report,
                text=True,
            )

    @property
    def is_writing(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def history(self, *, seconds: float = 0) -> History:
        """Wait for the process for some seconds, then end it."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.communicate("enough\n", timeout=10)
        self._process.communicate(timeout=10)
        return History(**json.loads(self._report.read_text()))
