"""What the messaging channels say: `content/messaging.yml`, numbered options, and long texts in parts."""

import re
from collections.abc import Sequence
from functools import lru_cache

from backsignal.channels.messaging.choices import Offer
from backsignal.clinical.content import CONTENT_FOLDER
from backsignal.clinical.content_files import ContentModel, read_content
from backsignal.components.turns import content

# Where a text may be parted, the best place first: paragraphs, lines, sentences, words.
_BREAKS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…])\s"), re.compile(r"\s"))


class MessagingContent(ContentModel):
    """The file `messaging.yml`."""

    consent: dict[str, str]
    unreadable: dict[str, str]
    stop_words: list[str]
    start_words: list[str]
    forget_words: list[str]
    phrases: dict[str, str]


@lru_cache(maxsize=1)
def messaging() -> MessagingContent:
    """The content, read once a process."""
    return read_content(CONTENT_FOLDER / "messaging.yml", MessagingContent)


def phrase(name: str, **values: str) -> str:
    """A phrase with the clinic's facts and the values filled in."""
    return messaging().phrases[name].format(**content().clinic.facts(), **values)


def unreadable(kind: str) -> str:
    """What is answered to something that is not text."""
    texts = messaging().unreadable
    return texts.get(kind, texts["other"]).format(**content().clinic.facts(), urgent=phrase("urgent"))


def consent(channel: str) -> str:
    """What is said once at the start."""
    return messaging().consent[channel].format(**content().clinic.facts())


def is_word(text: str, words: Sequence[str]) -> bool:
    """Whether a message is one of the words and nothing else."""
    return re.sub(r"[^\w\s]|\s+(?=\s)", "", text).strip().casefold() in words


def without_list(text: str, offer: Offer) -> str:
    """The text without the lines that list the options, for a channel that shows them as buttons or ticks."""
    listed = {f"• {title}" for title in offer.titles}
    return "\n".join(line for line in text.split("\n") if line not in listed).rstrip()


def numbered(text: str, offer: Offer) -> str:
    """The text with its options numbered, and how to answer with the numbers."""
    lines = [f"{place} {title}" for place, title in enumerate(offer.titles, 1)]
    if offer.ticks:
        how = phrase("reply_several")
    else:
        numbers = [str(number) for number in range(1, len(lines) + 1)]
        several = f"{', '.join(numbers[:-1])} {phrase('or')} {numbers[-1]}"
        how = phrase("reply_one", numbers=several if len(numbers) > 1 else numbers[0])
    return "\n".join([without_list(text, offer), *lines, how])


def parts(text: str, limit: int) -> list[str]:
    """A text in parts of at most `limit` characters, parted at paragraphs, lines or sentences."""
    rest, found = text.strip(), []
    while len(rest) > limit:
        place = _place(rest, limit)
        found.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return [*found, rest] if rest else found


def _place(text: str, limit: int) -> int:
    for pattern in _BREAKS:
        places = [found.start() for found in pattern.finditer(text, 0, limit + 1)]
        # A part that is nearly empty reads worse than one cut at a smaller break.
        if places and places[-1] >= limit // 3:
            return places[-1]
    return limit
