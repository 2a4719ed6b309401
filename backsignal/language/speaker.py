"""Who is the patient, and whose sign is it: the writer, a relative, or the other voice of a dialogue."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from backsignal.language.tokens import Token

Voice = Literal["self", "third", "you"]
_LITTLE_WORDS = 0.15
_KNOWN_WORDS = 0.45
_SUBJECT = 2  # tokens between a subject and what it does
_LABEL = re.compile(r"(?:(?<=^)|(?<=[\n.?!\"])|(?<=\s))\[?([A-Za-z0-9_][A-Za-z_ ]{0,16}?)(?:\]|\s?:)(?=\s|$)")


class Turn(NamedTuple):
    """One turn of a dialogue, as character offsets; `asks` where the other party speaks."""

    start: int
    end: int
    asks: bool
    label: int  # where its label begins


@dataclass(frozen=True)
class VoiceMark:
    """Words at a token that show of whom a clause tells: a voice or a relation."""

    at: int
    voice: Voice
    relation: str | None = None


def turns(text: str, asks: frozenset[str], replies: frozenset[str]) -> list[Turn]:
    """Turns of a dialogue written with labels ("Doctor: ... Patient: ..."); empty where it is none."""
    labels: list[tuple[int, int, bool]] = []
    for match in _LABEL.finditer(text):
        label = match.group(1).strip().lower()
        if label in asks or label in replies:
            labels.append((match.start(), match.end(), label in asks))
    if len(labels) < 2 or not any(label[2] for label in labels):
        return []
    ends = [label[0] for label in labels[1:]] + [len(text)]
    return [Turn(label[1], end, label[2], label[0]) for label, end in zip(labels, ends, strict=True)]


def owner(
    marks: list[VoiceMark],
    sentence_start: int,
    start: int,
    end: int,
    before: VoiceMark | None,
    *,
    by_subject: bool = False,
) -> VoiceMark | None:
    """The mark that a finding at tokens start to end belongs to: inside it, else the nearest before it.

    `by_subject` where it begins with what somebody does: "my grandson wet my bed" is the grandson's.
    """
    inside = [mark for mark in marks if start <= mark.at < end and mark.voice != "you"]
    subject = [mark for mark in marks if start - _SUBJECT <= mark.at < start and mark.voice != "you"]
    if by_subject and inside and inside[0].at > start and subject and subject[-1].voice == "third":
        return subject[-1]
    own = [mark for mark in marks if start - _SUBJECT <= mark.at < start and mark.voice == "self"]
    if own and any(mark.voice == "self" for mark in inside):
        return own[-1]  # "I caught her and tweaked my back"
    if inside:
        return inside[0]
    earlier = [mark for mark in marks if sentence_start <= mark.at < start and mark.voice != "you"]
    return earlier[-1] if earlier else before


def english(
    tokens: list[Token], little: frozenset[str], known: frozenset[str], foreign: frozenset[str]
) -> bool:
    """False where a text has words of other languages, or hardly any of English's little words or others."""
    words = [token.norm for token in tokens if token.norm[:1].isalpha()]
    if not words:
        letters = [token.text for token in tokens if token.text.isalpha()]
        return not letters
    if any(not word.isascii() for word in words) and sum(not w.isascii() for w in words) * 2 > len(words):
        return False
    own = sum(word in little for word in words)
    if sum(word in foreign for word in words) > max(1, own):
        return False
    if len(words) < 5:
        return True
    if own >= len(words) * _LITTLE_WORDS:
        return True
    # Notes have no little words ("35F LBP 2/52 denies saddle anaesthesia").
    return sum(word in known and len(word) > 3 for word in words) >= len(words) * _KNOWN_WORDS
