"""How many turns a server takes on: beyond that it says that it is busy, before its memory is full."""

from collections.abc import Iterator
from contextlib import contextmanager

# Turns in work and waiting: what one process answers in about two seconds when all is well.
MOST_TURNS = 200
RETRY_AFTER_SECONDS = 2


class BusyError(Exception):
    """There is too much in work. Nothing was kept; try again in RETRY_AFTER_SECONDS."""


class Turns:
    """The turns in work and waiting on this server, over all channels where a person waits for the answer."""

    def __init__(self, most: int = MOST_TURNS) -> None:
        self._most = most
        self.open = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take on a turn while the context lasts. Raises BusyError."""
        if self.open >= self._most:
            raise BusyError
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


turns = Turns()
