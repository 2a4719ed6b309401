"""Options on offer, and what a person's number, button or tick means by them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from backsignal.channels.web_history import ASSISTANT
from backsignal.components.responses import payload_of

_LONGEST_NUMBERS = 60
# Between numbers it joins and never parts, whatever the assistant's own wording.
_AND = "and"
_BETWEEN = re.compile(r"[\s,;/&+]+")
_TOKEN = re.compile(r"([0-9a-f]{8}):([0-9a-f]{1,8})")
# What joins several ticks into one answer, as the web widget does.
_JOIN = "; "


@dataclass(frozen=True)
class Offer:
    """The options of one message; the first `ticks` of them can be true together, the others exclude all."""

    question: str
    titles: tuple[str, ...]
    ticks: int = 0

    @cached_property
    def mark(self) -> str:
        """Tells this offer from others, so that the button of an old question is known as such."""
        return sha256("\n".join([self.question, *self.titles]).encode()).hexdigest()[:8]

    def token(self, places: Iterable[int]) -> str:
        """What a button carries: at most 17 characters, as platforms bound them in bytes."""
        return f"{self.mark}:{sum(1 << place for place in set(places)):x}"

    def places(self, token: str) -> list[int] | None:
        """The options of a token, None where it is not of this offer."""
        found = _TOKEN.fullmatch(token)
        if found is None or found.group(1) != self.mark:
            return None
        mask = int(found.group(2), 16)
        return [place for place in range(len(self.titles)) if mask >> place & 1]

    def answer(self, places: Sequence[int]) -> str | None:
        """The answer in words. A tick overrules "none of these": it is never lost."""
        ticked = [place for place in places if place < self.ticks]
        if not places or (len(places) > 1 and not ticked):
            return None
        return _JOIN.join(self.titles[place] for place in ticked or places)

    def numbered(self, text: str) -> str | None:
        """The answer of a text that is nothing but numbers on offer ("2", "1 and 3")."""
        numbers = _numbers(text)
        if not numbers or not all(1 <= number <= len(self.titles) for number in numbers):
            return None
        if len(set(numbers)) > 1 and not self.ticks:
            return None
        return self.answer([number - 1 for number in dict.fromkeys(numbers)])


def offer_of(entry: dict[str, Any]) -> Offer | None:
    """The options that a message offers."""
    data = payload_of(entry)
    options = data.get("options") or entry.get("buttons") or []
    if not options:
        return None
    ticks = len(data["findings"]) if data.get("multiple") else 0
    return Offer(str(data.get("id", "")), tuple(option["title"] for option in options), ticks)


def open_offer(entries: Sequence[dict[str, Any]]) -> Offer | None:
    """The offer that waits for an answer: the last one that the assistant made."""
    offers = (offer_of(entry) for entry in reversed(entries) if entry["from"] == ASSISTANT)
    return next((offer for offer in offers if offer), None)


def _numbers(text: str) -> list[int]:
    """The numbers of a text that holds nothing else; none otherwise."""
    if len(text) > _LONGEST_NUMBERS:
        return []
    words = [word.strip("().#!") for word in _BETWEEN.split(text.strip().casefold())]
    words = [word for word in words if word and word != _AND]
    if not all(word.isascii() and word.isdigit() for word in words):
        return []
    return [int(word) for word in words]
