"""A port for a server that lives for a while."""

import secrets
import socket

from local.stack import HOST

# Below the ports that systems give to outgoing connections: on a busy machine, one of those would
# be taken between the look and the server's start.
_FIRST, _LAST = 12_000, 31_999


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    while True:
        port = _FIRST + secrets.randbelow(_LAST - _FIRST + 1)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port
