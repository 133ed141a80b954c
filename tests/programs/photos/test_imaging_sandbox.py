"""A decoder that crashes, hangs or uses too much fails one photo, not the worker."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import uploads
from tests.support.template import ROOT
from wingman.photos.imaging import MAX_BYTES, Rejected, Rejection
from wingman.photos.imaging_codec import images
from wingman.photos.imaging_sandbox import decode

LIMITED = "from wingman.photos import imaging_process as ours; ours.limit(); "
ANSWERS = """print('{"rejection": "unreadable"}')"""


def rejection(upload: bytes, program: str, seconds: float = 30) -> Rejection:
    with pytest.raises(Rejected) as rejected:
        decode(upload, seconds=seconds, decoder=(sys.executable, "-c", program))
    return rejected.value.reason


def test_an_upload_comes_back_as_the_decoder_made_it() -> None:
    upload = uploads.jpeg()
    assert decode(upload, seconds=30) == images(upload)


def test_an_upload_above_the_limit_starts_no_decoder() -> None:
    with pytest.raises(Rejected) as rejected:
        decode(bytes(MAX_BYTES + 1), seconds=30, decoder=("false",))
    assert rejected.value.reason is Rejection.TOO_LARGE


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        f"import time; time.sleep(20); {ANSWERS}",
        "raise RuntimeError",
        "print('no JSON')",
        "print('{\"large\": -1}')",
        "print('{}')",
        f"{LIMITED} bytearray(500_000_000); {ANSWERS}",
    ],
    ids=["crashes", "hangs", "fails", "babbles", "lies", "says nothing", "takes memory"],
)
def test_a_photo_fails_when_its_decoder(program: str) -> None:
    seconds = 1 if "sleep" in program else 30
    assert rejection(b"any", program, seconds) is Rejection.PROCESSING_FAILED


def test_a_progressive_bomb_of_many_scans_is_ended_in_time() -> None:
    program = (
        "from wingman.photos import imaging_process as ours; ours.CPU_SECONDS = 1; ours.main()"
    )
    assert rejection(uploads.scan_bomb(), program, seconds=60) is Rejection.PROCESSING_FAILED


def test_a_decoder_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_x")
    program = (
        "import json, os; found = any('SECRET' in name for name in os.environ);"
        "print(json.dumps({'rejection': 'unreadable' if found else 'moderation'}))"
    )
    assert rejection(b"any", program) is Rejection.MODERATION


def test_a_decoder_cannot_write_a_file(tmp_path: Path) -> None:
    file = tmp_path / "left behind"
    program = f"{LIMITED} import os; os.write(os.open({str(file)!r}, 65), b'x'); {ANSWERS}"
    assert rejection(b"any", program) is Rejection.PROCESSING_FAILED


def test_a_decoder_cannot_read_the_workers_secrets_from_proc() -> None:
    """Other processes of its user cannot read a process that is not dumpable (ptrace(2))."""
    program = (
        "from ctypes import CDLL; from wingman.photos import imaging_sandbox as ours\n"
        "try: ours.decode(b'any', seconds=30, decoder=('false',))\n"
        "except ours.Rejected: print('dumpable:', CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": "layers/shared"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.endswith("dumpable: 0\n")
