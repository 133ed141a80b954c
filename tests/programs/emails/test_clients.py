"""docs/compatibility.md lists the features that email clients lack, by caniemail.com."""

import json
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from local.emails.samples import CASES
from tests.unit.notifications.email.letters.test_rendering import GOLDEN, rendered

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FAMILIES = ("gmail", "outlook", "apple-mail", "yahoo", "samsung-email")
_ROW = re.compile(r"^\| `([^`]+)` \| `?([^|`]+)`? \| `?([^|`]+)`? \| [^|]+ \|$", re.MULTILINE)

Found = dict[str, dict[str, str]]


@cache
def clients() -> list[str]:
    read = (ROOT / "local/node_modules/caniemail/data/caniemail.json").read_text()
    [stats] = [one["stats"] for one in json.loads(read)["data"] if one["slug"] == "css-max-width"]
    return [f"{family}.{one}" for family in FAMILIES for one in stats[family]]


def found(*files: Path) -> Found:
    globs = ",".join(f"{family}.*" for family in FAMILIES)
    asked = subprocess.run(
        ["node", HERE / "clients.mjs", globs, *files], capture_output=True, text=True, check=True
    )
    features: Found = json.loads(asked.stdout)
    return features


def listed() -> Found:
    page = (ROOT / "docs/compatibility.md").read_text()
    return {
        feature: dict([*_each(partly, "partly"), *_each(no, "no")])
        for feature, no, partly in _ROW.findall(page)
    }


def _each(globs: str, word: str) -> Iterator[tuple[str, str]]:
    for glob in globs.split(", "):
        yield from ((client, word) for client in clients() if fnmatch(client, glob))


def test_the_page_lists_what_email_clients_lack() -> None:
    assert found(*sorted(GOLDEN.glob("*/*.html"))) == listed()


@pytest.mark.parametrize(
    ("markup", "feature"),
    [
        ('<p style="display: flex">Hi</p>', "display:flex"),
        ('<video src="a.mp4"></video>', "<video> element"),
    ],
)
def test_a_feature_that_clients_lack_is_found(tmp_path: Path, markup: str, feature: str) -> None:
    file = tmp_path / "email.html"
    file.write_text(rendered(CASES["match_declined"]).html.replace("<h1", f"{markup}<h1", 1))

    assert set(found(file)) - set(listed()) == {feature}


def test_outlook_for_windows_gets_a_column_of_fixed_width() -> None:
    html = rendered(CASES["match_declined"]).html

    opened, closed = re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html)
    assert 'width="560"' in opened
    assert re.findall(r"<(\w+)", opened) == re.findall(r"</(\w+)>", closed)[::-1]
