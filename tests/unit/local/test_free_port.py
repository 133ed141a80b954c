"""A port for a server of a test is free, and stays free until the server starts."""

import secrets
import socket
from pathlib import Path

import pytest

from local import free_port
from local.stack import HOST

_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_port_that_a_server_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        taken = server.getsockname()[1]
        monkeypatch.setattr(free_port, "_FIRST", 0)
        drawn = iter([taken, taken, free_port.free_port()])
        monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))

        assert free_port.free_port() != taken


@pytest.mark.skipif(not _OUTGOING.exists(), reason="Linux only")
def test_no_outgoing_connection_gets_such_a_port() -> None:
    assert int(_OUTGOING.read_text().split()[0]) > free_port._LAST
