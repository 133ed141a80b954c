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


def compiled(folder: Path, project: Path = SOURCE / "test") -> Path:
    """Compile a project, with the types of its tests, into a folder."""
    compiler = _INSTALLED / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", compiler, "--project", project, "--outDir", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (folder / "package.json").write_text((SOURCE / "package.json").read_text())
    (folder / "node_modules").symlink_to(_INSTALLED)
    return folder


@dataclass(frozen=True)
class Part:
    """The part of each of two participants: so many messages, and waits that pass faster."""

    api_url: str
    match_id: UUID
    to_send: int
    speed: int = 1


@dataclass(frozen=True)
class History:
    """The messages that an app has shown, the codes of failures, and how many are unsent."""

    shown: Sequence[Mapping[str, Any]]
    failed: Sequence[str]
    unsent: int


class Participant:
    """A user with the client, in a process of Node."""

    def __init__(self, client: Path, person: Person, part: Part) -> None:
        self._report = client / f"{person.id}.json"
        env = {
            "API_URL": part.api_url,
            "TOKEN": person.token,
            "USER_ID": str(person.id),
            "MATCH_ID": str(part.match_id),
            "TO_SEND": str(part.to_send),
            "IN_ALL": str(2 * part.to_send),
            "SPEED": str(part.speed),
        }
        # A pipe would hold the process until it is read.
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

    def history(self, *, seconds: float = 0) -> History:
        """Wait for the end for so long, then end it."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.communicate("enough\n", timeout=10)
        self._process.communicate(timeout=10)
        return History(**json.loads(self._report.read_text()))
