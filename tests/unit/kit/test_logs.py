"""Log lines contain no personal data, even if an exception contains some."""

import json
import os
import secrets
import subprocess
import sys

import jwt
import pytest

from tests.support.growth import times_longer
from tests.support.template import ROOT
from wingman.kit import observability

# Generated, so that secret scanners do not find it in the repository.
RANDOM = secrets.token_hex(12)
TOKEN = jwt.encode({"sub": "1234"}, secrets.token_hex(32))


def logged(statement: str) -> str:
    lines = f"from wingman.kit.observability import logger as make\nlogger = make()\n{statement}"
    done = subprocess.run(
        [sys.executable, "-c", lines],
        env=os.environ | {"PYTHONPATH": str(ROOT / "layers" / "shared")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


PERSONAL = [
    "maya.k+x@example.co.uk",
    "maya%40example.com",
    TOKEN,
    *(prefix + RANDOM for prefix in ("re_", "sk-ant-", "whsec_", "sb_secret_")),
]


# awslambdaric does this before it imports a function whose LogFormat is JSON.
RUNTIME = """
import json, logging, sys
class Handler(logging.Handler):
    def emit(self, record):
        error = record.exc_info and str(record.exc_info[1])
        facts = {"line": record.getMessage(), "error": error, "to": getattr(record, "to", None)}
        print(json.dumps(facts))
logging.getLogger().setLevel("INFO")
logging.getLogger().addHandler(Handler())
from wingman.kit.clock import deadline
with deadline(None):
"""


def test_libraries_log_only_warnings() -> None:
    statements = (
        "logging.getLogger('httpx').info('GET /?to=a'); logging.getLogger('x').warning('y')"
    )
    [line] = logged(f"{RUNTIME}    {statements}").splitlines()
    assert json.loads(line)["line"] == "y"


def test_warnings_of_libraries_have_no_address_and_no_token() -> None:
    lines = logged(
        f"{RUNTIME}    for word in {PERSONAL!r}:\n"
        "        try:\n            raise ValueError(f'could not read\\n<{word}>')\n"
        "        except ValueError:\n"
        "            mangum = logging.getLogger('mangum.http')\n"
        "            mangum.exception('no answer to %s', word, extra={'to': word})"
    )
    assert [word for word in PERSONAL if word in lines] == []
    records = [json.loads(line) for line in lines.splitlines()]
    assert [record["to"] for record in records] == ["[removed]"] * len(PERSONAL)
    for record in records:
        assert record["line"].startswith("no answer to [removed]\nTraceback")
        assert record["line"].endswith("ValueError: could not read\n<[removed]>")
        assert record["error"] is None


def test_recognised_personal_data_is_redacted() -> None:
    lines = logged(
        f"for word in {PERSONAL!r}:\n"
        "  try:\n    raise ValueError(f'could not read <{word}>')\n"
        "  except ValueError:\n    logger.exception('http.crashed', extra={'to': word})"
    )
    assert [word for word in PERSONAL if word in lines] == []
    records = [json.loads(line) for line in lines.splitlines()]
    assert [record["to"] for record in records] == ["[removed]"] * len(PERSONAL)
    assert all("could not read <[removed]>" in record["exception"] for record in records)


@pytest.mark.parametrize("word", ["x", "x.", "@", "x%40", "eyJ-"])
def test_redaction_takes_linear_time(word: str) -> None:
    assert times_longer(lambda size: observability._written({"path": word * size}), 1_000) < 40


def test_redaction_happens_before_json_escaping() -> None:
    left = {
        "no such\nbob@example.com here": "no such\n[removed] here",
        "müller@example.com": "[removed]",
        "a\n" + TOKEN: "a\n[removed]",
        "\nre_" + RANDOM: "\n[removed]",
        "\nsk-" + RANDOM: "\n[removed]",
    }
    lines = logged(
        f"for m in {list(left)!r}:\n"
        "    logger.info(m, extra={'m': m, 'deep': [{m: (m, ValueError(m))}]})"
    ).splitlines()
    for line, expected in zip(lines, left.values(), strict=True):
        record = json.loads(line)
        assert (record["message"], record["m"]) == (expected, expected)
        assert record["deep"][0][expected][0] == expected
        assert line.count("[removed]") == 5


def test_other_facts_are_not_redacted() -> None:
    facts = {"match_id": "6f1c0f0e-0000-4000-8000-000000000002", "count": 3, "rate": "2/s"}
    record = json.loads(logged(f"logger.info('match.accepted', extra={facts!r})"))
    assert {name: record[name] for name in facts} == facts
    assert record["level"] == "INFO"


@pytest.mark.parametrize(
    "fact",
    ["x" * 200_000, ["x" * 4_000] * 1_000, {"deep": [["x" * 100_000] * 20] * 20}],
    ids=["text", "list", "nested"],
)
def test_a_line_has_a_bounded_length(fact: object) -> None:
    line = observability._written({"message": "http.crashed", "fact": fact, "count": 3})
    assert len(line) <= 33_000
    record = json.loads(line)
    assert record["message"].strip('"') == "http.crashed"
    assert "characters left out" in str(record["fact"])


@pytest.mark.parametrize("cut_at", range(1_960, 2_040, 4))
def test_a_text_is_cut_between_words(cut_at: int) -> None:
    text = "x" * (cut_at - 20) + " maya.k+x@example.co.uk " + "y" * 4_000
    assert "@" not in observability._redacted(text)
