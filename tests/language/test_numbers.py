from datetime import date

import pytest

from tests.language.reading import read

SUNDAY = date(2026, 11, 22)


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


@pytest.mark.parametrize(
    "text",
    [
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
        ("pain 8/10", 8),
        ("seven out of ten", 7),
        ("it's a 6 today", 6),
        ("9 out of 10 people have back pain", None),
    ],
)
def test_severity(text: str, severity: int | None) -> None:
    assert read(text).severity == severity


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("35F, LBP", 35),
        ("I'm 52 and my back hurts", 52),
        ("my son is nine and his back hurts", 9),
        ("a mattress 15 years old", None),
    ],
)
def test_age(text: str, age: int | None) -> None:
    assert read(text).age == age
