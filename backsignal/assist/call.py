"""A call: an append-only list of events that replays to the same state.

Every method that begins with `plan_` checks what somebody wants to do and returns the event for it;
`apply` takes events in, new ones and replayed ones alike. The number of events is the call's version.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from backsignal.assist.content import CallContent
from backsignal.assist.listening import Listening, Turn, Understood
from backsignal.clinical.content import Measure
from backsignal.clinical.levels import Level, highest
from backsignal.clinical.record import Entry, Number, Record, Value
from backsignal.clinical.red_flags import Triage, check, supported

Kind = Literal[
    "opened", "said", "corrected", "ticked", "numbered", "advised", "remarked", "level", "completed"
]
TickStatus = Literal["present", "absent", "unsure"]
_FEW_WORDS = 3
_LONG_QUOTE = 90
Because = Literal["misheard", "taken_back"]
_VALUES = {"present": Value.PRESENT, "absent": Value.ABSENT, "unsure": Value.UNKNOWN}


class Event(BaseModel):
    """Something that happened in a call: what, when, and by whom (an id that never changes, and a name)."""

    seq: int
    kind: Kind
    at: str
    by: str
    name: str
    data: dict[str, Any] = {}
    request_id: str | None = None


class Tick(BaseModel):
    """An agent's own word on a finding; `because` where it overrides what the machine heard."""

    status: TickStatus
    by: str
    at: str
    because: Because | None = None
    version: int


class CallError(Exception):
    """Something that cannot be done with the call as it is."""


class CallClosedError(CallError):
    """The call is completed."""


class StaleError(CallError):
    """Somebody else changed what this change was made for."""


class NeedsReasonError(CallError):
    """The change would take back what the machine heard: it needs a reason."""


@dataclass(frozen=True)
class Machine:
    """What the machine makes of a finding; the versions at which it was last `heard`, and last `changed`."""

    entry: Entry | None = None
    asked: bool = False
    contradicted: str | None = None
    heard: int = 0
    changed: int = 0

    @property
    def reported(self) -> bool:
        """Whether the caller reported it, as the machine heard it."""
        return self.entry is not None and self.entry.value is Value.PRESENT


class Call:
    """The state of one call."""

    def __init__(self, call_id: str, content: CallContent) -> None:
        self.id = call_id
        self.content = content
        self.version = 0
        self.owner = ""
        self.owner_name = ""
        self.opened_at = ""
        self.closed_at: str | None = None
        self.content_version = ""
        self.turns: list[Turn] = []
        # The versions at which each turn came in, and at which it last changed.
        self.numbered: dict[str, int] = {}
        self.changed: dict[str, int] = {}
        self.ticks: dict[str, Tick] = {}
        self.numbers: dict[Measure, Number] = {}
        self.advised: dict[str, str] = {}
        self.remarks = ""
        self.remarked = 0
        self.level: Level | None = None
        self.levels: list[tuple[str, Level]] = []
        self._ticked: dict[str, int] = {}
        self._doubted: dict[str, tuple[Entry, int]] = {}
        self._machine: dict[str, Machine] = {}
        self._heard = Listening(content)
        self._views: tuple[int, Record, Triage, Triage] | None = None
        # What others work out from the present version, kept until the next event.
        self.memo: dict[str, Any] = {}

    # -- what happened

    def apply(self, event: Event) -> None:
        """Take an event in. Raises ValueError where it does not follow on the last."""
        if event.seq != self.version + 1:
            raise ValueError(f"event {event.seq} does not follow version {self.version}")
        self.version = event.seq
        getattr(self, f"_on_{event.kind}")(event)
        self._views = None
        self.memo.clear()

    def _on_opened(self, event: Event) -> None:
        self.owner = event.data["owner"]
        self.owner_name = event.data["owner_name"]
        self.content_version = event.data["content_version"]
        self.opened_at = event.at

    def _on_said(self, event: Event) -> None:
        turn = Turn.parse_obj(event.data["turn"])
        place = self.place(turn.started)
        self.turns.insert(place, turn)
        self.numbered[turn.id] = self.changed[turn.id] = event.seq
        self._revise(event)
        if place == len(self.turns) - 1:
            self._heard.take(turn)
            self._compare(event.seq)
        else:
            self._listen_again(event.seq)

    def _on_corrected(self, event: Event) -> None:
        index = self.index(event.data["turn"])
        corrected = {"text": event.data["text"], "corrected": True}
        self.turns[index] = self.turns[index].copy(update=corrected)
        self.changed[self.turns[index].id] = event.seq
        self._revise(event)
        self._listen_again(event.seq)

    def _on_ticked(self, event: Event) -> None:
        finding, status = event.data["finding"], event.data["status"]
        self._ticked[finding] = event.seq
        if status is None:
            self.ticks.pop(finding, None)
        else:
            self.ticks[finding] = Tick(
                status=status,
                by=event.name,
                at=event.at,
                because=event.data.get("because"),
                version=event.seq,
            )

    def _on_numbered(self, event: Event) -> None:
        measure: Measure = event.data["measure"]
        if event.data["value"] is None:
            self.numbers.pop(measure, None)
        else:
            self.numbers[measure] = Number(value=event.data["value"], quote="")

    def _on_advised(self, event: Event) -> None:
        if event.data["given"]:
            self.advised[event.data["topic"]] = event.at
        else:
            self.advised.pop(event.data["topic"], None)

    def _on_remarked(self, event: Event) -> None:
        self.remarks, self.remarked = event.data["text"], event.seq

    def _on_level(self, event: Event) -> None:
        self.level = Level(event.data["level"])
        self.levels.append((event.at, self.level))

    def _on_completed(self, event: Event) -> None:
        self.closed_at = event.at

    def _revise(self, event: Event) -> None:
        for turn_id, understood in event.data.get("understood", {}).items():
            index = self.index(turn_id)
            update = {"understood": Understood.parse_obj(understood)}
            self.turns[index] = self.turns[index].copy(update=update)

    def _listen_again(self, version: int) -> None:
        """Listen to the whole call anew; what was reported and is gone now stays in doubt until settled."""
        before = self._heard.interview.record
        emergency = supported(self.record(), self.content.clinical).level is Level.EMERGENCY
        self._heard = Listening(self.content)
        for turn in self.turns:
            self._heard.take(turn)
        after = self._heard.interview.record
        self._compare(version)
        for finding, entry in before.entries.items():
            known = after.entries.get(finding)
            if (
                emergency
                and entry.value is Value.PRESENT
                and (known is None or known.value is not Value.PRESENT)
            ):
                self._doubted[finding] = (entry, version)

    def _compare(self, version: int) -> None:
        """Note at which version the machine's word on each finding changed."""
        for finding in self.content.clinical.findings:
            before = self.machine(finding)
            entry = self._heard.interview.record.entries.get(finding)
            asked, against = finding in self._heard.asked, self._heard.contradicted.get(finding)
            heard = before.heard if entry == before.entry else version
            same = heard == before.heard and (asked, against) == (before.asked, before.contradicted)
            if not same:
                self._machine[finding] = Machine(entry, asked, against, heard, version)

    # -- what somebody wants to do

    def plan_tick(
        self, finding: str, status: TickStatus | None, because: Because | None, version: int | None
    ) -> dict[str, Any]:
        """The data of a tick. Raises StaleError, NeedsReasonError or CallClosedError."""
        self.require_open()
        if version is not None and self.row_version(finding) > version:
            raise StaleError
        data = {"finding": finding, "status": status, "because": because}
        if self._takes_back(finding, status) and because is None:
            raise NeedsReasonError
        return data

    def _takes_back(self, finding: str, status: TickStatus | None) -> bool:
        """Whether a tick is against a warning sign that the machine heard."""
        warning = self.content.clinical.findings[finding].level is not None
        return warning and self.machine(finding).reported and status in ("absent", "unsure")

    def require_open(self) -> None:
        """Raises CallClosedError where the call is completed."""
        if self.closed_at:
            raise CallClosedError

    # -- what is known

    def index(self, turn_id: str) -> int:
        """The place of a turn in the call."""
        return next(i for i in range(len(self.turns) - 1, -1, -1) if self.turns[i].id == turn_id)

    def segment(self, segment: str) -> Turn | None:
        """The turn made of a segment of the speech-to-text service."""
        return next((turn for turn in reversed(self.turns) if turn.segment == segment), None)

    def place(self, started: float | None) -> int:
        """Where a turn that began at this second belongs: behind all that began before it or at once."""
        place = len(self.turns)
        if started is None:
            return place
        while place and (before := self.turns[place - 1].started) is not None and before > started:
            place -= 1
        return place

    def machine(self, finding: str) -> Machine:
        """What the machine alone makes of a finding."""
        return self._machine.get(finding) or Machine()

    def row_version(self, finding: str) -> int:
        """The version at which the finding's line in the checklist last changed."""
        return max(self.machine(finding).changed, self._ticked.get(finding, 0))

    @property
    def suspected(self) -> tuple[str, ...]:
        """Findings to be asked before any other: suspected, or gone by a correction of the transcript."""
        both = (*self.doubted, *self._heard.interview.suspected)
        return tuple(dict.fromkeys(finding for finding in both if finding not in self.ticks))

    @property
    def doubted(self) -> dict[str, Entry]:
        """Warning signs that a correction of the transcript took away and that nobody has settled since."""
        return {
            finding: entry
            for finding, (entry, version) in self._doubted.items()
            if finding not in self.ticks and self.machine(finding).heard <= version
        }

    @property
    def corrected_away(self) -> tuple[str, ...]:
        """Warning signs that a correction of the transcript took away, settled since or not."""
        return tuple(f for f in self._doubted if not self.machine(f).reported)

    @property
    def speaking_for(self) -> str | None:
        """The patient, where it is not the caller."""
        return self._heard.interview.record.speaking_for

    def source(self, finding: str) -> str | None:
        """The turn in which the machine heard a finding."""
        return self._heard.sources.get(finding)

    def question(self, finding: str) -> str:
        """The agent's words that asked about a finding which was then heard, empty where there are none."""
        asked, source = self._heard.asked.get(finding), self.source(finding)
        before = asked and source and self.index(asked) < self.index(source)
        return self.turns[self.index(asked)].text if asked and before else ""

    def quote(self, finding: str) -> str:
        """The words behind what counts of a finding; the whole turn where a word or two would say little."""
        quote = self.record().quote(finding, self.content.clinical)
        entry, source = self.record().entries.get(finding), self.source(finding)
        if entry and entry.value is Value.PRESENT and source and 0 < len(quote.split()) < _FEW_WORDS:
            text = self.turns[self.index(source)].text
            return text if len(text) <= _LONG_QUOTE else quote
        return quote

    def record(self) -> Record:
        """What counts: the machine's findings with the agents' ticks laid over them."""
        return self._computed()[1]

    def triage(self) -> Triage:
        """The level to act on if the call ended now."""
        return self._computed()[2]

    def supported(self) -> Triage:
        """The level by what was said alone."""
        return self._computed()[3]

    @property
    def highest(self) -> Level:
        """The highest level during the call by what was said."""
        return highest(level for _, level in self.levels)

    def _computed(self) -> tuple[int, Record, Triage, Triage]:
        if self._views is None or self._views[0] != self.version:
            record, clinical = self._counted(), self.content.clinical
            self._views = (self.version, record, check(record, clinical), supported(record, clinical))
        return self._views

    def _counted(self) -> Record:
        heard = self._heard.interview.record
        record = heard.copy(
            update={
                "entries": dict(heard.entries),
                "numbers": dict(heard.numbers),
                "withdrawn": {**heard.withdrawn, **self.doubted},
            }
        )
        record.numbers |= self.numbers
        for finding, tick in self.ticks.items():
            # What was reported after the tick counts: the agent had not heard it yet.
            if self.tick_is_older(finding):
                continue
            machine = self.machine(finding)
            if machine.reported and machine.entry and tick.because == "taken_back":
                record.withdrawn[finding] = machine.entry
            record.entries[finding] = _ticked_entry(tick, machine.entry)
        return record

    def is_overridden(self, finding: str) -> bool:
        """Whether an agent's tick says something else than the machine heard."""
        tick, said = self.ticks.get(finding), self.machine(finding).entry
        return tick is not None and said is not None and _VALUES[tick.status] is not said.value

    def tick_is_older(self, finding: str) -> bool:
        """Whether the machine heard a finding reported after an agent had ticked it otherwise."""
        tick, machine = self.ticks.get(finding), self.machine(finding)
        return bool(tick and tick.status != "present" and machine.reported and machine.heard > tick.version)


def _ticked_entry(tick: Tick, said: Entry | None) -> Entry:
    value = _VALUES[tick.status]
    agrees = said is not None and said.value is value
    return Entry(
        value=value,
        basis="unsure" if value is Value.UNKNOWN else "answered",
        quote=said.quote if agrees and said else "",
        at=tick.at,
        by=tick.by,
        side=said.side if agrees and said else None,
        long_standing=bool(agrees and said and said.long_standing),
    )
