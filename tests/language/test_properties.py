from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.reading import read, statuses

SIGNS = {
    "my foot is numb": "leg_numbness",
    "numb bum": "saddle_numbness",
    "my leg is weak": "leg_weakness",
    "tingling in my leg": "leg_tingling",
    "I wet myself": "bladder_incontinence",
    "I can't pee": "bladder_retention",
}
NOUNS = {
    "numbness in my foot": "leg_numbness",
    "saddle numbness": "saddle_numbness",
    "tingling in my leg": "leg_tingling",
    "leg weakness": "leg_weakness",
    "bladder leaks": "bladder_incontinence",
    "fever": "fever",
}
SMALL_TALK = [
    "Hi there, hope you are well.",
    "Thanks in advance!",
    "It has rained all week here.",
    "Sorry to bother you.",
]


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=300))
def test_reading_never_raises(text: str) -> None:
    read(text)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.sampled_from(
            [
                "no",
                "numb",
                "leg",
                "?",
                ".",
                ",",
                "my",
                "3",
                "weeks",
                "Doctor:",
                "Patient:",
                "yes",
                "mum",
                "\n",
                "5/10",
                "since",
                "pee",
            ]
        ),
        max_size=40,
    )
)
def test_reading_never_raises_on_known_words(words: list[str]) -> None:
    read(" ".join(words))


@settings(deadline=None)
@given(
    st.sampled_from(sorted(NOUNS)),
    st.sampled_from(["no", "I have never had any", "there is no", "I don't have", "denies"]),
)
def test_a_denial_in_front_turns_a_sign_absent(sign: str, denial: str) -> None:
    assert statuses(f"{denial} {sign}")[NOUNS[sign]] == "absent"


@settings(deadline=None)
@given(st.sampled_from(sorted(SIGNS)), st.sampled_from([str.upper, str.title, str.lower]))
def test_case_and_apostrophes_do_not_matter(sign: str, change: Callable[[str], str]) -> None:
    written = change(sign.replace("'", ""))
    assert statuses(written).get(SIGNS[sign]) == "present"


@settings(deadline=None)
@given(st.sampled_from(sorted(SIGNS)), st.sampled_from(SMALL_TALK), st.sampled_from(SMALL_TALK))
def test_small_talk_around_a_sign_does_not_matter(sign: str, before: str, after: str) -> None:
    assert statuses(f"{before} {sign}. {after}").get(SIGNS[sign]) == "present"


@settings(deadline=None)
@given(st.sampled_from(SMALL_TALK))
def test_small_talk_tells_nothing(talk: str) -> None:
    assert statuses(talk) == {}


def test_one_typo_is_mended() -> None:
    assert statuses("my foot has a tinglng feeling").get("leg_tingling") == "present"
    assert statuses("numbnes in my foot").get("leg_numbness") == "present"
