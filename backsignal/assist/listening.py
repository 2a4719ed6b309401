"""Listening to a call: the turns, in the order in which they were spoken, become the machine's findings.

It is a fold: the same turns give the same result, so a corrected or a late turn is taken in by listening
to the whole call again. What the turns mean was read when they came in and travels with them.
"""

from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, parse_obj_as

from backsignal.assist.asking import AgentSaid, Answered, Asked, answer_in_context
from backsignal.assist.content import ANY_MEANS_ALL, ANY_MEANS_WHICH, CallContent, plain
from backsignal.clinical.findings import Reading, Status
from backsignal.clinical.interview import Asking, Interview, Message, hear
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Value

Role = Literal["caller", "agent"]


class Understood(BaseModel):
    """What was made of a turn when it came in.

    `reading` for the caller's turns and `asks` for the agent's; `joined` where the turn goes on the
    speaker's turn before it, and both were read as one; `failed` where it could not be read.
    """

    reading: dict[str, Any] | None = None
    asks: AgentSaid | None = None
    joined: bool = False
    failed: bool = False


class Turn(BaseModel):
    """One turn of a call; `started` is in seconds from the start of the call, where that is known."""

    id: str
    role: Role
    text: str
    at: str
    by: str
    started: float | None = None
    segment: str | None = None
    corrected: bool = False
    understood: Understood = Understood()


class Listening:
    """What was heard so far, by the machine alone."""

    def __init__(self, content: CallContent) -> None:
        self._content = content
        self.interview = Interview()
        self.asked: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.contradicted: dict[str, str] = {}
        self._open: list[Asked] = []
        self._answered = False
        self._before = _copy(self.interview)
        self._text = ""

    def take(self, turn: Turn) -> None:
        """Listen to one turn."""
        if turn.understood.failed:
            # Whatever it said, an answer that follows may belong to it.
            self._ask([])
        elif turn.role == "agent":
            self._agent(turn, turn.understood.asks or AgentSaid())
        else:
            self._caller(turn, parse_obj_as(Reading, turn.understood.reading or {}))

    def _agent(self, turn: Turn, said: AgentSaid) -> None:
        if said.keeps_open:
            return
        for item in said.asked:
            self.asked[item.finding] = turn.id
        findings = list(said.asked)
        asking = None
        if not findings and said.measures:
            question = next(
                q for q in self._content.clinical.questions.values() if q.measure in said.measures
            )
            asking = Asking(question=question.id, findings=question.findings)
            for finding in question.findings:
                self.asked[finding] = turn.id
        self._ask(findings)
        self.interview.asking = asking

    def _ask(self, findings: list[Asked]) -> None:
        self._open, self._answered = findings, False
        self.interview.asking = None

    def _caller(self, turn: Turn, reading: Reading) -> None:
        joined = turn.understood.joined
        if joined:
            self.interview = _copy(self._before)
        else:
            self._before = _copy(self.interview)
        self._text = f"{self._text} {turn.text}" if joined else turn.text
        reading = self._of_the_patient(reading)
        measured = self._measured(reading)
        self.interview.asking = measured
        again = self._answered and not self._content.words.second_thoughts.starts(plain(self._text))
        asked = [] if again and not joined else self._open
        answered = answer_in_context(reading, self._text, asked, self._known_present(), self._content)
        if answered.findings:
            self.interview.asking = self._asking(answered.findings)
        message = Message(
            id=turn.id,
            text=self._text,
            at=turn.at,
            reading=answered.reading,
            by="caller",
            refuses=answered.refuses,
        )
        present = self._known_present()
        heard = hear(self.interview, self._content.clinical, message)
        for finding in heard.entered:
            self.sources[finding] = turn.id
        self._note_contradictions(turn, heard.contradicts, answered.reading, asked, present)
        self._ask_which()
        self._settle(answered, asked)
        self.interview.asking = measured

    def _of_the_patient(self, reading: Reading) -> Reading:
        """What is told of somebody else than the patient is no finding; an emergency sign is a suspicion."""
        record = self.interview.record
        established = record.speaking_for is not None or bool(self._known_present())
        if not established or reading.speaking_for in (None, record.speaking_for):
            return reading
        findings = self._content.clinical.findings
        told = [m.finding for m in reading.mentions if m.status is Status.PRESENT]
        suspected = [f for f in told if findings[f].level is Level.EMERGENCY]
        return replace(
            reading,
            mentions=tuple(m for m in reading.mentions if m.status is not Status.PRESENT),
            suspected=tuple(dict.fromkeys((*reading.suspected, *suspected))),
            speaking_for=None,
        )

    def _measured(self, reading: Reading) -> Asking | None:
        """The number asked for, while it is not there; fragments of speech count as no failed tries."""
        asking = self.interview.asking
        measure = self._content.clinical.question(asking.question).measure if asking else None
        if asking is None or measure in self.interview.record.numbers:
            return None
        if measure == "age" and reading.duration:
            return None
        return asking.copy(update={"tries": 0})

    def _asking(self, findings: tuple[str, ...]) -> Asking:
        content = self._content.clinical
        questions = [content.question_of.get(finding) for finding in findings]
        all_at_once = all(question and question.on_yes == "present" for question in questions) or all(
            content.findings[finding].level is Level.EMERGENCY for finding in findings
        )
        return Asking(question=ANY_MEANS_ALL if all_at_once else ANY_MEANS_WHICH, findings=list(findings))

    def _known_present(self) -> frozenset[str]:
        entries = self.interview.record.entries
        return frozenset(finding for finding, entry in entries.items() if entry.value is Value.PRESENT)

    def _note_contradictions(
        self,
        turn: Turn,
        denied: tuple[str, ...],
        reading: Reading,
        asked: list[Asked],
        present: frozenset[str],
    ) -> None:
        """Keep what is both reported and denied: the agent settles it, and the level stands."""
        told = {mention.finding for mention in reading.mentions}
        against = [item.finding for item in asked if item.put != "well"] if reading.answer == "no" else []
        for finding in (*denied, *(f for f in against if f in present - told)):
            self.contradicted[finding] = turn.text

    def _ask_which(self) -> None:
        """After a bare yes to several findings each of them is to be asked, at once."""
        interview = self.interview
        if interview.asking and interview.asking.which:
            known = interview.record.entries.keys() | set(interview.suspected)
            interview.suspected += [f for f in interview.asking.findings if f not in known]

    def _settle(self, answered: Answered, asked: list[Asked]) -> None:
        """Whether the question is answered, and which suspicions are settled by it."""
        interview, reading = self.interview, answered.reading
        findings = {item.finding for item in asked}
        told = {m.finding for m in reading.mentions if m.status in (Status.PRESENT, Status.ABSENT)}
        responded = reading.answer is not None or answered.refuses or bool(told & findings)
        if responded and findings <= interview.record.entries.keys() | set(interview.suspected):
            self._answered = True
        settled = (told | findings if responded else told) & interview.record.entries.keys()
        for finding in [f for f in interview.suspected if f in settled]:
            interview.suspected.remove(finding)
            interview.settled.append(finding)


def _copy(interview: Interview) -> Interview:
    """A copy that shares only what is never changed in place."""
    record = interview.record
    return interview.copy(
        update={
            "record": record.copy(
                update={
                    "entries": dict(record.entries),
                    "numbers": dict(record.numbers),
                    "withdrawn": dict(record.withdrawn),
                }
            ),
            "asking": interview.asking.copy() if interview.asking else None,
            **{name: list(getattr(interview, name)) for name in ("suspected", "settled", "closed", "asked")},
        }
    )
