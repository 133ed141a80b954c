"""`make screenshots` takes every picture that README and docs show."""

import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.support.template import ROOT

_SHOWN = re.compile(r"images/([\w-]+\.png)")
PAGES = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))


def test_every_picture_of_the_documents_is_taken(unhurried_photos: None, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.screenshots", "--name", "test", "--into", str(tmp_path)]
    env = os.environ | {"PYTHONPATH": "layers/shared"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    shown = {name for page in PAGES for name in _SHOWN.findall(page.read_text())}
    assert {path.name for path in tmp_path.iterdir()} == shown
    for name in sorted(shown):
        with (
            Image.open(tmp_path / name) as taken,
            Image.open(ROOT / "docs/images" / name) as committed,
        ):
            assert taken.width == committed.width, name
            assert len(taken.convert("RGB").getcolors(2**24) or ()) > 100, f"{name} is blank"
