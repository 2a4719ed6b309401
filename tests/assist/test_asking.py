"""What an agent's words ask, and in which way, and what the caller's answer then means."""

from datetime import date
from pathlib import Path

import pytest

from backsignal.assist.asking import what_is_asked
from backsignal.assist.content import CallContent, Phrases
from backsignal.clinical.content import CONTENT_FOLDER
from backsignal.clinical.content_files import ContentError
from backsignal.language.reader import Reader

TODAY = date(2026, 11, 22)
# What agents say, and the findings that it asks about; ":well" asks whether something works, ":negated" puts
# the question round, "=" is a number.
SAID = """
any trouble passing water? | bladder_retention
any trouble passing water or numbness down below | bladder_retention saddle_numbness
how are the waterworks | bladder_retention:well
are you passing water normally | bladder_retention:well
are you able to pee | bladder_retention:well
you can't pee is that right | bladder_retention
and your bowels are they okay | bowel_incontinence:well
have you wet yourself at all | bladder_incontinence
any loss of bladder or bowel control | bladder_incontinence bowel_incontinence bladder_retention
can you feel it when you wipe | saddle_numbness:well
can he feel it normally when he wipes | saddle_numbness:well
any numbness between your legs | saddle_numbness
any loss of sensation around your bottom or genitals | saddle_numbness
no numbness between your legs then | saddle_numbness:negated
so no weakness in the legs | leg_weakness:negated
is your leg weak or numb at all | leg_weakness leg_numbness
any numbness or tingling in your legs | leg_numbness leg_tingling
are your legs strong | leg_weakness:well
is your walking okay | unsteady_gait:well
is it both legs or just the one | both_legs
does the pain go down your leg | radiating_leg_pain
have you had a temperature | fever
are you feeling well in yourself otherwise | fever:well
do you feel unwell in yourself | fever
any burning when you pee | urinary_symptoms
have you ever had cancer in the past | cancer_history
have you lost any weight recently without trying | weight_loss
are you on any blood thinners | anticoagulant
any chance you could be pregnant | pregnancy
did you have a fall or anything | minor_trauma
have you been in an accident | major_trauma
any chest pain or shortness of breath | chest_pain
does it wake you at night | night_pain
have you got diabetes | immunosuppression
do you take steroids | steroid_use
do you have osteoporosis | osteoporosis
have you ever injected drugs | iv_drug_use
have you noticed any change in your sex life | sexual_dysfunction
how long have you had it | =duration_days
and how old is he | =age
can I ask if you have any numbness between your legs | saddle_numbness
I need to know if you've had any trouble passing water | bladder_retention
we ask because the nerves can affect the bladder have you had any trouble passing water | bladder_retention
if you get any numbness between your legs call 999 |
if you can't pee or your legs go numb you need to go straight to A&E okay |
are you at home at the moment |
what's the postcode |
"""
ASKED = [tuple(part.strip() for part in line.split("|")) for line in SAID.strip().splitlines()]


@pytest.mark.parametrize(("said", "wanted"), ASKED, ids=[said for said, _ in ASKED])
def test_what_an_agent_says_asks_just_this(
    said: str, wanted: str, content: CallContent, reader: Reader
) -> None:
    asks = what_is_asked(said, content, reader, TODAY)
    found = {item.finding + ("" if item.put == "plain" else f":{item.put}") for item in asks.asked}
    assert found | {f"={measure}" for measure in asks.measures} == set(wanted.split())


def test_every_suggested_question_is_recognised_when_it_is_read_out(
    content: CallContent, reader: Reader
) -> None:
    for say, (findings, measures) in content.suggested.items():
        for spoken in (say, f"Okay, {say}?", f"right and {say.upper()}"):
            asks = what_is_asked(spoken, content, reader, TODAY)
            assert {item.finding for item in asks.asked} == set(findings), spoken
            assert {item.put for item in asks.asked} <= {"plain"}
            assert tuple(asks.measures) == measures


def test_every_finding_can_be_asked_and_no_suggestion_speaks_to_the_patient_alone(
    content: CallContent,
) -> None:
    assert content.singles.keys() == content.terms.keys() == content.clinical.findings.keys()
    for say in (*content.singles.values(), *(item.say for item in content.together)):
        assert say.endswith("?")
        # The caller may speak for somebody else.
        assert not {"you", "your", "he", "his", "she", "her"} & set(say.lower().replace("?", "").split()), say


@pytest.mark.parametrize(
    "said", ["okay", "mm hm", "right okay thanks", "take your time", "sorry can you say that again"]
)
def test_small_talk_asks_nothing_and_leaves_the_question_open(
    said: str, content: CallContent, reader: Reader
) -> None:
    asks = what_is_asked(said, content, reader, TODAY)
    assert asks.keeps_open
    assert not asks.asked


def test_phrases_match_words_alternatives_and_gaps() -> None:
    phrases = Phrases(["feel .. foot|feet; can't pee", "saddle"])
    assert phrases.find("can you feel both of your feet")
    assert phrases.find("i cant pee")
    assert not phrases.find("feel a bit of pain in my left foot")
    assert not phrases.find("saddles")
    assert phrases.ends("on the saddle")
    assert not phrases.starts("on the saddle")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("  bladder_retention:\n", "  bladder_retentoin:\n", "is no finding"),
        ("  emergency: Emergency\n", "", "no word for 'emergency'"),
        ("history: [conditions,", "history: [past,", "'past' is no group"),
        (
            "together:\n",
            "together:\n  - findings: [hiccups]\n    say: Any hiccups?\n",
            "'hiccups' is no finding",
        ),
        ("refuses:", "refusals:", "refusals"),
    ],
)
def test_a_mistake_in_the_content_is_found_with_its_place(
    before: str, after: str, says: str, tmp_path: Path, content: CallContent
) -> None:
    text = (CONTENT_FOLDER / "calls.yml").read_text("utf-8")
    assert text.count(before) >= 1
    (tmp_path / "calls.yml").write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(ContentError, match=f"calls.yml:\\d+: .*{says}"):
        CallContent.load(content.clinical, tmp_path)
