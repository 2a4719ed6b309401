import pytest

from tests.language.reading import read, statuses


def said(text: str, finding: str) -> str | None:
    return statuses(text).get(finding)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("my foot has gone dead", "leg_numbness"),
        ("I can't feel my left big toe", "leg_numbness"),
        ("numb all down the outside of my right calf", "leg_numbness"),
        ("pins and needles in my leg", "leg_tingling"),
        ("my calf and foot are tingling", "leg_tingling"),
        ("no strength in my leg", "leg_weakness"),
        ("my leg keeps buckling", "leg_weakness"),
        ("I trip over my own toes", "leg_weakness"),
        ("both legs are numb", "both_legs"),
        ("not just one leg, it's both", "both_legs"),
        ("bum's gone numb", "saddle_numbness"),
        ("numb down there", "saddle_numbness"),
        ("no feeling at all when I wipe", "saddle_numbness"),
        ("sitting feels like sitting on cotton wool", "saddle_numbness"),
        ("can't take a piss", "bladder_retention"),
        ("I havent been able to pee since last night", "bladder_retention"),
        ("I wet myself at work", "bladder_incontinence"),
        ("didn't make it to the loo", "bladder_incontinence"),
        ("sudden tearing pain between my shoulder blades", "tearing_or_pulsating_pain"),
        ("my back has locked up", "muscle_spasm"),
        ("ive had it with this back i took all my codeine an hour ago", "medicine_overdose"),
        ("my bones are like chalk", "osteoporosis"),
        ("every time I laugh it's like a knife in my back", "pain_on_straining"),
        ("five weeks of heat and ibuprofen. I'm exactly where I started", "self_care_failed"),
        ("PMH Ca breast 2015", "cancer_history"),
        ("my 12 year old daughter has back pain", "under_18"),
        ("I can't not pee myself", "bladder_incontinence"),
        ("only know I'm going because I hear it", "bladder_sensation_loss"),
        ("no control of my bowels any more", "bowel_incontinence"),
        ("can't get it up since my back went", "sexual_dysfunction"),
        ("I passed out with the pain", "collapse"),
        ("tight chest and short of breath", "chest_pain"),
        ("thrown from a horse", "major_trauma"),
        ("temp of 39", "fever"),
        ("pain shoots down my leg", "radiating_leg_pain"),
        ("on warfarin", "anticoagulant"),
        ("had breast cancer ten years ago", "cancer_history"),
    ],
)
def test_signs_are_found(text: str, finding: str) -> None:
    assert said(text, finding) == "present"


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("no numbness, tingling or weakness", ["leg_numbness", "leg_tingling", "leg_weakness"]),
        ("my leg is not weak, just sore", ["leg_weakness"]),
        (
            "denies bowel or bladder incontinence, saddle anaesthesia",
            ["bowel_incontinence", "saddle_numbness"],
        ),
        ("numbness? no", ["leg_numbness"]),
        ("Numb bum: no. Wetting: no.", ["saddle_numbness", "bladder_incontinence"]),
        ("I can pee fine", ["bladder_retention"]),
        ("bladder and bowels OK", ["bladder_incontinence", "bowel_incontinence"]),
        ("can feel everything when I wipe", ["saddle_numbness"]),
        ("legs strong, stairs no problem", ["leg_weakness"]),
        ("never had cancer", ["cancer_history"]),
        ("no trouble peeing and no numbness down below", ["bladder_retention", "saddle_numbness"]),
        ("I don't have a fever", ["fever"]),
    ],
)
def test_denials(text: str, findings: list[str]) -> None:
    assert {finding: said(text, finding) for finding in findings} == dict.fromkeys(findings, "absent")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("I didn't make it to the loo at work", "bowel_incontinence"),
        ("can't pee in the toilet at work or at home", "bowel_incontinence"),
        ("a constant full feeling in my bladder", "leg_numbness"),
        ("this surgery is not the right one for me", "both_legs"),
        ("eating like a horse", "bladder_retention"),
        ("felt it go in my lower back", "bladder_sensation_loss"),
        ("the wound is dry", "bladder_incontinence"),
    ],
)
def test_words_that_deny_nothing(text: str, finding: str) -> None:
    assert said(text, finding) is None


@pytest.mark.parametrize(
    "text",
    [
        "an ache in my back that comes and goes off",
        "my back when I bend is sore",
        "stiff in the back, it wears off",
    ],
)
def test_a_back_that_eases_is_sore_all_the_same(text: str) -> None:
    assert said(text, "back_pain") == "present"


@pytest.mark.parametrize(
    ("text", "denied", "told"),
    [
        ("no fever but my ass is numb", "fever", "saddle_numbness"),
        ("no weakness, though my foot is numb", "leg_weakness", "leg_numbness"),
        ("no fever and my foot drags", "fever", "leg_weakness"),
        ("back's been fine but now my foot won't lift", None, "leg_weakness"),
    ],
)
def test_a_scope_ends_where_something_else_is_told(text: str, denied: str | None, told: str) -> None:
    assert said(text, told) == "present"
    assert denied is None or said(text, denied) == "absent"


@pytest.mark.parametrize(
    ("text", "finding", "status"),
    [
        ("what if I start wetting myself?", "bladder_incontinence", "hypothetical"),
        ("is numbness a bad sign?", "leg_numbness", "hypothetical"),
        ("why is my foot numb?", "leg_numbness", "present"),
        ("I had a numb foot in 2016, it never returned.", "leg_numbness", "past"),
        (
            "my uncle had cauda equina, he couldn't pee. I just have a sore back",
            "bladder_retention",
            "other_person",
        ),
        ("not sure if my foot is numb", "leg_numbness", "uncertain"),
        ("my husband can't lift his left foot since his back went", "leg_weakness", "present"),
        (
            "If I lost control of my bladder I'd go in, right? I haven't.",
            "bladder_incontinence",
            "hypothetical",
        ),
        ("not sure if my bladder is emptying properly", "bladder_retention", "uncertain"),
        (
            "I think I might be a bit numb between my legs, I'm not sure though",
            "saddle_numbness",
            "uncertain",
        ),
        ("my foot feels maybe a bit numb?", "leg_numbness", "uncertain"),
        ("the sciatica's gone, it's only the back now", "radiating_leg_pain", "past"),
        ("I used to have a numb foot in 2016", "leg_numbness", "past"),
        ("Lad at work's leg gave way, mine's just achy", "leg_weakness", "other_person"),
        (
            "I saw a lady who'd gone numb in the saddle today. My back is sore.",
            "saddle_numbness",
            "other_person",
        ),
    ],
)
def test_who_when_and_whether(text: str, finding: str, status: str) -> None:
    assert said(text, finding) == status


@pytest.mark.parametrize(
    "text",
    [
        "pissed off with this back",
        "numb with boredom",
        "dead on my feet after the shift",
        "the leg of the table is wobbly",
        "my hand is numb",
        "I need a wee all the time cos I'm drinking more water",
        "The weather has been lovely and the dog enjoyed his walk.",
    ],
)
def test_idioms_and_other_places_make_no_emergency(text: str) -> None:
    emergencies = {
        "leg_numbness",
        "leg_weakness",
        "saddle_numbness",
        "bladder_retention",
        "bladder_incontinence",
        "unsteady_gait",
    }
    assert not emergencies & {f for f, status in statuses(text).items() if status == "present"}


def test_side() -> None:
    sides = {m.finding: m.side for m in read("my left foot is numb").mentions}
    assert sides["leg_numbness"] == "left"


def test_long_standing_needs_old_checked_and_unchanged() -> None:
    old = read(
        "The numb patch on my shin has been there since 2015, the consultant knows, it has not changed"
    )
    new = read(
        "The numb patch on my shin has been there since 2015, the consultant knows, but now it is spreading"
    )
    assert any(m.long_standing for m in old.mentions)
    assert not any(m.long_standing for m in new.mentions)


def test_a_new_sign_beside_an_old_one_is_new() -> None:
    both = read("I've leaked a bit for years and my GP knows about it. This morning my left foot went numb.")
    assert {m.finding: m.long_standing for m in both.mentions}["leg_numbness"] is False
    another = read(
        "My back went when I fell. My left foot is numb. Mum has come with me. She has had her diabetes for "
        "years, and the hospital checked it."
    )
    assert not any(m.long_standing for m in another.mentions)


def test_a_dialogue_is_settled_by_its_replies() -> None:
    text = "Doctor: Any numbness in the legs?\nPatient: No.\nDoctor: Trouble passing urine?\nPatient: Yes."
    said_there = statuses(text)
    assert said_there["leg_numbness"] == "absent"
    assert said_there["bladder_retention"] == "present"


def test_offsets_are_the_persons_words() -> None:
    text = "So, my foot has gone dead."
    mention = next(m for m in read(text).mentions if m.finding == "leg_numbness")
    assert text[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(
    ("text", "finding", "status"),
    [
        # a place named more closely, with its owner and its side
        ("I drag my left leg when I walk", "leg_weakness", "present"),
        ("the outside of my right calf is numb", "leg_numbness", "present"),
        ("the feeling has gone from my foot", "leg_numbness", "present"),
        ("back pain, numb in both thighs", "leg_numbness", "present"),
        ("numbness in S1 distribution", "leg_numbness", "present"),
        ("power 4/5 in the left foot", "leg_weakness", "present"),
        ("power 5/5 in both legs", "leg_weakness", "absent"),
        # the sign's own "not", spread over its words
        ("I don't feel anything when I wipe", "saddle_numbness", "present"),
        ("no trouble with balance", "unsteady_gait", "absent"),
        ("no erection problems", "sexual_dysfunction", "absent"),
        ("can't get into bed without lifting my leg with my hands", "leg_weakness", "present"),
        # what sounds alike and is none
        ("not sure if my bladder is emptying properly", "bladder_retention", "uncertain"),
        ("not sure if my bladder is emptying properly", "bladder_sensation_loss", None),
        ("struggling to get out of bed", "bladder_retention", None),
        ("it runs down my right leg to the knee", "bladder_incontinence", None),
        ("can't bend down to touch my toes", "leg_weakness", None),
        ("my back is tingling", "leg_tingling", None),
        ("Normal power and sensation in both legs", "both_legs", None),
        (
            "shooting pain from my lower back through my right buttock down to the knee since Monday",
            "radiating_leg_pain",
            "present",
        ),
    ],
)
def test_nerve_signs_and_their_neighbours(text: str, finding: str, status: str | None) -> None:
    assert said(text, finding) == status


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("I wear hearing aids and my back hurts", "immunosuppression"),
        ("pain shooting up my back", "iv_drug_use"),
        ("my back hurts since yesterday", "fresh_injury"),
        ("lost 2 stone on slimming world, back hurts", "weight_loss"),
        ("up all night with the baby, sore back", "night_pain"),
        ("a steroid inhaler for my chest", "steroid_use"),
    ],
)
def test_words_that_only_look_like_a_warning_sign(text: str, finding: str) -> None:
    assert said(text, finding) is None
