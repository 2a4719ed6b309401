import pytest

from tests.language.reading import read


@pytest.mark.parametrize(
    "text", ["yes", "yeah", "yep i do", "only when I cough", "a bit", "sometimes", "Yes!"]
)
def test_yes(text: str) -> None:
    assert read(text).answer == "yes"


@pytest.mark.parametrize(
    "text", ["no", "nope", "nah", "none of those", "not that I know", "all good", "no but my foot tingles"]
)
def test_no(text: str) -> None:
    assert read(text).answer == "no"


@pytest.mark.parametrize("text", ["not sure", "dunno", "maybe", "I don't know", "hard to say"])
def test_unsure(text: str) -> None:
    assert read(text).answer == "unsure"


@pytest.mark.parametrize("text", ["my back hurts", "what is sciatica", ""])
def test_no_answer(text: str) -> None:
    assert read(text).answer is None


def test_language() -> None:
    assert read("my back hurts a lot since the weekend").english
    assert not read("me duele mucho la espalda desde hace tres dias y no puedo dormir").english
    assert read("ok").english


def test_speaking_for() -> None:
    assert read("my mum can't feel her feet and her back hurts").speaking_for == "mother"
    assert read("my back hurts").speaking_for is None
