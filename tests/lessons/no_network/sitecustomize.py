"""On PYTHONPATH while lessons run in tests: whoever reaches beyond this machine fails at once."""

import socket

_LOCAL = {"127.0.0.1", "::1", "localhost"}
_connect = socket.socket.connect


def _connect_here(self, address):
    if isinstance(address, tuple) and address[0] not in _LOCAL:
        raise OSError(f"a lesson must work without a network, but connects to {address}")
    return _connect(self, address)


socket.socket.connect = _connect_here
