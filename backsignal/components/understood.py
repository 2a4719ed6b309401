"""What a message was found to say before the components of the pipeline ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Not to make the whole language layer an ingredient of the trained model.
    from backsignal.language.reading_process import Understood

_beforehand: ContextVar[tuple[str, Understood] | None] = ContextVar("understood beforehand", default=None)


@contextmanager
def understood_beforehand(text: str, understood: Understood) -> Iterator[None]:
    """While this lasts, the components need not find out what the text says."""
    token = _beforehand.set((text, understood))
    try:
        yield
    finally:
        _beforehand.reset(token)


def understood_of(text: str) -> Understood | None:
    """What is known of a text beforehand."""
    known = _beforehand.get()
    return known[1] if known and known[0] == text else None
