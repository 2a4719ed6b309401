"""The clinical content: findings, questions, rules, advice, replies, sources and the clinic's settings.

Models of the files in `backsignal/content/` and of `clinic.yml`. What refers to something that is not
there is an error at load.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field

from backsignal.clinical.content_files import ContentError, ContentModel, read_content
from backsignal.clinical.levels import Level

PACKAGE_CONTENT = Path(__file__).resolve().parent.parent / "content"
CLINIC_FILE = Path(__file__).resolve().parents[2] / "clinic.yml"

Measure = Literal["duration_days", "age", "severity"]


class Source(ContentModel):
    """Where a fact comes from; what is only recalled is marked as needing a clinician's review."""

    title: str
    organisation: str
    year: int | None
    basis: Literal["read", "recalled"]
    url: str | None = None
    note: str | None = None


class Bound(ContentModel):
    """A condition on a number: `at_least` and `below` are numbers or names of clinic thresholds."""

    measure: Measure
    at_least: float | str | None = None
    below: float | str | None = None


class Finding(ContentModel):
    """One finding: a warning sign, a complaint, or a condition that bears on advice.

    `level` is what it means by itself; `long_standing_level` where it is old, unchanged and checked.
    `option` is its label as a tick, `question` asks for it alone, `simpler` once more in plainer words.
    `changes` is true where it must be asked again of somebody who comes back.
    """

    id: str
    name: str
    group: str
    level: Level | None = None
    long_standing_level: Level | None = None
    ask_always: bool = False
    changes: bool = True
    option: str
    question: str
    simpler: str
    meaning: str
    why: str
    sources: list[str] = Field(min_items=1)
    phrases: list[str] = []
    present_if: Bound | None = None
    absent_if: Bound | None = None


class Choice(ContentModel):
    """An answer on offer that sets a number (an age or a duration in days)."""

    title: str
    value: float


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


class Rule(ContentModel):
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
    sources: list[str] = Field(min_items=1)

    def needs(self) -> list[str]:
        """Ids of the findings that the rule looks at."""
        return [*self.all, *self.any]


class UnknownLevels(ContentModel):
    """Least levels while something is unknown or was taken back, with the reason said to the person."""

    emergency_unknown: Level
    emergency_unknown_why: str
    other_unknown: Level
    other_unknown_why: str
    withdrawn: Level
    withdrawn_why: str
    sources: list[str] = Field(min_items=1)


class Rules(ContentModel):
    """The file of rules."""

    rules: list[Rule]
    unknown: UnknownLevels


class Sourced(ContentModel):
    """Something said that has sources: ids of `sources.yml`."""

    sources: list[str] = Field(min_items=1)


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
    evidence: Statement
    contraindications: list[Contraindication] = []


class EmergencyText(ContentModel):
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


class Replies(ContentModel):
    """The wording of what the interview, the triage and the note say; `{name}` marks are filled in."""

    levels: dict[Level, str]
    headings: dict[str, str]
    emergencies: list[EmergencyText]
    safety_net: list[Statement]
    notes: list[Note]
    phrases: dict[str, str]


class Line(ContentModel):
    """A telephone line: what it is called and its number."""

    name: str
    number: str


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


class _Findings(ContentModel):
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
    clinic: Clinic
    version: str

    @classmethod
    def load(cls, folder: Path = PACKAGE_CONTENT, clinic: Path = CLINIC_FILE) -> "Content":
        """Read a content folder and a clinic file. Raises ContentError where anything is wrong."""
        findings = read_content(folder / "findings.yml", _Findings).findings
        questions = read_content(folder / "questions.yml", _Questions)
        rules = read_content(folder / "rules.yml", Rules)
        content = cls(
            sources=read_content(folder / "sources.yml", _Sources).sources,
            findings={finding.id: finding for finding in findings},
            triage_questions=tuple(questions.triage),
            advice_questions=tuple(questions.advice),
            rules=tuple(rules.rules),
            unknown=rules.unknown,
            topics={topic.id: topic for topic in read_content(folder / "advice.yml", _Topics).topics},
            replies=read_content(folder / "replies.yml", Replies),
            clinic=read_content(clinic, Clinic),
            version=content_version(folder, clinic),
        )
        if len(content.findings) != len(findings):
            raise ContentError(f"{folder / 'findings.yml'}: two findings share an id")
        problems = list(content._dangling())
        if problems:
            raise ContentError("\n".join(f"{folder}/{problem}" for problem in problems))
        return content

    def number(self, bound: float | str) -> float:
        """A bound's value: a number as it stands, a name as the clinic's threshold of that name."""
        return self.clinic.thresholds[bound] if isinstance(bound, str) else bound

    @cached_property
    def question_of(self) -> dict[str, Question]:
        """The question that asks about a finding, by the finding's id."""
        return {
            finding: question
            for question in (*self.triage_questions, *self.advice_questions)
            for finding in question.findings
        }

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Every question by its id."""
        return {question.id: question for question in (*self.triage_questions, *self.advice_questions)}

    def _dangling(self) -> Iterator[str]:
        yield from self._unknown_findings()
        yield from self._unknown_sources()
        yield from self._unknown_thresholds()
        asked = {finding for question in self.triage_questions for finding in question.findings}
        for finding in self.findings.values():
            if finding.ask_always and finding.id not in asked and finding.present_if is None:
                yield f"questions.yml: '{finding.id}' is to be asked always, but no question asks it"
        for level in Level:
            if level not in self.replies.levels:
                yield f"replies.yml: levels: no wording for '{level.value}'"
        emergencies = {finding for text in self.replies.emergencies for finding in text.findings}
        for finding in self.findings.values():
            if finding.level is Level.EMERGENCY and not {finding.id, finding.group, "any"} & emergencies:
                yield f"replies.yml: emergencies: nothing is said for '{finding.id}'"

    def _unknown_findings(self) -> Iterator[str]:
        for place, ids in self._mentioned_findings():
            for finding in ids:
                if finding not in self.findings:
                    yield f"{place}: '{finding}' is no finding of findings.yml"

    def _mentioned_findings(self) -> Iterator[tuple[str, Iterable[str]]]:
        for question in self.questions.values():
            yield f"questions.yml: {question.id}", question.findings
            if question.only_if:
                yield f"questions.yml: {question.id}", question.only_if.present + question.only_if.absent
        for rule in self.rules:
            yield f"rules.yml: {rule.id}", rule.needs()
        for topic in self.topics.values():
            yield f"advice.yml: {topic.id}", [item.finding for item in topic.contraindications]
        for note in self.replies.notes:
            yield "replies.yml: notes", note.when.present + note.when.absent

    def _unknown_sources(self) -> Iterator[str]:
        for place, ids in self._mentioned_sources():
            for source in ids:
                if source not in self.sources:
                    yield f"{place}: '{source}' is no source of sources.yml"

    def _mentioned_sources(self) -> Iterator[tuple[str, Iterable[str]]]:
        for finding in self.findings.values():
            yield f"findings.yml: {finding.id}", finding.sources
        for rule in self.rules:
            yield f"rules.yml: {rule.id}", rule.sources
        yield "rules.yml: unknown", self.unknown.sources
        for topic in self.topics.values():
            statements: list[Sourced] = [
                topic.evidence,
                *topic.do,
                *topic.dont,
                *topic.movements,
                *topic.contraindications,
            ]
            for statement in statements:
                yield f"advice.yml: {topic.id}", statement.sources
        said: list[Sourced] = [*self.replies.safety_net, *self.replies.notes]
        for item in said:
            yield "replies.yml", item.sources

    def _unknown_thresholds(self) -> Iterator[str]:
        bounds = [
            (finding.id, bound)
            for finding in self.findings.values()
            for bound in (finding.present_if, finding.absent_if)
        ]
        bounds += [(rule.id, rule.number) for rule in self.rules]
        for place, bound in bounds:
            for value in (bound.at_least, bound.below) if bound else ():
                if isinstance(value, str) and value not in self.clinic.thresholds:
                    yield f"{place}: '{value}' is no threshold of {CLINIC_FILE.name}"


def content_version(folder: Path, clinic: Path) -> str:
    """A short hash over every content file and the clinic's settings."""
    digest = sha256()
    for path in (*sorted(folder.rglob("*.yml")), clinic):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
