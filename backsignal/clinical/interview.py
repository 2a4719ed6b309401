"""The interview: takes in what a person says and decides what to ask next.

It knows nothing of wording or of channels. `hear` enters a message into the record, `next_question`
says what is asked then; a question is a content question narrowed to the findings still open in it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel

from backsignal.clinical.content import Choice, Content, Finding, Measure, Question
from backsignal.clinical.findings import Mention, Reading, Status
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Basis, Entry, Number, Record, Value
from backsignal.clinical.red_flags import check, supported

Agenda = Literal["triage", "advice", "check_in"]
Outcome = Literal["answered", "unclear"]
# Asked as put, then once more, then in simpler words; what is still unclear then is settled as unclear.
TRIES = 3
# Words up to which a reply to a question, or a plain yes or no to it, is too short to suspect anything in it.
_SHORT_REPLY, _SHORT_ANSWER = 3, 8
_ONLY_AN_AGE = re.compile(
    r"(?:i\s?am|i['’]?m|age[d]?|about|nearly|just)?\s*(\d{1,3})\s*(?:years?(?: old)?|yrs?|yo)?[.!]?", re.I
)
# Somebody who writes again so long after the result may have changed since.
RETURN_AFTER = timedelta(hours=12)


class Asking(BaseModel):
    """The question that is waiting for an answer.

    `which` after a bare yes to several findings; `rest` where a part of it was answered.
    """

    question: str
    findings: list[str]
    tries: int = 0
    which: bool = False
    sure: bool = False
    rest: bool = False


class Interview(BaseModel):
    """One person's interview: the record and where the asking stands.

    `suspected` are findings to be asked before any other, `settled` those that were asked so already,
    `heard` the id of the last message taken in and `news` the findings that it brought, `unclear` where it
    brought nothing and `partly` where it left a part of the question open, `asked` the questions put so far,
    `withdrawing` what waits for the confirmation that it was said by mistake.
    `told` are the reasons of the result that was given, `advised` the topics with the status that was said,
    `named` the person who was said to be asked about, `channel` where they write.
    """

    record: Record = Record()
    agenda: Agenda = "triage"
    topics: list[str] = []
    asking: Asking | None = None
    suspected: list[str] = []
    settled: list[str] = []
    closed: list[str] = []
    asked: list[str] = []
    heard: str | None = None
    news: list[str] = []
    unclear: bool = False
    partly: bool = False
    withdrawing: list[str] = []
    concluded: bool = False
    told: list[str] = []
    advised: dict[str, str] = {}
    named: str | None = None
    reference: str | None = None
    channel: str | None = None

    def twin(self) -> "Interview":
        """The same interview, to be changed by itself."""
        own: dict[str, object] = {name: [*it] for name, it in self.__dict__.items() if isinstance(it, list)}
        asking = self.asking.copy(update={"findings": [*self.asking.findings]}) if self.asking else None
        own |= {"record": self.record.twin(), "asking": asking, "advised": {**self.advised}}
        return self.copy(update=own)


@dataclass(frozen=True)
class Message:
    """One message as the interview takes it.

    `refuses` where the person would rather not answer; `aside` where it does not try to answer the question.
    """

    id: str
    text: str
    at: str
    reading: Reading
    by: str = "patient"
    refuses: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Heard:
    """What a message brought: findings newly entered, and whether it brought anything at all.

    `contradicts` lists findings on which an emergency stands and that the message denies.
    """

    entered: tuple[str, ...] = ()
    outcome: Outcome = "answered"
    contradicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class NextQuestion:
    """What to ask: the content question, the findings of it that are open, and how to put it."""

    question: Question
    findings: tuple[Finding, ...]
    tries: int
    which: bool
    sure: bool
    rest: bool
    step: int
    steps: int

    @property
    def multiple(self) -> bool:
        """Whether several findings are asked at once, each with a tick."""
        return len(self.findings) > 1


def hear(interview: Interview, content: Content, message: Message) -> Heard:
    """Enter a message into the interview (changed in place) and say what it brought.

    A message that was heard already changes nothing.
    """
    if message.id and message.id == interview.heard:
        return Heard()
    interview.heard = message.id
    record, asking = interview.record, interview.asking
    record.speaking_for = message.reading.speaking_for or record.speaking_for
    before = _state(interview)
    values = {finding: entry.value for finding, entry in record.entries.items()}
    contradicts: tuple[str, ...] = ()
    ticked = _ticks(asking, content, message) if asking else None
    if asking and ticked is not None:
        _enter_ticks(interview, asking, ticked, message)
    else:
        _enter_numbers(interview, content, message)
        contradicts = _enter_mentions(interview, content, message)
        if asking:
            _enter_answer(interview, asking, content, message)
        if _tells_a_story(asking, content, message):
            _suspect(interview, content, message)
    interview.news = [f for f, entry in record.entries.items() if values.get(f) != entry.value]
    interview.unclear = _state(interview) == before and not contradicts
    if asking and interview.unclear and not message.aside:
        asking.tries += 1
        if asking.tries >= TRIES:
            _close(interview, asking, content, message, "unclear")
    interview.partly = False
    if asking and not interview.unclear:
        interview.partly = not _is_settled(interview, asking, content)
    if interview.concluded and set(interview.told) != {r.rule for r in check(record, content).reasons}:
        # What was said changes the result: it is given anew, before anything else is asked for advice.
        interview.agenda, interview.asking = "triage", None
    outcome: Outcome = "unclear" if interview.unclear else "answered"
    return Heard(tuple(interview.news), outcome, contradicts)


def _state(interview: Interview) -> tuple[object, ...]:
    """All that an answer can change, to see whether a message brought anything: other words do not."""
    record, asking = interview.record, interview.asking
    return (
        {finding: (entry.value, entry.basis, entry.side) for finding, entry in record.entries.items()},
        dict(record.numbers),
        list(interview.suspected),
        list(interview.settled),
        list(interview.closed),
        record.speaking_for,
        asking.which if asking else None,
    )


def next_question(interview: Interview, content: Content) -> NextQuestion | None:
    """What to ask now, None where the agenda is done or an emergency stands. Sets `interview.asking`."""
    interview.asking = asking = _upcoming(interview, content)
    if asking is None:
        return None
    if asking.question not in interview.asked:
        interview.asked.append(asking.question)
    question = content.question(asking.question)
    left = [q for q in _open_questions(interview, content) if q.id not in interview.asked]
    return NextQuestion(
        question=question,
        findings=tuple(content.findings[finding] for finding in asking.findings),
        tries=asking.tries,
        which=asking.which,
        sure=asking.sure,
        rest=asking.rest,
        step=len(interview.asked),
        steps=len(interview.asked) + len(left),
    )


def is_done(interview: Interview, content: Content) -> bool:
    """Whether there is nothing to ask now."""
    return _upcoming(interview, content) is None


def forget_unknown(interview: Interview, content: Content) -> None:
    """Take what the content does not know out of an interview that began with another one."""
    interview.record.forget_unknown(content)
    for findings in (interview.suspected, interview.settled, interview.news, interview.withdrawing):
        findings[:] = [finding for finding in findings if finding in content.findings]
    interview.topics = [topic for topic in interview.topics if topic in content.topics]
    asking = interview.asking
    if asking is None:
        return
    asking.findings = [finding for finding in asking.findings if finding in content.findings]
    question = content.questions.get(asking.question)
    if not (question and (asking.findings or question.measure)) and asking.question not in content.findings:
        interview.asking = None


def open_findings(interview: Interview, question: Question, content: Content) -> list[str]:
    """The findings of a question that are still to be asked."""
    return [f for f in question.findings if interview.record.is_open(f, content)]


def review(interview: Interview, content: Content) -> None:
    """Begin again with somebody who comes back: what can have changed is asked anew, history stays."""
    record = interview.record
    record.entries = {f: e for f, e in record.entries.items() if not content.findings[f].changes}
    record.numbers.pop("duration_days", None)
    record.numbers.pop("severity", None)
    interview.advised = {}
    _begin(interview, "triage")


def begin_check_in(interview: Interview, content: Content, now: float) -> None:
    """Begin a check-in: what it asks is asked anew, the rest stays; the pain is older by the time between."""
    record = interview.record
    asked = {f for question in content.check_in.questions for f in content.questions[question].findings}
    duration = record.numbers.get("duration_days")
    last = max((entry.at for entry in record.entries.values() if entry.at), default="")
    if duration and last:
        older = (now - datetime.fromisoformat(last).timestamp()) / 86_400
        record.numbers["duration_days"] = duration.copy(update={"value": duration.value + max(older, 0)})
    anew = {finding for finding in asked if content.findings[finding].changes}
    record.entries = {f: entry for f, entry in record.entries.items() if f not in anew}
    record.numbers.pop("severity", None)
    _begin(interview, "check_in")


def _begin(interview: Interview, agenda: Agenda) -> None:
    """Begin an agenda: of the asking before it nothing is left."""
    interview.agenda, interview.topics, interview.asking = agenda, [], None
    interview.suspected, interview.settled, interview.closed, interview.asked = [], [], [], []
    interview.news, interview.unclear, interview.partly, interview.withdrawing = [], False, False, []
    interview.concluded, interview.told = False, []


def comes_back(interview: Interview, content: Content, message: Message) -> bool:
    """Whether a message after the result says, or the clock does, that the signs have to be asked again."""
    told = {m.finding for m in message.reading.mentions if m.status is Status.PRESENT}
    if message.reading.duration or any(content.findings[f].comes_back for f in told if f in content.findings):
        return True
    last = max((entry.at for entry in interview.record.entries.values()), default="")
    if not last or not message.at:
        return False
    return datetime.fromisoformat(message.at) - datetime.fromisoformat(last) > RETURN_AFTER


def confirms_mistake(interview: Interview, content: Content, message: Message) -> bool:
    """Whether a message says plainly that what waits to be taken back is not so: "I do have it" does not."""
    told = {mention.finding: mention.status for mention in message.reading.mentions}
    waiting = interview.withdrawing
    if any(told.get(finding) is Status.PRESENT for finding in waiting):
        return False
    if all(told.get(finding) is Status.ABSENT for finding in waiting):
        return True
    said, confirms = _plain(message.text), content.replies.confirms
    by_words = message.reading.answer == "yes" and any(_says(said, _plain(words)) for words in confirms.words)
    return by_words or any(said == _plain(whole) for whole in confirms.whole)


def withdraw(interview: Interview, content: Content, message: Message) -> None:
    """Take back what waits for it, after the person confirmed that it was said by mistake."""
    for finding in interview.withdrawing:
        interview.record.withdraw(finding, _entry(Value.ABSENT, "answered", message), content)
        interview.settled.append(finding)
    interview.withdrawing = []
    interview.heard = message.id


def _upcoming(interview: Interview, content: Content) -> Asking | None:
    """What is to be asked now, None where nothing is or an emergency stands."""
    if supported(interview.record, content).level is Level.EMERGENCY:
        return None
    return _suspicion(interview, content) or _repeated(interview, content) or _following(interview, content)


def _suspicion(interview: Interview, content: Content) -> Asking | None:
    """What is suspected is asked first; what belongs to one question, in one breath."""
    entries, settled = interview.record.entries, interview.settled
    suspected = [
        finding
        for finding in interview.suspected
        if finding not in settled and not (finding in entries and entries[finding].value is Value.PRESENT)
    ]
    if not suspected:
        return None
    asking = interview.asking
    waiting = [f for f in asking.findings if f in suspected] if asking and asking.sure else []
    if asking and waiting:
        return asking.copy(update={"findings": waiting})
    question = content.question_of.get(suspected[0])
    if question is None:
        return Asking(question=suspected[0], findings=suspected[:1], sure=True)
    together = [finding for finding in question.findings if finding in suspected]
    return Asking(question=question.id, findings=together, sure=True)


def _repeated(interview: Interview, content: Content) -> Asking | None:
    asking = interview.asking
    if asking is None or _is_settled(interview, asking, content):
        return None
    still = [f for f in asking.findings if interview.record.is_open(f, content)]
    return asking.copy(update={"findings": still, "rest": asking.rest or len(still) < len(asking.findings)})


def _following(interview: Interview, content: Content) -> Asking | None:
    question = next(iter(_open_questions(interview, content)), None)
    if question is None:
        return None
    return Asking(question=question.id, findings=open_findings(interview, question, content))


def _open_questions(interview: Interview, content: Content) -> Iterable[Question]:
    for question in _agenda(interview, content):
        if question.only_if and not interview.record.meets(question.only_if, content):
            continue
        if _is_open(interview, question, content):
            yield question


def _agenda(interview: Interview, content: Content) -> Sequence[Question]:
    if interview.agenda == "triage":
        return content.triage_questions
    if interview.agenda == "check_in":
        return [content.questions[question] for question in content.check_in.questions]
    wanted = {c.finding for topic in interview.topics for c in content.topics[topic].contraindications}
    return [q for q in content.advice_questions if wanted & set(open_findings(interview, q, content))]


def _is_open(interview: Interview, question: Question, content: Content) -> bool:
    if question.measure:
        if question.measure in interview.record.numbers or question.id in interview.closed:
            return False
        told = interview.record.entries
        follows = [f for f in content.findings.values() if _measures(f, question.measure)]
        settled = any(f.id in told and told[f.id].value is Value.PRESENT for f in follows)
        return not settled and any(f.id not in told for f in follows)
    return bool(open_findings(interview, question, content))


def _measures(finding: Finding, measure: Measure) -> bool:
    return any(bound and bound.measure == measure for bound in (finding.present_if, finding.absent_if))


def _is_an_age(finding: Finding) -> bool:
    return finding.present_if is not None and finding.present_if.measure == "age"


def _is_settled(interview: Interview, asking: Asking, content: Content) -> bool:
    question = content.question(asking.question)
    if question.measure:
        return not _is_open(interview, question, content)
    if asking.sure:
        return set(asking.findings) <= set(interview.settled)
    return not any(interview.record.is_open(finding, content) for finding in asking.findings)


def _ticks(asking: Asking, content: Content, message: Message) -> list[str] | None:
    """The findings ticked, where the message is nothing but titles of the options on offer."""
    titles = {content.findings[finding].option.casefold(): finding for finding in asking.findings}
    parts = [part.strip().casefold() for part in message.text.split(";") if part.strip()]
    if not parts or any(part not in titles for part in parts):
        return None
    return [titles[part] for part in parts]


def _enter_ticks(interview: Interview, asking: Asking, ticked: list[str], message: Message) -> None:
    for finding in asking.findings:
        known = interview.record.entries.get(finding)
        # What was told in words is not denied by a box that was left empty.
        if finding in ticked or known is None or known.value is not Value.PRESENT:
            value = Value.PRESENT if finding in ticked else Value.ABSENT
            interview.record.note(finding, _entry(value, "answered", message))
        interview.settled.append(finding)


def _enter_numbers(interview: Interview, content: Content, message: Message) -> None:
    reading, numbers = message.reading, interview.record.numbers
    if reading.duration:
        numbers["duration_days"] = Number(value=reading.duration.days, quote=reading.duration.text)
    if reading.age is not None:
        numbers["age"] = Number(value=reading.age, quote=message.text)
        # What was said of an age earlier was said of the number that this one puts right.
        for finding in content.findings.values():
            if _is_an_age(finding):
                interview.record.entries.pop(finding.id, None)
    if reading.severity is not None:
        numbers["severity"] = Number(value=reading.severity, quote=message.text)
    measure = content.question(interview.asking.question).measure if interview.asking else None
    if measure and interview.asking:
        value = _chosen(content.question(interview.asking.question).choices, message.text)
        if value is None and measure == "age":
            value = _bare_number(message.text)
        if value is not None:
            numbers[measure] = Number(value=value, quote=message.text.strip())


def _chosen(choices: Iterable[Choice], text: str) -> float | None:
    said = text.strip().casefold()
    return next((choice.value for choice in choices if choice.title.casefold() == said), None)


def _picked(choices: Sequence[Choice], text: str) -> Choice | None:
    """The choice that the text says: the one with the longest of its words in the text."""
    said = _plain(text)
    found = [
        (len(words), choice)
        for choice in choices
        for words in map(_plain, (choice.title, *choice.says))
        if _says(said, words)
    ]
    longest = max((length for length, _ in found), default=0)
    picked = [choice for length, choice in found if length == longest]
    return picked[0] if picked and all(choice is picked[0] for choice in picked) else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", text.casefold()))


def _says(said: str, words: str) -> bool:
    """Whether a plain text holds these plain words."""
    return f" {words} " in f" {said} "


def _bare_number(text: str) -> float | None:
    found = _ONLY_AN_AGE.fullmatch(text.strip())
    return float(found.group(1)) if found else None


def _enter_mentions(interview: Interview, content: Content, message: Message) -> tuple[str, ...]:
    """Enter what the text itself says; returns the emergency findings that it takes back."""
    asked = set(interview.asking.findings) if interview.asking else set()
    contradicts = []
    for mention in sorted(message.reading.mentions, key=lambda m: m.status is Status.PRESENT):
        finding = content.findings.get(mention.finding)
        if finding is None or (message.reading.age is not None and _is_an_age(finding)):
            continue  # an age is exact: what follows from it needs no words
        before = interview.record.value(finding.id, content)
        emergency = finding.level is Level.EMERGENCY
        # Asked for it, now or before, even doubtful words are the answer.
        answers = finding.id in {*asked, *interview.settled, *interview.record.entries}
        if mention.status is Status.PRESENT or (mention.doubted and answers):
            interview.record.note(finding.id, _entry(Value.PRESENT, "told", message, mention))
        elif mention.status is Status.ABSENT or (mention.status is Status.PAST and finding.id in asked):
            if (emergency and before is Value.PRESENT) or _makes_emergency(interview, finding.id, content):
                contradicts.append(finding.id)
            else:
                interview.record.note(finding.id, _entry(Value.ABSENT, "told", message, mention))
                interview.suspected = [f for f in interview.suspected if f != finding.id]
        elif mention.status is Status.UNCERTAIN and before is not Value.PRESENT:
            if finding.id in asked:
                interview.record.note(finding.id, _entry(Value.UNKNOWN, "unsure", message, mention))
            elif emergency and finding.id not in interview.suspected:
                interview.suspected.append(finding.id)
    return tuple(contradicts)


def _makes_emergency(interview: Interview, finding: str, content: Content) -> bool:
    """Whether an emergency stands on a finding: by itself, with others, or as nobody is sure of it."""
    known = interview.record.entries.get(finding)
    if known is None or known.value is Value.ABSENT:
        return False
    return finding in supported(interview.record, content).emergency_findings


def _enter_answer(interview: Interview, asking: Asking, content: Content, message: Message) -> None:
    """Enter what a yes, no, not sure or refusal means for the findings asked about and not mentioned."""
    answer = message.reading.answer
    mentioned = {m.finding for m in message.reading.mentions if m.status is not Status.HYPOTHETICAL}
    rest = [f for f in asking.findings if f not in mentioned]
    question = content.question(asking.question)
    if message.refuses and answer != "yes" and len(rest) == len(asking.findings):
        _close(interview, asking, content, message, "refused")
    elif question.measure or question.choices:
        _enter_choice(interview, asking, rest, content, message)
    elif answer == "no":
        for finding in (f for f in rest if interview.record.value(f, content) is not Value.PRESENT):
            interview.record.note(finding, _entry(Value.ABSENT, "answered", message))
    elif answer == "unsure":
        for finding in rest:
            interview.record.note(finding, _entry(Value.UNKNOWN, "unsure", message))
    elif answer == "yes" and len(rest) == len(asking.findings):
        if len(rest) == 1 or question.on_yes == "present" or asking.which:
            for finding in rest:
                interview.record.note(finding, _entry(Value.PRESENT, "answered", message))
        else:
            asking.which = True
    replied = answer is not None or message.refuses or bool(set(asking.findings) & mentioned)
    if asking.sure and replied and not asking.which:
        interview.settled.extend(asking.findings)


def _enter_choice(
    interview: Interview, asking: Asking, rest: Sequence[str], content: Content, message: Message
) -> None:
    """Enter what a choice means for findings that the text does not tell of; numbers are in already."""
    question = content.questions[asking.question]
    if message.reading.answer == "unsure":
        _close(interview, asking, content, message, "unsure")
        return
    choice = None if question.measure else _picked(question.choices, message.text)
    for finding in rest if choice else ():
        value = Value.PRESENT if choice and finding in choice.present else Value.ABSENT
        interview.record.note(finding, _entry(value, "answered", message))


def _close(interview: Interview, asking: Asking, content: Content, message: Message, basis: Basis) -> None:
    question = content.question(asking.question)
    interview.closed.append(question.id)
    follows = [f.id for f in content.findings.values() if question.measure and _measures(f, question.measure)]
    for finding in dict.fromkeys([*asking.findings, *follows]):
        if asking.sure or interview.record.is_open(finding, content):
            interview.record.note(finding, _entry(Value.UNKNOWN, basis, message))
    if asking.sure:
        interview.settled.extend(asking.findings)


def _tells_a_story(asking: Asking | None, content: Content, message: Message) -> bool:
    """Whether a message is more than the answer to a question: only then may anything be suspected in it."""
    if asking is None:
        return True
    if _chosen(content.question(asking.question).choices, message.text) is not None:
        return False
    return len(message.text.split()) > (_SHORT_ANSWER if message.reading.answer else _SHORT_REPLY)


def _suspect(interview: Interview, content: Content, message: Message) -> None:
    told = {mention.finding for mention in message.reading.mentions}
    for finding in message.reading.suspected:
        known = content.findings.get(finding)
        if known and finding not in told and finding not in interview.settled:
            before = interview.record.value(finding, content)
            if before is not Value.PRESENT and finding not in interview.suspected:
                interview.suspected.append(finding)


def _entry(value: Value, basis: Basis, message: Message, mention: Mention | None = None) -> Entry:
    quote = mention.text if mention else message.text.strip()
    return Entry(
        value=value,
        basis=basis,
        quote=quote[:200],
        at=message.at,
        by=message.by,
        side=mention.side if mention else None,
        long_standing=mention.long_standing if mention else False,
    )
