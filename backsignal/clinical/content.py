"""The clinical content: findings, questions, rules, advice, replies, sources and the clinic's settings.

Models of the files in `backsignal/content/` and of `clinic.yml`. What refers to something that is not
there is an error at load.
"""

import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from string import Formatter
from typing import Literal

from pydantic import Field

from backsignal.clinical.content_files import ContentError, ContentModel, line_of, read_content
from backsignal.clinical.levels import Level

CONTENT_VARIABLE = "BACKSIGNAL_CONTENT"
_PROJECT = Path(__file__).resolve().parents[2]
# A folder with content files of one's own; a clinic.yml in it stands for the project's.
CONTENT_FOLDER = Path(os.environ.get(CONTENT_VARIABLE) or _PROJECT / "backsignal" / "content")
_OWN_CLINIC_FILE = CONTENT_FOLDER / "clinic.yml"
CLINIC_FILE = _OWN_CLINIC_FILE if _OWN_CLINIC_FILE.exists() else _PROJECT / "clinic.yml"

Place = tuple[int | str, ...]
Measure = Literal["duration_days", "age", "severity"]


class Source(ContentModel):
    """Where a fact comes from; what is only recalled is marked as needing a clinician's review."""

    title: str
    organisation: str
    year: int | None
    basis: Literal["read", "recalled"]
    url: str | None = None
    note: str | None = None


class Sourced(ContentModel):
    """Something said that has sources (ids of `sources.yml`); `review`: what a clinician has to look at."""

    sources: list[str] = Field(min_items=1)
    review: str | None = None


class Bound(ContentModel):
    """A condition on a number: `at_least` and `below` are numbers or names of clinic thresholds."""

    measure: Measure
    at_least: float | str | None = None
    below: float | str | None = None


class Finding(Sourced):
    """One finding: a warning sign, a complaint, or a condition that bears on advice.

    `level` is what it means by itself; `long_standing_level` where it is old, unchanged and checked.
    `option` is its label as a tick, `question` asks for it alone, `simpler` once more in plainer words.
    `changes` is true where it must be asked again of somebody who comes back; `comes_back` where it is itself
    a word of somebody who does. `both_sides_of` lists findings of which this one is the two-sided form.
    """

    id: str
    name: str
    group: str
    level: Level | None = None
    long_standing_level: Level | None = None
    ask_always: bool = False
    changes: bool = True
    comes_back: bool = False
    option: str
    question: str
    simpler: str
    meaning: str
    why: str
    phrases: list[str] = []
    present_if: Bound | None = None
    absent_if: Bound | None = None
    both_sides_of: list[str] = []


class Choice(ContentModel):
    """An answer on offer: it sets a number (an age or a duration in days), or findings that are present.

    The question's other findings are absent then. `says` are words by which people mean it.
    """

    title: str
    value: float | None = None
    present: list[str] = []
    says: list[str] = []


class Condition(ContentModel):
    """When a question applies or a note is said: all parts that are given must hold."""

    present: list[str] = []
    absent: list[str] = []
    number: Bound | None = None


class Question(ContentModel):
    """A group of findings asked about together, or a number asked for.

    `opening` is the sentence before the list of ticks; `on_yes` says what a bare "yes" to several findings
    means: all of them (`present`), or a question back which ones (`which`).
    """

    id: str
    findings: list[str] = []
    opening: str
    on_yes: Literal["present", "which"] = "which"
    measure: Measure | None = None
    choices: list[Choice] = []
    only_if: Condition | None = None
    why: str | None = None
    meaning: str | None = None


class Rule(Sourced):
    """Findings that together mean a level.

    Holds where every one of `all` is present, at least `least` of `any`, and the `number` bound holds.
    """

    id: str
    all: list[str] = []
    any: list[str] = []
    least: int = 1
    number: Bound | None = None
    level: Level
    why: str

    def needs(self) -> list[str]:
        """Ids of the findings that the rule looks at."""
        return [*self.all, *self.any]


class UnknownLevels(Sourced):
    """Least levels while something is unknown or was taken back, with the reason said to the person."""

    emergency_unknown: Level
    emergency_unknown_why: str
    other_unknown: Level
    other_unknown_why: str
    withdrawn: Level
    withdrawn_why: str


class Rules(ContentModel):
    """The file of rules."""

    rules: list[Rule]
    unknown: UnknownLevels


class Statement(Sourced):
    """A sentence for the person with where its fact comes from."""

    text: str


class Contraindication(Sourced):
    """A finding that bears on an advice topic: the advice is withheld, and `instead` is said."""

    finding: str
    instead: str


class Movement(Sourced):
    """One exercise: how, how often."""

    id: str
    name: str
    how: str
    times: str


class Topic(ContentModel):
    """Advice on one topic.

    `contraindications` must each be known absent before it is offered; `highest_level` is the highest triage
    level at which it may be offered; `information` topics may be told at any time but in an emergency.
    """

    id: str
    title: str
    information: bool = False
    self_care: bool = False
    highest_level: Level = Level.SOON
    brief: str
    do: list[Statement] = []
    movements: list[Movement] = []
    dont: list[Statement] = []
    stop_if: list[str] = []
    stop_sources: list[str] = []
    evidence: Statement
    contraindications: list[Contraindication] = []


class EmergencyText(Sourced):
    """What is said first in an emergency, for findings of the groups or ids in `for`."""

    id: str
    findings: list[str]
    do: str
    why: str
    call: str
    on_the_way: str
    tell: str


class Note(Sourced):
    """Something said besides the triage text where the condition holds (an own path for some people)."""

    when: Condition
    text: str


class Confirms(ContentModel):
    """What confirms that an emergency was told by mistake: a whole message, or words in it beside a yes."""

    whole: list[str]
    words: list[str]


class Replies(ContentModel):
    """The wording of what the interview, the triage and the note say; `{name}` marks are filled in."""

    levels: dict[Level, str]
    emergencies: list[EmergencyText]
    safety_net: list[Statement]
    notes: list[Note]
    confirms: Confirms
    phrases: dict[str, str]


class Line(ContentModel):
    """A telephone line: what it is called and its number."""

    name: str
    number: str


class CheckInDays(ContentModel):
    """When people who agreed are asked again; an empty list of days offers no check-in."""

    days: list[int] = []
    follow_up_hours: float = 24
    earliest_hour: int = 9
    latest_hour: int = 20


class CheckIn(ContentModel):
    """The check-in: its questions, its channels (with the platform's limit in hours) and its wording."""

    questions: list[str]
    own: list[Question]
    channels: dict[str, float | None]
    phrases: dict[str, str]
    days: dict[int, str]
    other_days: str


class Clinic(ContentModel):
    """The clinic's own settings, all in one file."""

    name: str
    telephone: str
    opening_hours: str
    emergency_number: str
    emergency_place: str
    out_of_hours: Line
    crisis: Line
    poisons: Line
    maternity: Line
    thresholds: dict[str, float]
    check_in: CheckInDays = CheckInDays()

    def facts(self) -> dict[str, str]:
        """The settings as values for the wording's `{...}` marks."""
        return {
            "clinic": self.name,
            "telephone": self.telephone,
            "opening_hours": self.opening_hours,
            "emergency_number": self.emergency_number,
            "emergency_place": self.emergency_place,
            "out_of_hours": self.out_of_hours.name,
            "out_of_hours_number": self.out_of_hours.number,
            "crisis": self.crisis.name,
            "crisis_number": self.crisis.number,
            "poisons": self.poisons.name,
            "poisons_number": self.poisons.number,
            "maternity": self.maternity.name,
            "maternity_number": self.maternity.number,
        }


class _Sources(ContentModel):
    sources: dict[str, Source]


class FindingsFile(ContentModel):
    """findings.yml."""

    findings: list[Finding]


class _Questions(ContentModel):
    triage: list[Question]
    advice: list[Question]


class _Topics(ContentModel):
    topics: list[Topic]


@dataclass(frozen=True)
class Content:
    """All clinical content, cross-checked; lookups by id. `version` changes whenever a file does."""

    sources: dict[str, Source]
    findings: dict[str, Finding]
    triage_questions: tuple[Question, ...]
    advice_questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    unknown: UnknownLevels
    topics: dict[str, Topic]
    replies: Replies
    check_in: CheckIn
    clinic: Clinic
    version: str

    @classmethod
    def load(cls, folder: Path = CONTENT_FOLDER, clinic: Path = CLINIC_FILE) -> "Content":
        """Read a content folder and a clinic file. Raises ContentError where anything is wrong."""
        sources = read_content(folder / "sources.yml", _Sources)
        findings = read_content(folder / "findings.yml", FindingsFile)
        questions = read_content(folder / "questions.yml", _Questions)
        rules = read_content(folder / "rules.yml", Rules)
        topics = read_content(folder / "advice.yml", _Topics)
        replies = read_content(folder / "replies.yml", Replies)
        check_in = read_content(folder / "check_in.yml", CheckIn)
        content = cls(
            sources=sources.sources,
            findings={finding.id: finding for finding in findings.findings},
            triage_questions=tuple(questions.triage),
            advice_questions=tuple(questions.advice),
            rules=tuple(rules.rules),
            unknown=rules.unknown,
            topics={topic.id: topic for topic in topics.topics},
            replies=replies,
            check_in=check_in,
            clinic=read_content(clinic, Clinic),
            version=content_version(folder, clinic),
        )
        documents = {
            "findings.yml": findings,
            "questions.yml": questions,
            "rules.yml": rules,
            "advice.yml": topics,
            "replies.yml": replies,
            "check_in.yml": check_in,
        }
        problems = [
            _located(folder / name, place, message)
            for name, document in documents.items()
            for place, message in (*content._wrong_in(document), *_repeated_ids(document))
        ]
        problems += [_located(folder / name, place, message) for name, place, message in content._missing()]
        if problems:
            raise ContentError("\n".join(problems))
        return content

    def number(self, bound: float | str) -> float:
        """A bound's value: a number as it stands, a name as the clinic's threshold of that name."""
        return self.clinic.thresholds[bound] if isinstance(bound, str) else bound

    @cached_property
    def question_of(self) -> dict[str, Question]:
        """The question that asks about a finding, by the finding's id."""
        return {
            finding: question
            for question in (*self.check_in.own, *self.triage_questions, *self.advice_questions)
            for finding in question.findings
        }

    @cached_property
    def following(self) -> frozenset[str]:
        """The findings that can be present without having been named: from others' sides or a number."""
        return frozenset(f.id for f in self.findings.values() if f.both_sides_of or f.present_if)

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Every question by its id."""
        every = (*self.triage_questions, *self.advice_questions, *self.check_in.own)
        return {question.id: question for question in every}

    def question(self, question: str) -> Question:
        """A question by its id; for the id of a finding that no question asks, one that asks it alone."""
        known = self.questions.get(question)
        if known:
            return known
        finding = self.findings[question]
        return Question(id=finding.id, findings=[finding.id], on_yes="present", opening=finding.question)

    def _wrong_in(self, document: ContentModel) -> Iterator[tuple[Place, str]]:
        """What a document refers to that is not there, each with its place in the document."""
        for place, item in _models_in(document):
            for field, ids, known, what in self._references(item):
                for wrong in (name for name in ids if name not in known):
                    yield (*place, field), f"'{wrong}' is no {what}"

    def _references(self, item: ContentModel) -> Iterator[tuple[str, Iterable[str], Container[str], str]]:
        for field in ("sources", "stop_sources"):
            yield field, getattr(item, field, []), self.sources, "source of sources.yml"
        for field in _FINDING_FIELDS.get(type(item), ()):
            value = getattr(item, field)
            ids = [value] if isinstance(value, str) else value
            yield field, ids, self.findings, "finding of findings.yml"
        if isinstance(item, CheckIn):
            yield "questions", item.questions, self.questions, "question of questions.yml or of `own`"
            marks = [mark for text in item.phrases.values() for mark in _marks(text)]
            yield "phrases", marks, {*self.clinic.facts(), "when"}, "mark of the clinic's settings"
        if isinstance(item, Bound):
            for field in ("at_least", "below"):
                bound = getattr(item, field)
                ids = [bound] if isinstance(bound, str) else []
                yield field, ids, self.clinic.thresholds, f"threshold of {CLINIC_FILE.name}"
        if isinstance(item, EmergencyText):
            groups = {finding.group for finding in self.findings.values()}
            yield "findings", item.findings, {*self.findings, *groups, "any"}, "finding or group, or 'any'"
        if isinstance(item, EmergencyText | Statement | Note):
            for field, value in item:
                if isinstance(value, str):
                    yield field, _marks(value), self.clinic.facts(), "mark of the clinic's settings"
        if isinstance(item, Replies):
            marks = [mark for text in item.levels.values() for mark in _marks(text)]
            yield "levels", marks, self.clinic.facts(), "mark of the clinic's settings"

    def _missing(self) -> Iterator[tuple[str, Place, str]]:
        """What has to be there and is not: file, place, message."""
        asked = {finding for question in self.triage_questions for finding in question.findings}
        said = {finding for text in self.replies.emergencies for finding in text.findings}
        for finding in self.findings.values():
            if finding.ask_always and finding.id not in asked and finding.present_if is None:
                message = f"'{finding.id}' is to be asked always, but no question asks it"
                yield "questions.yml", ("triage",), message
            if finding.level is Level.EMERGENCY and not {finding.id, finding.group, "any"} & said:
                yield "replies.yml", ("emergencies",), f"nothing is said for '{finding.id}'"
        for level in Level:
            if level not in self.replies.levels:
                yield "replies.yml", ("levels",), f"no wording for '{level.value}'"


_FINDING_FIELDS: dict[type[ContentModel], tuple[str, ...]] = {
    Question: ("findings",),
    Choice: ("present",),
    Condition: ("present", "absent"),
    Rule: ("all", "any"),
    Contraindication: ("finding",),
}


def _models_in(item: object, place: Place = ()) -> Iterator[tuple[Place, ContentModel]]:
    """Every model inside a document, with the keys and list positions that lead to it."""
    children: Iterable[tuple[int | str, object]] = ()
    if isinstance(item, ContentModel):
        yield place, item
        children = item
    elif isinstance(item, dict):
        children = item.items()
    elif isinstance(item, list):
        children = enumerate(item)
    for step, child in children:
        yield from _models_in(child, (*place, step))


def _repeated_ids(document: ContentModel) -> Iterator[tuple[Place, str]]:
    seen: set[tuple[type[ContentModel], str]] = set()
    for place, item in _models_in(document):
        name = getattr(item, "id", None)
        if name is not None and (type(item), name) in seen:
            yield (*place, "id"), f"'{name}' stands twice"
        seen.add((type(item), str(name)))


def _located(path: Path, place: Place, message: str) -> str:
    line = line_of(path.read_text(encoding="utf-8"), place)
    return f"{path}:{line}: {'.'.join(map(str, place))}: {message}"


def _marks(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def content_version(folder: Path, clinic: Path) -> str:
    """A short hash over every content file and the clinic's settings."""
    digest = sha256()
    for path in (*sorted(folder.rglob("*.yml")), clinic):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
