"""Role-played calls: checklist, level, next question and note after the turns."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backsignal.assist.desk import replay
from backsignal.assist.view import snapshot
from tests.assist.playing import CALLS, Play, scenario

FILES = sorted(CALLS.glob("*.yml"))


def test_there_are_enough_calls() -> None:
    assert len(FILES) >= 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_call_is_understood_turn_by_turn_and_replays(path: Path, play: Callable[[], Play]) -> None:
    loaded, played = scenario(path), play()
    timed = not loaded.get("recording")
    for step in loaded["steps"]:
        played.step(step, timed)
    again = replay(played.call.id, played.events, played.call.content)
    assert snapshot(again) == snapshot(played.call)
    # The levels that were written down are those that the replay comes to.
    assert again.supported().level is (again.level or again.supported().level)
