"""Ports for the servers of the tests."""

import socket


def free_port() -> int:
    """A port that nobody listens on, with the one fifty above it free as well (the action server's)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 50))
            except (OSError, OverflowError):
                continue
            return port
