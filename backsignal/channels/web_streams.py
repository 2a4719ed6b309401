"""Who is listening: open event streams, woken when their conversation grows, on whichever server."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from backsignal.stores.shared import News


class Streams:
    """The open streams of this server, by conversation."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._news = News("web", self._heard)
        self.closing = False

    async def listen(self) -> None:
        """Hear what other servers say of their conversations, for ever."""
        await self._news.listen()

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
        """Tell a conversation's streams to look, here and on the other servers."""
        self._wake(sender)
        self._news.tell(sender)

    def _wake(self, sender: str) -> None:
        for woken in self._open.get(sender, ()):
            woken.set()

    def _heard(self, sender: str | None) -> None:
        for each in tuple(self._open) if sender is None else (sender,):
            self._wake(each)

    def close(self) -> None:
        """End all streams, for the server stops."""
        self.closing = True
        self._heard(None)
