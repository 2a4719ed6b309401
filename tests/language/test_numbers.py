from datetime import date

import pytest

from tests.language.reading import read

SUNDAY = date(2026, 11, 22)
# A class of wording each: (today, text, days, tolerance).
DURATIONS = [
    ("2026-11-22", "Six weeks. Tried heat, tried ibuprofen, tried swearing.", 42, 5),
    ("2026-11-22", "yr and a half", 548, 60),
    ("2026-11-22", "week n a half", 10.5, 2),
    ("2026-11-22", "2 1/2 years", 913, 60),
    ("2026-11-22", "Two and a half months, tramadol does nothing, paracetamol does less", 76, 10),
    ("2026-11-22", "Years. Since before the kids.", 1095, 750),
    ("2026-11-22", "it'll be two weeks on Monday that my back's been like this", 14, 3),
    ("2026-11-22", "two years come January with this disc", 730, 60),
    ("2026-11-22", "five years this Christmas my back's been bad", 1825, 180),
    ("2026-11-22", "a fortnight yesterday since I did it", 14, 2),
    ("2026-11-22", "it went three weeks back when I was plastering a ceiling", 21, 3),
    ("2026-11-22", "went 3 days since, lifting lambs over a hurdle", 3, 1),
    ("2026-11-22", "4 weeks in, no better", 28, 4),
    ("2026-11-22", "day 5 of not being able to put my socks on", 5, 1),
    ("2026-11-22", "second week off work with it now, lower back", 14, 7),
    ("2026-11-22", "Age: 27 / Duration: 3 days / Severity: 6", 3, 1),
    ("2026-11-22", "Onset: 6 weeks ago", 42, 5),
    ("2026-11-22", "two, three days", 2.5, 1),
    ("2026-06-30", "72 hrs. can't lie flat", 3, 1),
    ("2026-11-22", "last Friday week, changing a tyre", 9, 2),
    ("2026-11-22", "the Thursday before last, getting out of the bath", 10, 2),
    ("2026-11-22", "a week last Wednesday", 11, 2),
    ("2026-11-22", "the start of this week my back started catching", 6, 2),
    ("2026-11-22", "middle of last month it came on, lower back", 38, 7),
    ("2026-11-22", "the tail end of October, after the marathon", 25, 5),
    ("2026-03-11", "Since 20.01.2026 my back is hurting, before it was fine", 50, 2),
    ("2026-03-11", "2019 it started. Bad back ever since.", 2445, 200),
    (
        "2026-03-11",
        "Christmas Eve, hauling the turkey up from the car, and it has not been right since",
        77,
        2,
    ),
    ("2026-03-11", "it started Ash Wednesday", 21, 2),
    ("2026-03-11", "superbowl sunday, jumped up when they scored", 31, 2),
    ("2026-03-11", "Since MLK day weekend, shoveling the drive", 51, 2),
    ("2026-03-11", "since the clocks changed in October", 136, 3),
    ("2026-03-11", "Sunday. Now Wednesday and I still can't reach my feet.", 3, 1),
    ("2025-07-18", "June bank holiday weekend in Galway, slipped off the pier wall", 46, 2),
    ("2025-07-18", "just before Christmas my back began to play up", 215, 20),
    ("2027-01-14", "between christmas and new year my back gave out", 16, 4),
    ("2025-10-07", "since Dussehra I am not able to sit", 5, 2),
    ("2024-05-20", "April fool's day, no joke, my back seized", 49, 1),
    ("2026-06-30", "It began the year I turned 48 and I am 52 now", 1460, 400),
    ("2026-06-30", "I was 25 when my back first went. 37 now.", 4380, 500),
    ("2026-06-30", "im 45, bad back since the age of 35", 3650, 500),
    ("2026-06-30", "I'm 28 weeks pregnant and it started at 26 weeks", 14, 3),
    ("2026-06-30", "34 weeks gone. Back pain since week 31.", 21, 5),
    ("2026-06-30", "mum's had a bad back forty years but mine only started 4 days ago", 4, 1),
    ("2026-06-30", "My brother was off six months with his. Mine's ten days so far.", 10, 2),
    ("2026-06-30", "12 hour shift yesterday and my back went", 1, 1),
    ("2026-06-30", "on the waiting list 18 months for a knee, but this back is four weeks old", 28, 4),
    ("2024-05-20", "ran the London Marathon on 21 April and my back has been sore from then", 29, 2),
    ("2026-06-30", "three sleepless nights courtesy of my back", 3, 1),
    ("2026-06-30", "7 weeks since the crash and my back's still sore", 49, 5),
    (
        "2026-04-16",
        "Grand until Saturday when I dug over the spuds, now tis a six and I can't drive the tractor",
        5,
        1,
    ),
    ("2026-04-16", "I've a marathon in nine days and my back has been tight for four", 4, 1),
    ("2026-04-16", "my wee girl is 8 weeks old and my back's been wrecked since the day she was born", 56, 8),
    ("2026-04-16", "I have had this ever since I left the army in 2023", 1020, 250),
    ("2026-04-16", "58 and my back's been dodgy since my late thirties", 7300, 1000),
    ("2026-04-16", "2 month old backache", 60.8, 10),
    ("2025-08-20", "It started on Independence Day, 15 August, while hoisting the flag", 5, 2),
    ("2025-08-20", "I did my back in at 34, I'm 41 now and it's never properly left me", 2555, 400),
    ("2026-09-09", "a bad knee for ten years and a bad back for three", 1095, 120),
    ("2026-09-09", "March 2024, when the lockers were delivered, is when my back started", 908, 30),
    ("2026-09-09", "my baby's four months and my back has ached since I had him", 120, 15),
]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("back pain for three weeks", 21),
        ("a week and a half of back pain", 10.5),
        ("1.5 weeks of back pain", 10.5),
        ("2-3 weeks of back ache", 17.5),
        ("couple of days now", 2),
        ("my back has hurt for a few days", 3),
        ("LBP 2/52", 14),
        ("back pain 3/7", 3),
        ("lumbar pain 6/12", 182),
        ("back's been bad a fortnight", 14),
        ("my back has been sore since last Tuesday", 5),
        ("it has been sore since Easter", 231),
        ("since Christmas my back aches", 332),
        ("on and off for five years my back goes", 1825),
        ("back pain since the 3rd of October", 50),
        ("yesterday I bent down and my back went", 1),
        ("going on eight weeks with this back", 56),
        ("a good three weeks of back pain", 21),
        ("my back has been bad for months now", 90),
        ("sixth week of this back pain", 42),
        ("bad back for 20+ years", 7300),
        ("my back went a week ago yesterday", 8),
        ("since 5am my back has been in spasm", 0),
        ("back pain since I woke up", 0),
        ("back trouble since I was 30, I'm 52 now", 8030),
        ("my back's been sore since I had my baby four months ago", 121),
        ("I'm 20 weeks pregnant and my lower back is aching, 3 days now", 3),
        ("diabetic for ten years. back went on Friday", 2),
    ],
)
def test_durations(text: str, days: float) -> None:
    duration = read(text, SUNDAY).duration
    assert duration is not None
    assert duration.days == pytest.approx(days, abs=2.5)


@pytest.mark.parametrize(("today", "text", "days", "tolerance"), DURATIONS)
def test_durations_by_their_grammar(today: str, text: str, days: float, tolerance: float) -> None:
    duration = read(text, date.fromisoformat(today)).duration
    assert duration is not None
    assert duration.days == pytest.approx(days, abs=tolerance)


@pytest.mark.parametrize(
    "text",
    [
        "My mattress is 12 years old, could it be that? My back is stiff of a morning.",
        "How many days should I rest a bad back? I read 2 days.",
        "sick note for two weeks please, bad back",
        "Had my gallbladder out 4 years ago. Now back pain.",
        "diabetic since 2010, on insulin. Lower back ache.",
        "I moved here from Leeds six months ago and need a physio for my back",
        "had an MRI 3 weeks ago for my back, waiting on results",
        "My GP has me on a four week waiting list for physio for this back",
        "Does back pain get worse in winter?",
        "every other week my back goes for a couple of days",
        "my back's killing me and I've 30 guests on Saturday",
        "I am 52 years old and my back hurts",
        "32 weeks pregnant and my back aches",
        "take the naproxen for 7 days for my back?",
        "seeing the physio in 2 weeks for my back",
        "it catches me for a second or two when I turn",
        "married 20 years and he can't rub my back",
        "did you see the match last night",
        "I forgot to say that I had breast cancer six years ago",
    ],
)
def test_other_times_are_no_duration(text: str) -> None:
    assert read(text, SUNDAY).duration is None


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("pain is eight", 8),
        ("mine's a 7", 7),
        ("it's a solid four", 4),
        ("six by ten pain in my back", 6),
        ("six most days", 6),
        ("It was a nine to begin with, down to a two", 2),
        ("was a three yesterday, a seven today", 7),
        ("I'd put it at seven and a half", 7.5),
        ("between a 6 and a 7", 6.5),
        ("5-6 out of 10 my back", 5.5),
        ("Pain score: 9", 9),
        ("on a scale of 1 to 10 I'd say 7", 7),
        ("if ten is childbirth this is a three", 3),
        ("9 out of 10 times it's the left side of my back", None),
        ("my back hurts, ring after 5", None),
        ("two paracetamol 4 times a day for my back", None),
        ("hardly a two if I'm sat down", 2),
        ("it's about 5 on the scale", 5),
        ("pain 8/10", 8),
        ("seven out of ten", 7),
        ("it's a 6 today", 6),
        ("9 out of 10 people have back pain", None),
    ],
)
def test_severity(text: str, severity: float | None) -> None:
    assert read(text).severity == severity


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("71 years young with a sore back", 71),
        ("29/m back ache", 29),
        ("m/19 sore lower back", 19),
        ("F34 low back pain", 34),
        ("43 last birthday and my back thinks it's 80", 43),
        ("turned 45 last week and the back packed in", 45),
        ("Age: 34. Back pain.", 34),
        ("I'll be 39 in March. Back is sore.", 38),
        ("at 58 my back should be allowed to complain", 58),
        ("we are both sixty-six, my wife is fine, my back is not", 66),
        ("47 here, desk job, stiff back", 47),
        ("born 1970, bad back", 56),
        ("Dad's 75 and his back hurts", 75),
        ("my back feels like it's 100 years old", None),
        ("57 yrs, driver, back pain", 57),
        ("I was 66 in June. Stiff back.", 66),
        ("fifty-three next week and falling apart, starting with my back", 52),
        ("My back is playing up and I've a 3 year old to lift", None),
        ("29 y.o. woman with low back ache", 29),
        ("35F, LBP", 35),
        ("I'm 52 and my back hurts", 52),
        ("my son is nine and his back hurts", 9),
        ("a mattress 15 years old", None),
        ("My back's sore. My eldest called, she's 15 now.", None),
        ("I've leaked since Callum was born in 2009", None),
        ("back pain since March, born in 1970", 56),
        ("A lady at church has back pain. She is 80.", 80),
    ],
)
def test_age(text: str, age: int | None) -> None:
    assert read(text).age == age
