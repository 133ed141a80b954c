"""A decoder that crashes, hangs or takes too much costs one photo, not the worker."""

import sys
from pathlib import Path

import pytest

from tests.support import uploads
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
        "import time; time.sleep(60)",
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
    with pytest.raises(Rejected) as rejected:
        decode(uploads.scan_bomb(), seconds=1)
    assert rejected.value.reason is Rejection.PROCESSING_FAILED


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
