"""Who is listening: open event streams, woken when their conversation grows."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Streams:
    """The open streams of this server, by conversation."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.closing = False

    def count(self, sender: str) -> int:
        """How many streams a conversation has."""
        return len(self._open.get(sender, ()))

    @contextmanager
    def listening(self, sender: str) -> Iterator[asyncio.Event]:
        """Listen while the context lasts: the event is set when there may be something new."""
        woken = asyncio.Event()
        self._open[sender].add(woken)
        try:
            yield woken
        finally:
            self._open[sender].discard(woken)
            if not self._open[sender]:
                del self._open[sender]

    def wake(self, sender: str) -> None:
        """Tell a conversation's streams to look."""
        for woken in self._open.get(sender, ()):
            woken.set()

    def close(self) -> None:
        """End all streams, for the server stops."""
        self.closing = True
        for sender in tuple(self._open):
            self.wake(sender)
