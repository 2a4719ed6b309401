"""Advice: which topic may be offered to this person now, which not, and why."""

from dataclasses import dataclass
from typing import Literal

from backsignal.clinical.content import Content, Contraindication, Topic
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Record, Value
from backsignal.clinical.red_flags import check, counts_as_present, open_always, supported

AdviceStatus = Literal["offered", "withheld", "ask_first"]


@dataclass(frozen=True)
class Advice:
    """Whether a topic is offered; `because` lists the findings that withhold it or must be asked first."""

    topic: Topic
    status: AdviceStatus
    because: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


def advise(topic: Topic, record: Record, content: Content) -> Advice:
    """Decide on one topic for one person.

    Withheld in an emergency, above the topic's highest level, and where a contraindication is present or
    the person was not sure of it; to be asked first while a warning sign (self-care only) or a
    contraindication is open; offered otherwise.
    """
    now = supported(record, content)
    if now.level is Level.EMERGENCY:
        return Advice(topic, "withheld", now.reasons[0].findings)
    against = [c for c in topic.contraindications if _holds(c, record, content)]
    if against:
        because = tuple(item.finding for item in against)
        return Advice(topic, "withheld", because, tuple(dict.fromkeys(item.instead for item in against)))
    waiting = () if topic.information else open_always(record, content)
    if waiting:
        return Advice(topic, "ask_first", waiting)
    acting = check(record, content)
    if acting.level.rank > topic.highest_level.rank:
        return Advice(topic, "withheld", acting.reasons[0].findings)
    open_items = tuple(c.finding for c in topic.contraindications if record.is_open(c.finding, content))
    return Advice(topic, "ask_first", open_items) if open_items else Advice(topic, "offered")


def self_care(record: Record, content: Content) -> list[Advice]:
    """The decision on every self-care topic, in the order of the content."""
    return [advise(topic, record, content) for topic in content.topics.values() if topic.self_care]


def _holds(item: Contraindication, record: Record, content: Content) -> bool:
    """Present, or asked and not answered with a clear no: the safe side for advice."""
    if counts_as_present(content.findings[item.finding], record, content):
        return True
    return item.finding in record.entries and record.value(item.finding, content) is not Value.ABSENT
