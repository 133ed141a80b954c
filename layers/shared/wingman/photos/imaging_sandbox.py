"""Decodes an upload in a process of its own, which may crash.

It has limits of memory and time, no secret, and no file to write (docs/decisions/033-images.md).
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from ctypes import CDLL
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from wingman.kit.observability import logger
from wingman.photos.imaging import MAX_BYTES, Images, Rejected, Rejection

DECODER = (sys.executable, "-S", "-m", "wingman.photos.imaging_process")
_PR_SET_DUMPABLE = 4
_PASSED_ON = ("LD_LIBRARY_PATH", "LANG")  # Lambda's Python finds its own library by the first


class _Found(BaseModel):
    """The line before the images, large and small."""

    model_config = ConfigDict(extra="forbid")

    large_bytes: int = Field(ge=1)
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    placeholder: str = Field(min_length=1)


class _Refused(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rejection: Rejection


_ANSWER: TypeAdapter[_Found | _Refused] = TypeAdapter(_Found | _Refused)


def decode(upload: bytes, seconds: float, *, decoder: Sequence[str] = DECODER) -> Images:
    """Raise Rejected with the reason if an upload becomes no photo."""
    if len(upload) > MAX_BYTES:
        raise Rejected(Rejection.TOO_LARGE)
    _hide()
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            decoder,
            input=upload,
            capture_output=True,
            env=_environment(),
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired:
        logger().warning("photos.decoder_slow", extra={"bytes": len(upload)})
        raise Rejected(Rejection.PROCESSING_FAILED) from None
    except subprocess.CalledProcessError as died:
        last = died.stderr[-500:].decode(errors="replace")
        logger().error("photos.decoder_died", extra={"code": died.returncode, "last": last})
        raise Rejected(Rejection.PROCESSING_FAILED) from None
    return _read(done.stdout)


def _read(output: bytes) -> Images:
    line, _, both = output.partition(b"\n")
    try:
        answer = _ANSWER.validate_json(line)
    except ValidationError:
        logger().exception("photos.decoder_unclear")
        raise Rejected(Rejection.PROCESSING_FAILED) from None
    if isinstance(answer, _Refused):
        raise Rejected(answer.rejection)
    return Images(
        large=both[: answer.large_bytes],
        small=both[answer.large_bytes :],
        width=answer.width,
        height=answer.height,
        placeholder=answer.placeholder,
    )


@cache
def _hide() -> None:
    """Let other processes of this user read neither our memory nor our environment (prctl(2))."""
    if sys.platform == "linux":
        CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _environment() -> Mapping[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join(filter(None, sys.path))
    # One thread, as 1 GB of Lambda has less than one processor; and one arena of memory.
    return {**passed, "PYTHONPATH": path, "VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1"}
