import asyncio

from local.edge.resp import Connection, Failure, Reply, Status


class _Wire:
    """Stands for the socket: keeps what is written."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drain(self) -> None:
        pass


def exchange(commands: list[list[bytes]], answer: bytes) -> tuple[bytes, list[Reply]]:
    async def run() -> tuple[bytes, list[Reply]]:
        reader, wire = asyncio.StreamReader(), _Wire()
        reader.feed_data(answer)
        connection = Connection(reader, wire)  # type: ignore[arg-type] # the two methods it uses
        return wire.sent, await connection.run(commands)

    return asyncio.run(run())


def test_every_kind_of_reply_is_read_as_it_comes() -> None:
    answer = b"+OK\r\n-ERR no\r\n:7\r\n$4\r\na\r\nb\r\n$-1\r\n*-1\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n"
    _, replies = exchange([[b"X"]] * 7, answer)
    assert replies == [Status(b"OK"), Failure("ERR no"), 7, b"a\r\nb", None, None, [b"x", [1]]]


def test_words_are_sent_by_their_length_in_bytes() -> None:
    async def run() -> bytes:
        reader, wire = asyncio.StreamReader(), _Wire()
        reader.feed_data(b"+OK\r\n")
        await Connection(reader, wire).run([[b"SET", "é\r\n".encode()]])  # type: ignore[arg-type] # as above
        return wire.sent

    assert asyncio.run(run()) == b"*2\r\n$3\r\nSET\r\n$4\r\n\xc3\xa9\r\n\r\n"
