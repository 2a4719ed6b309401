"""The interview in its slot: as pydantic would write it, and never shared by two who change it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from backsignal.clinical.findings import Duration, Mention, Reading, Status
from backsignal.clinical.interview import Asking, Interview
from backsignal.clinical.record import Entry, Number, Record, Value
from backsignal.components.turns import content, interview_from_slot, interview_to_slot

FINDINGS = sorted(content().findings)
QUESTIONS = sorted(content().questions)
texts, findings = st.text(max_size=8), st.sampled_from(FINDINGS)
entries = st.dictionaries(
    findings,
    st.builds(
        Entry,
        value=st.sampled_from(Value),
        basis=st.sampled_from(["told", "answered", "unsure"]),
        quote=texts,
        at=texts,
        by=st.sampled_from(["patient", "agent"]),
        side=st.sampled_from([None, "left", "both"]),
        long_standing=st.booleans(),
    ),
    max_size=5,
)
numbers = st.dictionaries(
    st.sampled_from(["age", "severity"]), st.builds(Number, value=st.floats(0, 99), quote=texts)
)
interviews = st.builds(
    Interview,
    record=st.builds(
        Record, entries=entries, numbers=numbers, speaking_for=st.none() | texts, withdrawn=entries
    ),
    agenda=st.sampled_from(["triage", "advice"]),
    asking=st.none()
    | st.builds(
        Asking,
        question=st.sampled_from(QUESTIONS),
        findings=st.lists(findings, min_size=1),
        tries=st.integers(0, 3),
        which=st.booleans(),
    ),
    suspected=st.lists(findings),
    asked=st.lists(texts),
    unclear=st.booleans(),
    advised=st.dictionaries(texts, texts),
    heard=st.none() | texts,
)


@given(interviews)
def test_the_slot_holds_what_pydantic_would_write(interview: Interview) -> None:
    slot = interview_to_slot(interview)
    assert slot == interview.dict(exclude_defaults=True)
    assert Interview.parse_obj(json.loads(json.dumps(slot))) == interview


@given(interviews)
def test_each_has_an_interview_of_their_own(interview: Interview) -> None:
    slot = interview_to_slot(interview)
    before = json.dumps(slot)
    for changed in (interview, interview_from_slot(slot)):
        assert changed == Interview.parse_obj(json.loads(before))
        _change(changed)
    assert json.dumps(slot) == before
    assert interview_from_slot(slot) == Interview.parse_obj(json.loads(before))


readings = st.builds(
    Reading,
    mentions=st.lists(
        st.builds(
            Mention,
            finding=findings,
            status=st.sampled_from(Status),
            text=texts,
            start=st.integers(0, 9),
            end=st.integers(0, 9),
            side=st.sampled_from([None, "left"]),
            doubted=st.booleans(),
        )
    ).map(tuple),
    answer=st.sampled_from([None, "yes", "unsure"]),
    duration=st.none() | st.builds(Duration, days=st.floats(0, 99), text=texts),
    age=st.none() | st.integers(0, 99),
    suspected=st.lists(findings).map(tuple),
)


@given(readings)
def test_a_reading_travels_as_json(reading: Reading) -> None:
    assert Reading.from_json(json.loads(json.dumps(reading.to_json()))) == reading


def _change(interview: Interview) -> None:
    record = interview.record
    entry = Entry(value=Value.PRESENT, basis="told", quote="changed", at="now")
    for entries_of in (record.entries, record.withdrawn):
        entries_of[FINDINGS[0]] = entry
    record.numbers["age"] = Number(value=120, quote="changed")
    record.speaking_for = "changed"
    for _, value in interview:
        if isinstance(value, list):
            value.append("changed")
    interview.advised["changed"] = "changed"
    if interview.asking:
        interview.asking.tries += 7
        interview.asking.findings.append("changed")
