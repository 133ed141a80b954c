"""The process that decodes one upload: from standard input to JSON and two images."""

import json
import resource
import sys
from dataclasses import asdict

from wingman.photos.imaging import Images, Rejected

# With the worker beside it, 400 MB are in use at most.
MEMORY_BYTES = 320 * 1024 * 1024
CPU_SECONDS = 4  # a photo of 48 megapixels takes one


def main() -> None:
    limit()
    upload = sys.stdin.buffer.read()
    # Imported below the limits, which also count what libvips keeps.
    from wingman.photos.imaging_codec import images  # noqa: PLC0415

    try:
        _write(images(upload))
    except Rejected as rejected:
        sys.stdout.write(json.dumps({"rejection": rejected.reason}) + "\n")


def limit() -> None:
    """Bound what this process can take, for the rest of its life."""
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _write(found: Images) -> None:
    facts = asdict(found)
    small, large = facts.pop("small"), facts.pop("large")
    line = json.dumps({**facts, "large_bytes": len(large)}) + "\n"
    sys.stdout.buffer.write(line.encode() + large + small)


if __name__ == "__main__":
    main()
