import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backsignal.clinical import review
from backsignal.clinical.content import CLINIC_FILE, CONTENT_FOLDER, Content
from backsignal.clinical.content_files import ContentError, ContentModel
from backsignal.clinical.levels import Level
from tests.clinical.reading_age import grade, syllables

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def content() -> Content:
    return Content.load()


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A folder with a copy of the content and of the clinic's settings."""
    shutil.copytree(CONTENT_FOLDER, tmp_path / "content")
    shutil.copy(CLINIC_FILE, tmp_path / "clinic.yml")
    return tmp_path


def strings(item: object) -> Iterator[str]:
    """Every text inside a part of the content."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, ContentModel):
        for _, value in item:
            yield from strings(value)
    elif isinstance(item, dict):
        for value in item.values():
            yield from strings(value)
    elif isinstance(item, list | tuple):
        for value in item:
            yield from strings(value)


def patient_texts(content: Content) -> Iterator[tuple[str, str]]:
    """What patients read in whole sentences, with its place; marks are filled in."""
    yield from questions_texts(content)
    yield from advice_texts(content)
    facts = content.clinic.facts()
    for level, text in content.replies.levels.items():
        yield level.value, text.format(**facts)
    for emergency in content.replies.emergencies:
        for field in ("do", "why", "on_the_way", "tell"):
            yield f"{emergency.id}.{field}", getattr(emergency, field).format(**facts)
    for statement in (*content.replies.safety_net, *content.replies.notes):
        yield "replies", statement.text.format(**facts)


def questions_texts(content: Content) -> Iterator[tuple[str, str]]:
    parts = [
        *((item, ("question", "simpler", "meaning", "why")) for item in content.findings.values()),
        *((item, ("opening", "why", "meaning")) for item in content.questions.values()),
        *((rule, ("why",)) for rule in content.rules),
        (content.unknown, ("emergency_unknown_why", "other_unknown_why", "withdrawn_why")),
    ]
    for item, fields in parts:
        for field in fields:
            if text := getattr(item, field):
                yield f"{getattr(item, 'id', 'unknown')}.{field}", text


def advice_texts(content: Content) -> Iterator[tuple[str, str]]:
    for topic in content.topics.values():
        yield f"{topic.id}.brief", topic.brief
        for statement in (topic.evidence, *topic.do, *topic.dont):
            yield topic.id, statement.text
        for movement in topic.movements:
            yield f"{topic.id}.{movement.id}", movement.how
        for item in topic.contraindications:
            yield f"{topic.id}.{item.finding}", item.instead


# ---- Loading, and what is said of a broken file -------------------------------------------------------


def test_the_content_loads(content: Content) -> None:
    assert content.findings
    assert content.rules
    assert content.topics


# What is broken: file, text, text instead, the field that the error names, what it says of it.
BROKEN = {
    "unknown field": ("findings.yml", "    group: cancer\n", "    groop: cancer\n", "groop", "extra fields"),
    "wrong level": ("findings.yml", "    level: urgent\n", "    level: very\n", "level", "not a valid enum"),
    "duplicate key": (
        "findings.yml",
        "    level: urgent\n",
        "    level: soon\n" * 2,
        "level",
        "stands twice",
    ),
    "duplicate finding": (
        "findings.yml",
        "- id: both_legs",
        "- id: collapse",
        "id",
        "'collapse' stands twice",
    ),
    "missing field": ("findings.yml", "    why: Ice could harm you then.\n", "", "why", "field required"),
    "dangling source": ("findings.yml", "[sirona]", "[a_friend]", "sources", "'a_friend' is no source"),
    "no source": ("findings.yml", "[sirona]", "[]", "sources", "at least 1 item"),
    "threshold": (
        "findings.yml",
        "least: persisting_days",
        "least: some",
        "at_least",
        "'some' is no threshold",
    ),
    "rule's finding": ("rules.yml", "[urinary_symptoms, fever]", "[fevers]", "all", "'fevers' is no finding"),
    "rule's threshold": ("rules.yml", "least: older_age", "least: old", "at_least", "'old' is no threshold"),
    "question's finding": (
        "questions.yml",
        "[radiating_leg_pain]",
        "[leg]",
        "findings",
        "'leg' is no finding",
    ),
    "condition's finding": (
        "questions.yml",
        "present: [pregnancy]",
        "present: [p]",
        "present",
        "'p' is no finding",
    ),
    "not asked": (
        "questions.yml",
        "[radiating_leg_pain]",
        "[]",
        "triage",
        "'radiating_leg_pain' is to be asked",
    ),
    "advice's finding": (
        "advice.yml",
        "finding: raynaud",
        "finding: cold",
        "finding",
        "'cold' is no finding",
    ),
    "group": ("replies.yml", "[cauda_equina]", "[cauda]", "findings", "'cauda' is no finding or group"),
    "unknown mark": (
        "replies.yml",
        "{emergency_number} now and ask",
        "{e} now and ask",
        "do",
        "'e' is no mark",
    ),
    "wrong basis": (
        "sources.yml",
        "\n    basis: recalled",
        "\n    basis: heard",
        "basis",
        "unexpected value",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_error_names_file_line_and_field(copies: Path, broken: str) -> None:
    name, old, new, field, message = BROKEN[broken]
    path = copies / "content" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        Content.load(copies / "content", copies / "clinic.yml")
    located = re.findall(rf"^{re.escape(str(path))}:(\d+): (.*)$", str(caught.value), re.MULTILINE)
    lines = [int(line) for line, said in located if field in said and message in said]
    assert lines, str(caught.value)
    if broken not in ("missing field", "not asked"):  # these name the line of what lacks something
        assert abs(lines[0] - 1 - text[: text.index(old)].count("\n")) <= 1


def test_an_error_in_the_clinics_settings_is_located(copies: Path) -> None:
    path = copies / "clinic.yml"
    path.write_text(path.read_text(encoding="utf-8") + "fax: none\n", encoding="utf-8")
    last = path.read_text(encoding="utf-8").count("\n")
    with pytest.raises(ContentError, match=rf"{re.escape(str(path))}:{last}: fax: extra fields"):
        Content.load(copies / "content", path)


def test_the_version_changes_with_any_file(copies: Path) -> None:
    before = Content.load(copies / "content", copies / "clinic.yml").version
    clinic = copies / "clinic.yml"
    clinic.write_text(clinic.read_text(encoding="utf-8").replace("8 am", "9 am"), encoding="utf-8")
    assert Content.load(copies / "content", clinic).version != before


# ---- The questions --------------------------------------------------------------------------------------


def test_what_is_always_asked_is_asked_within_ten_questions(content: Content) -> None:
    unconditional = [question for question in content.triage_questions if question.only_if is None]
    asked = {finding for question in unconditional for finding in question.findings}
    late = {f.id for f in content.findings.values() if f.ask_always} - asked
    assert len(unconditional) <= 10
    assert late == {"first_episode_over_50"}  # the age that was just asked decides whether it applies


def test_the_first_questions_are_those_of_the_source_article(content: Content) -> None:
    order = [question.id for question in content.triage_questions]
    assert order[:4] == ["bladder_and_bowel", "saddle", "legs", "leg_pain"]


def test_a_finding_is_asked_in_one_question_only(content: Content) -> None:
    questions = (*content.triage_questions, *content.advice_questions)
    asked = [finding for question in questions for finding in question.findings]
    assert len(asked) == len(set(asked))


def test_every_contraindication_is_asked(content: Content) -> None:
    for topic in content.topics.values():
        for item in topic.contraindications:
            assert item.finding in content.question_of, f"{topic.id} could never be offered: {item.finding}"


def test_choices_reach_both_sides_of_every_bound_on_their_number(content: Content) -> None:
    bounds = [b for f in content.findings.values() for b in (f.present_if, f.absent_if) if b]
    bounds += [rule.number for rule in content.rules if rule.number and rule.id != "young_child"]
    for bound in bounds:
        values = [
            c.value for q in content.questions.values() if q.measure == bound.measure for c in q.choices
        ]
        for limit in (bound.at_least, bound.below):
            if limit is not None:
                assert min(values) < content.number(limit) <= max(values)


def test_self_care_advice_is_for_adults(content: Content) -> None:
    for topic in content.topics.values():
        if topic.self_care:
            assert "under_18" in [item.finding for item in topic.contraindications]


# ---- The wording ----------------------------------------------------------------------------------------


def test_options_are_short_and_distinct(content: Content) -> None:
    options = [finding.option for finding in content.findings.values()]
    assert [option for option in options if len(option) > 60] == []
    assert len(set(options)) == len(options)


def test_simpler_questions_have_at_most_twelve_words(content: Content) -> None:
    assert [f.id for f in content.findings.values() if len(f.simpler.split()) > 12] == []


def test_questions_end_as_questions(content: Content) -> None:
    for finding in content.findings.values():
        assert finding.question.endswith("?")
        assert finding.simpler.endswith("?")


DOSE = re.compile(
    r"\d\s*(mg|mcg|micrograms?|milligrams?|grams?|g|ml|millilitres?)\b"
    r"|\b(one|two|three|four|\d+)\s+(tablets?|pills?|capsules?|spoonfuls?|drops)\b"
    r"|\b(tablets?|pills?|capsules?)\s+(a|per|every|each)\s+(day|hour)"
    r"|\b\d+\s+(times|hours?)\s+(a|per)\s+day.*\b(tablet|medicine)",
    re.IGNORECASE,
)


def test_no_dose_stands_anywhere(content: Content) -> None:
    parts = [content.findings, content.questions, list(content.rules), content.topics, content.replies]
    said = [text for text in strings(parts) if DOSE.search(text)]
    assert said == []


@pytest.mark.parametrize("text", ["take 400 mg", "two tablets", "tablets a day"])
def test_doses_are_recognised(text: str) -> None:
    assert DOSE.search(text)


def test_names_fit_after_no(content: Content) -> None:
    assert [f.name for f in content.findings.values() if re.match(r"(a|an|no|the) ", f.name)] == []


def test_advice_has_no_marks_since_none_are_filled_in(content: Content) -> None:
    assert [text for text in strings([content.topics, content.findings]) if "{" in text] == []


def test_levels_and_emergencies_name_whom_to_call_first(content: Content) -> None:
    assert "{emergency_number}" in content.replies.levels[Level.EMERGENCY].split(".")[0]
    for emergency in content.replies.emergencies:
        assert emergency.call in emergency.do
        assert re.search(r"\.(\s|$)", emergency.do[:-1]) is None, "what to do is one sentence"


EMERGENCY_FIRST = [
    (["self_harm", "chest_pain"], "self_harm"),
    (["medicine_overdose", "leg_numbness"], "overdose"),
    (["medicine_overdose", "self_harm"], "overdose"),
    (["collapse", "saddle_numbness"], "heart_and_vessels"),
    (["pregnancy_danger_sign"], "pregnancy"),
    (["severe_abdominal_pain"], "tummy"),
    (["major_trauma", "leg_weakness"], "accident"),
    (["saddle_numbness", "leg_numbness"], "cauda_equina"),
    (["both_legs"], "cauda_equina"),
    (["leg_tingling", "fever"], "leg_nerves"),
    (["pregnancy", "fever"], "pregnancy_infection"),
    (["anticoagulant", "minor_trauma"], "bleeding"),
    (["fever", "iv_drug_use"], "infection"),
    (["recent_spinal_procedure", "severe_uncontrolled_pain"], "infection"),
    (["cancer_history", "thoracic_or_band_pain"], "cancer"),
    (["thoracic_or_band_pain"], "other"),
]


@pytest.mark.parametrize(("findings", "expected"), EMERGENCY_FIRST)
def test_which_emergency_is_said_first(content: Content, findings: list[str], expected: str) -> None:
    known = {*findings, *(content.findings[finding].group for finding in findings), "any"}
    first = next(text.id for text in content.replies.emergencies if known & set(text.findings))
    assert first == expected


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("back", 1),
        ("numb", 1),
        ("needed", 2),
        ("checked", 1),
        ("emergency", 4),
        ("bladder", 2),
        ("people", 2),
    ],
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_patients_texts_can_be_read_at_the_age_of_about_eleven(content: Content) -> None:
    grades = {(place, text): grade(text) for place, text in patient_texts(content)}
    mean = sum(grades.values()) / len(grades)
    hard = [f"{place} ({found:.1f}): {text}" for (place, text), found in grades.items() if found > 11]
    assert hard == []
    assert mean <= 6, f"grade {mean:.1f} over {len(grades)} texts"


# ---- Facts and their sources ------------------------------------------------------------------------------

ARTICLE = {
    "a spasm is a muscle that pulls tight unasked": ["pulls tight", "great deal of pain"],
    "it can come from the muscle itself": ["muscle itself"],
    "more often something else sets it off": ["More often something in the back sets it off"],
    "facet joint arthritis and inflammation": ["inflamed facet joints", "facet joint arthritis"],
    "other injuries of the back": ["Other injuries of the back"],
    "muscle relaxants and exercise are usual": [
        "Exercise and muscle relaxants are the usual first treatment"
    ],
    "relaxants make muscle fibres let go": ["fibres of a muscle let go"],
    "a heat pad relaxes": ["heat pad can help the muscle relax"],
    "the aim is the resting state, gently": ["resting state", "gently, without surgery"],
    "massage often works": ["Massage often works"],
    "ice and inflammation": ["Ice brings inflammation down"],
    "heat and blood flow": ["Heat brings more blood"],
    "clears inflammation or melts the spasm": ["clear some of the inflammation", "melt some of the spasm"],
    "look for a cause when it does not get better or never lets up": ["never lets up", "time to look for it"],
    "a warning shot": ["warning shot"],
    "mostly passes by itself or with treatment": ["passes, by itself or with simple treatment"],
    "see a practitioner when it stays or worsens": [
        "practitioner if the pain does not go away, or if it gets worse"
    ],
    "bladder or bowel control is an emergency": [
        "Losing control of your bladder or your bowels is an emergency"
    ],
    "pain down the leg means nerves": [
        "through the bottom and down a leg",
        "It need not get as far as the foot",
    ],
    "numbness, tingling, weakness could be an emergency": [
        "Numbness, tingling or weakness in a leg could be"
    ],
}


@pytest.mark.parametrize("fact", ARTICLE)
def test_the_facts_of_the_source_article_stand_in_the_advice(content: Content, fact: str) -> None:
    said = [claim.text for claim in review.claims(content) if "source_article" in claim.sources]
    for words in ARTICLE[fact]:
        assert any(words in text for text in said), words


def test_the_source_articles_levels(content: Content) -> None:
    for finding in (
        "leg_numbness",
        "leg_tingling",
        "leg_weakness",
        "bladder_incontinence",
        "bowel_incontinence",
    ):
        assert content.findings[finding].level is Level.EMERGENCY
    assert content.findings["radiating_leg_pain"].level is Level.URGENT
    for finding in ("unrelenting_pain", "worsening", "persisting"):
        assert content.findings[finding].level is Level.SOON


def test_every_source_is_used(content: Content) -> None:
    used = {source for claim in review.claims(content) for source in claim.sources}
    assert used == set(content.sources)


def test_the_list_for_the_clinicians_review_is_up_to_date(content: Content) -> None:
    assert {claim.place for claim in review.recalled_only(content)} >= {
        "findings.yml: self_harm",
        "rules.yml: anticoag",
        "advice.yml: exercise",
    }
    written = (REPOSITORY / "docs" / "clinical-review.md").read_text(encoding="utf-8")
    assert written == review.document(content), "run the command that stands at its top"
