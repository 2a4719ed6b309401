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
        ("Legs: no weakness, numbness or pins and needles.", {"leg_weakness", "leg_numbness"}),
        ("no LL weakness/numbness", {"leg_weakness", "leg_numbness"}),
        ("bladder/bowels nil of note", {"bladder_retention", "bowel_incontinence"}),
        ("power in the legs is normal", {"leg_weakness"}),
        ("legs working fine, steady on my feet", {"leg_weakness", "unsteady_gait"}),
        ("neither leg hurts and neither leg is weak", {"leg_weakness"}),
        ("he asked about numbness between my legs, I don't have any.", {"saddle_numbness"}),
        (
            "my brother lost his leg power, so: no weakness, no leaks",
            {"leg_weakness", "bladder_incontinence"},
        ),
        ("Mother in law leaks, I don't.", {"bladder_incontinence"}),
        ("Agent: And your water?\nCaller: Fine, thanks.", {"bladder_retention"}),
        ("Doctor: Any weakness?\nPatient: Legs okay.", {"leg_weakness"}),
        (
            "[doctor] any fever [patient] no i have n't had any [doctor] any numbness [patient] no",
            {"leg_numbness"},
        ),
        ("cauda equina screen negative", {"saddle_numbness", "bowel_incontinence"}),
        (
            "no numbness no tingling no weakness no problems weeing",
            {"leg_numbness", "leg_tingling", "leg_weakness", "bladder_retention"},
        ),
        ("no probs with bladder bowels or walking", {"bladder_incontinence", "unsteady_gait"}),
        ("Fever N, weight loss N, night pain N", {"fever", "weight_loss", "night_pain"}),
        ("fever (-) weight loss (no)", {"fever", "weight_loss"}),
        ("Numbness isn't something I've got.", {"leg_numbness"}),
        ("fever has not been a problem", {"fever"}),
        ("at no point have I had numbness", {"leg_numbness"}),
        ("my legs don't feel numb", {"leg_numbness"}),
        ("my legs are pain free", {"radiating_leg_pain"}),
        ("It hasn't gone into my leg at all.", {"radiating_leg_pain"}),
        ("No IV drug use, no previous cancer", {"iv_drug_use", "cancer_history"}),
        ("I've never been told I have thin bones", {"osteoporosis"}),
        ("never had a fever with it", {"fever"}),
        ("never had back surgery", {"recent_spinal_procedure"}),
        ("no morning stiffness", {"inflammatory_stiffness"}),
        ("I can't be pregnant", {"pregnancy"}),
        ("coughing doesn't make it worse", {"pain_on_straining"}),
        ("I have full bladder and bowel control", {"bladder_incontinence", "bowel_incontinence"}),
        ("not short of breath", {"chest_pain"}),
        ("I don't take steroids, blood thinners or anything else", {"steroid_use", "anticoagulant"}),
        ("I'm not diabetic and I've never had cancer", {"immunosuppression", "cancer_history"}),
        ("nobody has ever told me I've got cancer", {"cancer_history"}),
        ("non-diabetic", {"immunosuppression"}),
        ("I'm not losing weight or running a temperature.", {"weight_loss", "fever"}),
        ("no motor or sensory deficit", {"leg_weakness", "leg_numbness"}),
        ("He denies any weakness or difficulty walking.", {"leg_weakness", "unsteady_gait"}),
        ("walking, weeing, pooing all fine", {"unsteady_gait", "bladder_retention", "bowel_incontinence"}),
        ("I can cough and sneeze without it hurting", {"pain_on_straining"}),
    ],
)
def test_denied(text: str, absent: set[str]) -> None:
    said = statuses(text)
    assert {finding: said.get(finding) for finding in absent} == dict.fromkeys(absent, "absent")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("woke up drenched in sweat", "fever"),
        ("had a chest infection last week", "recent_infection"),
        ("hurt myself lifting a box", "minor_trauma"),
        ("the pain has been dragging on", "persisting"),
        ("30 weeks and my waters have been trickling", "pregnancy_danger_sign"),
    ],
)
def test_no_idiom_of_another_sign_takes_a_fixed_phrase(text: str, finding: str) -> None:
    assert statuses(text).get(finding) == "present"


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
        ("My sister's the one with the numb leg. I'm the one whose back is stiff.", "leg_numbness"),
        ("My wife's got pain in both legs. It's me that's asking about a bad back.", "both_legs"),
        ("my 3yo peed on me while my back was stuck", "bladder_incontinence"),
        ("One of the lads fainted at the talk. My back is sore.", "collapse"),
        ("what if I can't pee? I can, only asking.", "bladder_retention"),
        ("can I get sciatica in both legs at once? I've a sore back", "both_legs"),
        ("foot numb from sitting on it, five minutes of hopping and it was right as rain", "leg_numbness"),
        ("there was a bit of sciatica at first but that cleared up by March", "radiating_leg_pain"),
        ('Agent: I see "urinary retention" here.\nCaller: That was with the prostate.', "bladder_retention"),
        ("Does it go into your legs? Yes, the left one.", "both_legs"),
        ("What is 2+2?", "pregnancy"),
        ("It came on by itself.", "bowel_incontinence"),
        ("stiff as a board every morning", "severe_abdominal_pain"),
        ("the pain has me in tears", "tearing_or_pulsating_pain"),
        ("tried heat, ice, painkillers, nothing works", "sexual_dysfunction"),
        ("can't bear anyone touching my spine", "severe_abdominal_pain"),
        ("jarred my back coming down the stairs", "major_trauma"),
        ("my toes are tingling", "both_legs"),
        ("I take a blood thinner", "weight_loss"),
        ("no morning stiffness", "sexual_dysfunction"),
        ("lower back pain, legs buckling", "radiating_leg_pain"),
        ("My slipper keeps coming off the right foot.", "radiating_leg_pain"),
        ("Leaked after my youngest, she's nine now. I've a sore back.", "under_18"),
        ("I leak on the trampoline since Callum was born in 2009.", "under_18"),
        ("my back is stiff as a board", "severe_abdominal_pain"),
        ("nearly passed out when the roofer told me it was eleven grand", "collapse"),
        ("it's been leaking but that has stopped now", "bladder_incontinence"),
        ("I come down the stairs backwards because of my back", "major_trauma"),
        ("sorry, the app crashed. My back is sore", "major_trauma"),
        ("I can't go... on holiday with this back", "self_harm"),
        ("someone collapsed at the match, I carried the stretcher and my back went", "collapse"),
        ("I've been dragging my feet about this, it's only a sore back", "leg_weakness"),
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
        (
            "Grey and clammy - that's my brother-in-law on the floor holding his back. What do I do?",
            "collapse",
        ),
        ("he's not kicked since yesterday, 33 weeks, my back aches too", "pregnancy_danger_sign"),
        ("Had a disc op years ago. Today my foot is numb.", "leg_numbness"),
        ("my back's been bad since I sneezed on Sunday", "minor_trauma"),
        ("can't feel my foot properly", "leg_numbness"),
        ("neither leg would take me", "leg_weakness"),
        ("can feel something pulsing above my belly button when lying down", "tearing_or_pulsating_pain"),
        ("they said come back if it changes, well it has, my foot is numb", "leg_numbness"),
        ("do I need to worry that I have wet myself twice", "bladder_incontinence"),
        ("The leaflet says ring if you are numb in the saddle area. So I'm ringing.", "saddle_numbness"),
        ("my foot has been numb since the operation in 2014", "leg_numbness"),
        ("had a disc op years ago and now my foot is numb", "leg_numbness"),
        ("Numbness in the left foot yes, weakness no", "leg_numbness"),
        ("wife pinched my bum and I didn't feel it", "saddle_numbness"),
        ("both my feet are numb, I went out in my son's boots", "leg_numbness"),
        ("Nothing comes out till I cough", "bladder_retention"),
        # what begins like an end, a past or a denial and is none
        ("used to be a fire hose, now it's a leaky tap", "bladder_retention"),
        ("bum numb since the drive on Friday and the feeling never came back", "saddle_numbness"),
        ("poo had come out before I knew it", "bowel_incontinence"),
        ("can't pee, nothing at all, it's 9 hours now", "bladder_retention"),
        ("my leg tingles as if I'd been sat on it, only I haven't", "leg_tingling"),
        ("her lips have gone blue, it started with her back", "collapse"),
        ("left calf won't push me up, bulging disc on last year's scan", "leg_weakness"),
        # what looks like a part of the body or an idiom and is neither
        ("I fell 12 feet onto concrete", "major_trauma"),
        ("I was rear ended on the M6", "major_trauma"),
        ("landed flat on my back on the tarmac", "major_trauma"),
        # one grammar for many words
        ("I'm on my third pair of trousers today", "bladder_incontinence"),
        ("can't hold either end since Saturday", "bowel_incontinence"),
        ("I've got all the tablets lined up on the table", "self_harm"),
        ("couldn't tell you if there's a sock on that foot", "leg_numbness"),
        ("it hasn't gone hard since my disc went", "sexual_dysfunction"),
    ],
)
def test_still_present(text: str, finding: str) -> None:
    assert statuses(text).get(finding) == "present"


@pytest.mark.parametrize("text", ["sorry my battery died, I'm back", "haven't hurt myself, it's my wrist"])
def test_no_complaint(text: str) -> None:
    assert "back_pain" not in statuses(text)


def test_long_standing_and_checked() -> None:
    text = "I've had a wobbly walk since 2011, my nurse assesses it twice a year. Today my back is sore."
    assert next(m for m in read(text).mentions if m.finding == "unsteady_gait").long_standing


@pytest.mark.parametrize(
    "text",
    [
        "right. no",
        "ah ok. no",
        "ok no",
        "ok, no",
        "only when I see my bill haha. no",
        "err no",
        "sorry typo, I'm 61. and no to those",
        "no she's fine with that",
    ],
)
def test_a_plain_no_wins(text: str) -> None:
    assert read(text).answer == "no"


@pytest.mark.parametrize(
    "text", ["none of your business", "I'd rather not say", "I don't want to say", "skip this one"]
)
def test_a_refusal_answers_nothing(text: str) -> None:
    assert read(text).answer is None
