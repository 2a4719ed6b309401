"""Whose sign, when, only quoted, denied or a figure of speech; and like texts in which it is the sign."""

import pytest

from tests.language.reading import statuses


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "My cousin has a leg that drags from polio. Mine started dragging on Thursday "
            "along with the back pain and nobody in our house can see why.",
            "leg_weakness",
        ),
        (
            "My twin drove me here. My left foot slaps on the floor since the back went on Tuesday.",
            "leg_weakness",
        ),
        (
            "Mum's in the chair with her back. She says her undercarriage has gone dead, "
            "can't feel the cushion.",
            "saddle_numbness",
        ),
        (
            "Sat up with Dad in A&E all night, it's his angina. This morning there's a "
            "tight band across my own chest with the back pain.",
            "chest_pain",
        ),
        (
            "The lad I trained with says rest it. Both my legs went on the way to the car "
            "and my back's on fire.",
            "both_legs",
        ),
        (
            "After my second was born I couldn't pee for a day. He's at secondary school "
            "now, and since last night I can't pee again, and the back's bad.",
            "bladder_retention",
        ),
        (
            "My last pregnancy was fine. Pins and needles down both legs now, and the "
            "back's been sore since Monday.",
            "both_legs",
        ),
        (
            "Leg's been weak since 2013 and it's getting weaker, this month I can't do the "
            "stairs, with the back.",
            "leg_weakness",
        ),
        ("I wanted to end it all at nineteen and I want to now. The back is what did it.", "self_harm"),
        (
            "When I had my first I was grand. I'm 41 now and my leg's been dead heavy "
            "since Saturday, can't lift it, back pain.",
            "leg_weakness",
        ),
        ("I had sciatica one side in my student days. Now it's both sides, both legs.", "both_legs"),
        ("Fainting? Twice this morning. Back's murder.", "collapse"),
        ("The resident tipped over, I caught her and tweaked my lower back.", "minor_trauma"),
        ("The midwife said ring if there's bleeding. There is. 30 weeks, backache.", "pregnancy_danger_sign"),
        ("The nurse asked was I thinking of ending my life. I lied. I am. It's the back.", "self_harm"),
        (
            "My sister keeps asking is my leg weak. It is, Susan was right, I can't lift "
            "my toes. Back since Monday.",
            "leg_weakness",
        ),
        (
            "Fully in charge at the back end, but I'm leaking wee since Tuesday with this back.",
            "bladder_incontinence",
        ),
        ("Not weak or numb but tingling all down the leg. Stiff lower back.", "leg_tingling"),
        ("Legs mint, but I can't feel the loo roll at all. Sore back.", "saddle_numbness"),
        (
            "Bladder's grand as far as I know, only I don't feel it filling any more. Back pain a week.",
            "bladder_sensation_loss",
        ),
        ("Nothing to live for with this back.", "self_harm"),
        ("My family would be better off without me, with this back I'm no use.", "self_harm"),
        ("There's no point living when your back's like this.", "self_harm"),
        (
            "I only clean on that ward, but now I can't pass a drop myself and my back is terrible.",
            "bladder_retention",
        ),
        (
            "Wife here typing for Derek as he's lying flat. He says he can't feel himself "
            "when he sits on the toilet. Back went at work Monday.",
            "saddle_numbness",
        ),
        (
            "Leaked for weeks following my youngest and it dried up. She's nine now and "
            "since the weekend I'm leaking again, and my back's in bits.",
            "bladder_incontinence",
        ),
        (
            '"Any numbness around the genitals?" it says on your page. Well yes, actually. '
            "Sore back, two days.",
            "saddle_numbness",
        ),
        (
            "Watched a documentary about aortas and this is that, a tearing pain between "
            "my shoulders that came on like a door slamming.",
            "tearing_or_pulsating_pain",
        ),
        ("no weakness thanks be to God, but numb from the knee to the toes, and a sore back", "leg_numbness"),
    ],
)
def test_mine_and_now_beside_others_and_other_times(text: str, finding: str) -> None:
    assert statuses(text).get(finding) == "present"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "My uncle Reg lost the feeling in his left foot down the pit. All I've got is a sore back.",
            "leg_numbness",
        ),
        (
            "The old boy in the next bed couldn't pee and they put a tube in him. His back "
            "was in bits. I was only in for my wrist, back's a bit sore from the mattress.",
            "bladder_retention",
        ),
        (
            "It was my ex who had the numb saddle and got operated in the night. I've a "
            "bit of back ache, will heat do?",
            "saddle_numbness",
        ),
        (
            "My brother wanted to die when his back was bad, he got help. I'm not like that, I'm just stiff.",
            "self_harm",
        ),
        (
            "Our neighbour fainted in the garden with his back, turned out it was his "
            "heart. I'm only stiff in the mornings.",
            "collapse",
        ),
        (
            "There's a girl on my course gets tingling all down her leg. Her doctor said "
            "piriformis. I just have a sore lower back from sitting.",
            "leg_tingling",
        ),
        (
            "Had pins and needles down both legs with my last pregnancy. Nothing like it "
            "now, only a stiff back from carrying the wee one.",
            "both_legs",
        ),
        (
            "My foot was numb before the operation and back to normal after. I've a sore "
            "back from the car this week.",
            "leg_numbness",
        ),
        (
            "The kidney stone in 2009 ripped me in half. This is only a dull ache in the back from digging.",
            "tearing_or_pulsating_pain",
        ),
        (
            "The tingling in my leg eased off in March and hasn't come back. It's just the back now.",
            "leg_tingling",
        ),
        (
            "Took too many paracetamol once when I was 20, silly, had my stomach pumped. "
            "I'm careful now. Sore back.",
            "medicine_overdose",
        ),
        (
            "The chatbot wanted to know if I'd soiled myself, cheeky thing. I've a pulled back.",
            "bowel_incontinence",
        ),
        (
            "The lady in bed four was numb all underneath and couldn't pass a drop, poor "
            "dear. I only clean there, and my back is tired.",
            "saddle_numbness",
        ),
        (
            "Lad at five a side had to stop with chest pains, dead scary. I've pulled "
            "something in my back in goals.",
            "chest_pain",
        ),
        (
            "Leg was weak as a kitten when I came off the plaster, back to full strength "
            "by summer 2020. Just a bit of backache now.",
            "leg_weakness",
        ),
        (
            "I was all over the place with labyrinthitis, walking into walls, that's "
            "finished with. Back's sore from the settee.",
            "unsteady_gait",
        ),
    ],
)
def test_not_mine_or_not_now_or_only_quoted(text: str, finding: str) -> None:
    assert statuses(text).get(finding) != "present"


@pytest.mark.parametrize(
    "text",
    [
        "Appetite fine. Back's sore.",
        "I'm ending it all with this mattress, new one on Thursday. Sore back.",
        "Saying goodbye to my heels, my back can't take them.",
        "I could murder a curry, my back's that sore I can't cook.",
        "Don't want to be here all day, it's just a sore back, what stretch do I do?",
        "There's no point living in a flat with four flights when your back's bad, I'm moving.",
        "Death warmed up, that's me with this cold. Back's achy.",
        "honestly would rather jump off a cliff than sit through another meeting in "
        "that chair, back is wrecked",
    ],
)
def test_figures_of_speech(text: str) -> None:
    assert statuses(text).get("self_harm") != "present"


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ('Your form says "numb when you wipe". Nope. Just a sore back.', {"saddle_numbness"}),
        (
            "What counts as incontinence? Asking out of interest, my bladder's fine, back's sore.",
            {"bladder_incontinence", "bladder_retention"},
        ),
        (
            'Google says "saddle anaesthesia" and I had to look up what that even is. Not '
            "got it. Back's been sore since Sunday.",
            {"saddle_numbness"},
        ),
        ("Legs strong as an ox. Back like a rusty gate.", {"leg_weakness"}),
        ("Neither numbness nor tingling in the legs. Backache.", {"leg_numbness", "leg_tingling"}),
        ("LBP 1/52. Power and sensation intact both LL.", {"leg_numbness", "leg_weakness"}),
        ("Haven't put a foot wrong on my feet, could walk a tightrope. Sore back.", {"unsteady_gait"}),
        ("Bedroom department all in working order. Sore back.", {"sexual_dysfunction"}),
        ("Number ones and twos both normal. Sore back.", {"bladder_retention", "bowel_incontinence"}),
        ("Pain in the chest? No. Blackouts? No. Just a sore back, officer.", {"chest_pain", "collapse"}),
    ],
)
def test_denied_without_a_textbook_negation(text: str, absent: set[str]) -> None:
    said = statuses(text)
    assert {finding: said.get(finding) for finding in absent} == dict.fromkeys(absent, "absent")
