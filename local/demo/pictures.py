"""Photos for the demo and for load tests, drawn without a library."""

import struct
import zlib

_SIDE = 480


def picture(number: int) -> bytes:
    """Draw a distinct PNG: a gradient whose colour depends on the number."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x % 256, y % 256, 80 * number % 256)) for x in range(_SIDE))
        for y in range(_SIDE)
    )
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
