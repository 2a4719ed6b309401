"""A row for every class of grammar: who, when, whether, lists, retold questions, harmless causes."""

import pytest

from tests.language.reading import read, statuses


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        (
            "Numbness, tingling, weakness in the legs: no to all.",
            {"leg_numbness", "leg_tingling", "leg_weakness"},
        ),
        ("The form asks if I am wetting myself. I answered no to all of them.", {"bladder_incontinence"}),
        ("Fever: no. Wetting: neither.", {"fever", "bladder_incontinence"}),
        ("There is no altered sensation in the saddle area.", {"saddle_numbness"}),
        ("no loss of sensation in the private area", {"saddle_numbness"}),
        ("Doctor: Any numbness in the foot?\nPatient: No.", {"leg_numbness"}),
        ("Doctor: Legs?\nPatient: Fine.", {"leg_weakness"}),
        ("Doctor: Bladder and bowels?\nPatient: All normal.", {"bladder_retention", "bowel_incontinence"}),
        ("the waterworks are fine", {"bladder_retention", "bladder_incontinence"}),
        ("toilet is fine", {"bladder_retention", "bowel_incontinence"}),
        ("there's nothing amiss with my legs or my bladder", {"leg_weakness", "bladder_retention"}),
        ("power full", {"leg_weakness"}),
        ("walking fine", {"unsteady_gait"}),
        ("not leaking, legs strong", {"bladder_incontinence", "leg_weakness"}),
    ],
)
def test_denied(text: str, absent: set[str]) -> None:
    said = statuses(text)
    assert {finding: said.get(finding) for finding in absent} == dict.fromkeys(absent, "absent")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "My boyfriend has no feeling in one leg since the army. It is my back I'm writing about.",
            "leg_numbness",
        ),
        ("Lady in the next bed couldn't feel her own bottom. My back is just sore.", "saddle_numbness"),
        ("Bloke at work's foot went numb with his back, mine's just achy.", "leg_numbness"),
        (
            "Seven years ago I had the disaster. Couldn't pee, numb feet. My back is stiff today.",
            "bladder_retention",
        ),
        ("my numb foot was from the plaster, years ago", "leg_numbness"),
        ("would chest pain be a reason to worry? Only got an ache.", "chest_pain"),
        ("If you couldn't pee, you'd ring 999.", "bladder_retention"),
        ("is a tight hamstring going to give me foot drop", "leg_weakness"),
        ("feels as if I'd been hit by a bus", "major_trauma"),
        ("Feet fine, pride hurt", "both_legs"),
        ("20 weeks, my back catches. No leaking, no bleeding.", "pregnancy_danger_sign"),
        ("couldn't be less numb if I tried", "leg_numbness"),
    ],
)
def test_not_the_patients_sign_of_now(text: str, finding: str) -> None:
    assert statuses(text).get(finding) != "present"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Not only has my back gone, I've wet myself", "back_pain"),
        ("I am writing on behalf of my brother. He can't feel his foot.", "leg_numbness"),
        ("I'm her daughter. She can't lift her foot since her back went.", "leg_weakness"),
        ("no feeling at all down there", "saddle_numbness"),
        ("low back hurts, doesn't go down my leg", "back_pain"),
        ("Had a disc op years ago. Today my foot is numb.", "leg_numbness"),
        ("my back's been bad since I sneezed on Sunday", "minor_trauma"),
    ],
)
def test_still_present(text: str, finding: str) -> None:
    assert statuses(text).get(finding) == "present"


@pytest.mark.parametrize(
    "text", ["right. no", "ah ok. no", "ok no", "ok, no", "only when I see my bill haha. no"]
)
def test_a_plain_no_wins(text: str) -> None:
    assert read(text).answer == "no"


@pytest.mark.parametrize(
    "text", ["none of your business", "I'd rather not say", "I don't want to say", "skip this one"]
)
def test_a_refusal_answers_nothing(text: str) -> None:
    assert read(text).answer is None
