"""What an agent's turn asks, and what the caller's answer means to it.

An agent's words never make a finding present: they only mark it as asked. How a question is put decides
what "no" means: "any numbness?" and "can you feel your feet?" turn the answer round.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel

from backsignal.assist.content import CallContent, Phrases, plain
from backsignal.clinical.content import Measure
from backsignal.clinical.findings import Mention, Reading, Status

# plain: "any X?"; well: "is it working?"; negated: "no X, then?"; both: put in two ways at once.
Put = Literal["plain", "well", "negated", "both"]
_SHORT_ANSWER = 7
_NEGATOR_REACH = 3


class Reads(Protocol):
    """The language layer, as far as calls need it."""

    def read(self, text: str, *, today: date) -> Reading:
        """All that one message says."""


class Asked(BaseModel):
    """A finding that an agent's turn asks about, and how the question was put."""

    finding: str
    put: Put


class AgentSaid(BaseModel):
    """What an agent's turn asks; `keeps_open` where it is small talk that leaves the question before open."""

    asked: list[Asked] = []
    measures: list[Measure] = []
    keeps_open: bool = False


@dataclass(frozen=True)
class Answered:
    """A caller's turn as the interview takes it: the reading, and the findings that the answer is for."""

    reading: Reading
    findings: tuple[str, ...]
    refuses: bool


def what_is_asked(text: str, content: CallContent, reader: Reads, today: date) -> AgentSaid:
    """The findings and numbers that an agent's turn asks about."""
    words = plain(text)
    if all(word in content.words.small_talk for word in words.split()):
        return AgentSaid(keeps_open=True)
    suggested = next((say for say in content.suggested if say in words), None)
    if suggested:
        # Read out from the screen: it asks just what the screen says, and the rest is heard as it is.
        rest = words.replace(suggested, ".")
        asked, measures = content.suggested[suggested]
        said = what_is_asked(rest, content, reader, today)
        others = [item for item in said.asked if item.finding not in asked]
        own = [Asked(finding=finding, put="plain") for finding in asked]
        return AgentSaid(asked=[*own, *others], measures=[*measures, *said.measures])
    puts: dict[str, set[Put]] = {}
    numbers: list[Measure] = []
    for part in _asking_parts(text, content):
        for finding, put in _asked_in(part, content, reader, today):
            puts.setdefault(finding, set()).add(put)
        numbers += [m for m, phrases in content.words.measures.items() if phrases.find(plain(part))]
    findings = [Asked(finding=finding, put=_one(ways)) for finding, ways in puts.items()]
    return AgentSaid(asked=findings, measures=list(dict.fromkeys(numbers)))


def _one(ways: set[Put]) -> Put:
    return next(iter(ways)) if len(ways) == 1 else "both"


def _asking_parts(text: str, content: CallContent) -> Iterable[str]:
    """The parts of a turn that can ask: advice and explanations are left out."""
    for sentence in re.split(r"(?<=[.?!\n;])\s+", text):
        words = plain(sentence)
        advice = content.words.advising.find(words)
        if not advice or content.words.asking_if.find(words):
            yield sentence
            continue
        yield words[: advice.start()]
        again = content.words.question_starts.find(words, advice.end())
        if again:
            yield words[again.start() :]


class _Said(NamedTuple):
    """A finding named in a part of a turn, at these characters of its plain words."""

    start: int
    end: int
    finding: str
    put: Put


def _asked_in(part: str, content: CallContent, reader: Reads, today: date) -> Iterable[tuple[str, Put]]:
    listed = list(_by_phrases(plain(part), content))
    known = content.clinical.findings.keys() - content.words.by_phrases_alone
    read = [said for said in _by_reader(part, content, reader, today) if said.finding in known]
    both = (*listed, *read)
    for said in both:
        if not any(_takes_in(other, said, content) for other in both):
            yield said.finding, said.put


def _takes_in(longer: _Said, said: _Said, content: CallContent) -> bool:
    """Whether the words are part of a longer phrase that asks something else by them."""
    if not (longer.start <= said.start and said.end <= longer.end and longer[:2] != said[:2]):
        return False
    return longer.finding == said.finding or said.finding in content.words.instead_of.get(longer.finding, ())


def _by_reader(part: str, content: CallContent, reader: Reads, today: date) -> Iterable[_Said]:
    for mention in reader.read(part, today=today).mentions:
        before = plain(part[: mention.start])
        start = len(before) + bool(before)
        end = start + len(plain(mention.text))
        put: Put = "plain"
        if mention.status is Status.ABSENT:
            reach = len(plain(mention.text).split()) + _NEGATOR_REACH
            around = f"{before} {plain(mention.text)}"
            put = "negated" if _negated(around, reach, content.words.negators) else "well"
        yield _Said(start, end, mention.finding, put)


def _by_phrases(words: str, content: CallContent) -> Iterable[_Said]:
    for finding, phrases in content.words.asked.items():
        for start, end in phrases.spans(words):
            negated = _negated(words[:start], _NEGATOR_REACH, content.words.negators)
            yield _Said(start, end, finding, "negated" if negated else "plain")
    for finding, phrases in content.words.asked_well.items():
        for start, end in phrases.spans(words):
            negated = _negated(words[:start], _NEGATOR_REACH, content.words.negators)
            yield _Said(start, end, finding, "plain" if negated else "well")


def _negated(before: str, reach: int, negators: Phrases) -> bool:
    return bool(negators.find(" ".join(before.split()[-reach:])))


def answer_in_context(
    reading: Reading, text: str, asked: Iterable[Asked], present: frozenset[str], content: CallContent
) -> Answered:
    """What a caller's turn says, given how the open question was put.

    `present` are the findings known as present: no bare answer takes them back.
    """
    words = plain(text)
    refuses = bool(content.words.refuses.find(words))
    if refuses:
        reading = replace(reading, answer=None)
    unwell = bool(content.words.unwell.find(words))
    well = not unwell and bool(content.words.well.find(words))
    told = {mention.finding for mention in reading.mentions if mention.status is not Status.HYPOTHETICAL}
    mentions: list[Mention] = []
    suspected: list[str] = []
    left: list[str] = []
    for item in asked:
        if item.finding in told or item.finding in present:
            continue
        means = _means(item.put, reading.answer, well, unwell, short=len(words.split()) < _SHORT_ANSWER)
        if means == "as_said":
            left.append(item.finding)
        elif means == "suspect":
            suspected.append(item.finding)
        else:
            mentions.append(Mention(item.finding, means, text.strip(), 0, len(text)))
    reading = replace(
        reading,
        mentions=(*reading.mentions, *mentions),
        suspected=tuple(dict.fromkeys((*reading.suspected, *suspected))),
    )
    return Answered(reading, tuple(left), refuses)


_Means = Status | Literal["as_said", "suspect"]


def _means(put: Put, answer: str | None, well: bool, unwell: bool, short: bool) -> _Means:
    """What an answer means to a question put in this way; what can be taken both ways is only suspected."""
    if put == "plain":
        if not (well and short):
            return "as_said"
        return "suspect" if answer == "yes" else Status.ABSENT if answer is None else "as_said"
    if answer == "unsure":
        return "as_said"
    if unwell and put != "negated":
        return Status.PRESENT
    if well:
        return Status.ABSENT
    if answer is None:
        return "as_said"
    if put == "well":
        return Status.ABSENT if answer == "yes" else Status.PRESENT
    if put == "negated" and answer == "no":
        return Status.ABSENT
    return "suspect"
