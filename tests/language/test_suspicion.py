"""The learned detector: its training messages, its files, what it finds, and when it keeps silent."""

import json
import re
from datetime import date
from pathlib import Path
from typing import NamedTuple
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsignal.clinical.content import CONTENT_FOLDER, Content
from backsignal.clinical.findings import Reading, Status
from backsignal.clinical.levels import Level
from backsignal.language import suspicion_training
from backsignal.language.derived import load_derivations
from backsignal.language.duration import load_times
from backsignal.language.encoder import WEIGHTS, Encoder
from backsignal.language.lexicon import load_lexicon
from backsignal.language.ngrams import features
from backsignal.language.public_encoder import PublicEncoder
from backsignal.language.reader import Reader
from backsignal.language.suspicion import MODEL_FILE, SETTINGS_FILE, Suspicion, windows_of
from backsignal.language.word_pieces import MAX_PIECES, Pieces
from tests.language.test_properties import SIGNS, SMALL_TALK

TODAY = date(2026, 11, 22)
_READER = Reader.load()
DEVELOPMENT = Path(__file__).resolve().parents[2] / "evaluation" / "development"
EMERGENCIES = {f.id for f in Content.load().findings.values() if f.level is Level.EMERGENCY}


@pytest.fixture(scope="module")
def detector() -> Suspicion:
    return Suspicion.load()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return _READER


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DEVELOPMENT / f"{name}.jsonl").read_text("utf-8").splitlines()]


# -- what it was trained on


def test_training_messages_are_labelled_with_emergency_findings_only() -> None:
    for row in suspicion_training.messages():
        assert row.text.strip()
        assert set(row.present) | set(row.near) <= EMERGENCIES, row
        assert not set(row.present) & set(row.near), row


def test_each_finding_has_as_good_as_as_many_near_misses_as_hits() -> None:
    messages = suspicion_training.messages()
    for finding in EMERGENCIES:
        present = sum(finding in row.present for row in messages)
        near = sum(finding in row.near for row in messages)
        assert present >= 80, finding
        assert near >= 0.5 * present, finding


def test_no_message_is_both_trained_on_and_measured() -> None:
    trained = {_bare(row.text) for row in suspicion_training.messages()}
    for name in ("emergency", "other", "long", "grammar", "duration"):
        both = trained & {_bare(row["text"]) for row in rows(name)}
        # What nearly everybody writes ("can't pee") stands in both.
        assert not {text for text in both if len(text.split()) > 3}, name


def test_the_shipped_model_is_of_the_messages_at_hand() -> None:
    settings = json.loads((WEIGHTS / SETTINGS_FILE).read_text("utf-8"))
    assert settings["trained_on"] == suspicion_training.digest(), (
        "messages changed: run python -m backsignal.language.suspicion_training"
    )


def test_it_knows_every_emergency_finding_and_no_other(detector: Suspicion) -> None:
    assert set(detector.findings) == EMERGENCIES


def test_training_twice_gives_the_same(reader: Reader) -> None:
    some = suspicion_training.messages()[::40]
    table = suspicion_training.labels(some, tuple(sorted(EMERGENCIES)), reader)
    once, twice = (suspicion_training.train(some, _with_both_kinds(table)) for _ in range(2))
    assert once.keys() == twice.keys()
    assert all(np.array_equal(once[name], twice[name]) for name in once)


def test_the_model_file_holds_plain_arrays() -> None:
    with np.load(WEIGHTS / MODEL_FILE, allow_pickle=False) as arrays:
        assert all(np.isfinite(arrays[name].astype(np.float64)).all() for name in arrays)


# -- how well it finds


def test_it_finds_most_emergencies_told_without_a_textbook_word(detector: Suspicion) -> None:
    told = [row for row in rows("emergency") if not row["textbook"] and set(row["present"]) & EMERGENCIES]
    found = [bool(set(detector.read(row["text"]).suspects()) & set(row["present"])) for row in told]
    assert sum(found) / len(found) >= RECALL_FLOOR


def test_with_the_rules_it_seldom_asks_without_need(reader: Reader) -> None:
    harmless = [row for row in rows("other") if not set(row["present"] + row["uncertain"]) & EMERGENCIES]
    asked = [bool(reader.read(row["text"], today=TODAY).suspected) for row in harmless]
    assert sum(asked) / len(asked) <= NEEDLESS_CEILING


# -- when it keeps silent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hello",
        "yes",
        "No",
        "None of these",
        "thanks, that helps",
        "what's the weather like tomorrow",
        "heat or ice",
        "back ache",
        "👍",
        "\x00\ud800",
    ],
)
def test_small_talk_raises_no_suspicion(detector: Suspicion, text: str) -> None:
    assert detector.read(text).suspects() == ()


def test_it_is_silent_on_what_the_text_says_or_denies(reader: Reader) -> None:
    for row in rows("emergency") + rows("other"):
        reading = reader.read(row["text"], today=TODAY)
        spoken = {m.finding for m in reading.mentions if m.status in (Status.PRESENT, Status.ABSENT)}
        assert not set(reading.suspected) & spoken, row["text"]


def test_settled_findings_are_left_out(detector: Suspicion) -> None:
    text = "sat on the cold loo seat this morning and could not tell you if it was there or not"
    suspected = detector.read(text).suspects()
    assert "saddle_numbness" in suspected
    assert "saddle_numbness" not in detector.read(text).suspects(settled={"saddle_numbness"})


def test_what_is_told_of_another_time_or_person_needs_clearer_words(detector: Suspicion) -> None:
    asked = [row["text"] for row in rows("other")]
    plain = sum("leg_weakness" in detector.read(text).suspects() for text in asked)
    doubted = sum(
        "leg_weakness" in detector.read(text).suspects(elsewhere={"leg_weakness"}) for text in asked
    )
    assert doubted < plain


# -- the second opinion on what the rules read


@pytest.fixture(scope="module")
def rules() -> Reader:
    return Reader.load(detector=False)


def status_of(reader: Reader, text: str, finding: str) -> tuple[Status, bool]:
    (mention,) = (m for m in reader.read(text, today=TODAY).mentions if m.finding == finding)
    return mention.status, mention.doubted


def test_it_finds_nothing_itself(reader: Reader, rules: Reader) -> None:
    for row in (rows("emergency") + rows("other"))[::5]:
        both = reader.read(row["text"], today=TODAY).mentions
        alone = rules.read(row["text"], today=TODAY).mentions
        assert [(m.finding, m.start, m.end) for m in both] == [(m.finding, m.start, m.end) for m in alone]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "I fainted at my own christening, mother never let it go. Today it is only a stiff back.",
            "collapse",
        ),
        (
            "will my leg give out one day if I go on roofing? My sore back has me thinking of an office job",
            "leg_weakness",
        ),
        (
            "my knees gave way when they called my number at bingo! Can I do aerobics with a stiff back?",
            "leg_weakness",
        ),
    ],
)
def test_what_the_words_around_do_not_bear_out_is_asked_before_it_counts(
    text: str, finding: str, reader: Reader, rules: Reader
) -> None:
    assert status_of(rules, text, finding) == (Status.PRESENT, False)
    assert status_of(reader, text, finding) == (Status.UNCERTAIN, True)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=300))
def test_it_never_raises(text: str) -> None:
    _READER.read(text, today=TODAY)


@settings(deadline=None)
@given(st.sampled_from(sorted(SIGNS)), st.sampled_from(SMALL_TALK), st.sampled_from(SMALL_TALK))
def test_a_sign_within_small_talk_counts_or_is_asked(sign: str, before: str, after: str) -> None:
    read = _READER.read(f"{before} {sign}. {after}", today=TODAY).mentions
    assert [m.status for m in read if m.finding == SIGNS[sign]] in ([Status.PRESENT], [Status.UNCERTAIN])


def test_the_encoder_is_left_out_only_where_it_makes_no_difference(detector: Suspicion) -> None:
    asked, always = _times_asked(detector, {}), _times_asked(detector, {"lift": 99.0, "sure": 99.0})
    assert asked.readings == always.readings
    assert asked.times < 0.9 * always.times


class _Asked(NamedTuple):
    readings: list[Reading]
    times: int


def _times_asked(detector: Suspicion, changed: dict[str, float]) -> _Asked:
    """The longer development texts, and how often the encoder was asked about them."""
    encoder = Mock(wraps=detector.encoder)
    asked = Suspicion(detector.findings, detector.ngrams, encoder, detector.settings._replace(**changed))
    content = CONTENT_FOLDER
    reader = Reader(load_lexicon(content), load_times(content), load_derivations(content), asked)
    readings = [reader.read(row["text"], today=TODAY) for row in rows("long")]
    return _Asked(readings, encoder.suspicion.call_count)


def test_few_words_are_taken_at_their_word(reader: Reader, rules: Reader) -> None:
    for text in (
        "no fever but my arse is numb",
        "i fainted",
        "my legs gave out",
        "chest pain and a sore back",
    ):
        assert reader.read(text, today=TODAY).mentions == rules.read(text, today=TODAY).mentions


def test_what_no_model_was_trained_on_is_left_to_the_rules(reader: Reader, detector: Suspicion) -> None:
    hints = detector.read("I have had a fever and shivers for three days now with this pain in my back")
    assert not hints.doubts("fever", 9, 14)
    assert not hints.believes("fever", 9, 14)


# -- long texts and odd ones


def test_a_sign_in_the_middle_of_a_long_story_is_still_found(detector: Suspicion) -> None:
    story = "We drove up on the Friday with the dog and the kids and the weather was fair for once. " * 8
    sign = "Since Sunday I have to look down to see whether I am peeing, I feel nothing of it. "
    assert "bladder_sensation_loss" in detector.read(story + sign + story).suspects()


def test_windows_hold_every_word_and_are_short() -> None:
    text = " ".join(f"word{n}{'.' if n % 17 == 0 else ''}" for n in range(700))
    windows = windows_of(text)
    assert {word for window in windows for word in window.text.split()} == set(text.split())
    assert all(text[window.start : window.end] == window.text for window in windows)
    assert max(len(window.text.split()) for window in windows) <= 60
    assert windows_of("one short line") == [(0, 14, "one short line")]


def test_endless_text_is_read_in_time_that_grows_with_its_length() -> None:
    assert len(windows_of("a" * 100_000)) == 1
    assert len(windows_of("a " * 50_000)) < 2_000


def test_word_pieces_are_bounded_and_begin_and_end_with_marks() -> None:
    pieces = Pieces(PublicEncoder().vocabulary)
    assert pieces.pieces("") == [101, 102]
    assert pieces.pieces("hello") == [101, 7592, 102]
    assert pieces.pieces("x" * 1000) == [101, 100, 102]
    assert len(pieces.pieces("word " * 1000)) == MAX_PIECES
    assert pieces.pieces("Can’t") == pieces.pieces("can't")


def test_the_encoder_gives_the_same_for_the_same_text_whatever_it_read_before() -> None:
    encoder = Encoder()
    vector, suspicion = encoder.vector("my back hurts"), encoder.suspicion("my back hurts")
    assert vector.shape == (384,)
    assert suspicion.shape == (len(EMERGENCIES) + 1,)
    assert not np.array_equal(encoder.suspicion("I fell off a roof"), suspicion)
    assert np.array_equal(encoder.suspicion("my back hurts"), suspicion)
    assert np.array_equal(Encoder().vector("my back hurts"), vector)


def test_the_encoder_reads_many_texts_as_it_reads_one() -> None:
    encoder = Encoder.load()
    texts = ["my back hurts", "hello", "", "a dog", "my foot is numb", "it hurts more when I sit"] * 5
    many = encoder.vectors(texts)
    assert np.array_equal(many, encoder.vectors(texts))
    for text, vector in zip(texts, many, strict=True):
        # Each text in 8 bits has a range of its own when it is read alone.
        assert _unit(vector) @ _unit(encoder.vector(text)) > 0.95, text


def test_the_encoder_knows_what_is_alike() -> None:
    encoder = Encoder.load()
    back, spine, boat = (_unit(encoder.vector(t)) for t in ("my back hurts", "my spine aches", "a blue boat"))
    assert back @ spine > 0.6
    assert back @ boat < 0.3


def test_ngrams_ignore_case_apostrophes_and_which_digit() -> None:
    assert features("Can't feel 3 toes") == features("cant FEEL 7 toes")
    assert features("") == ({}, {})


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _with_both_kinds(table: np.ndarray) -> np.ndarray:
    """A small sample may lack hits of a finding, which no model can be trained on."""
    table[0], table[1] = 1, 0
    return table


RECALL_FLOOR = 0.79
NEEDLESS_CEILING = 0.15
