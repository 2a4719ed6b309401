"""What is said under load: to ours whole scenario files, to the stock bot its own test stories."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import yaml

_SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios" / "chat"
_MOST_QUESTIONS = 40
# The web channel takes no longer text.
_MOST_CHARACTERS = 2_000
Answers = list[dict[str, Any]]
# Yields what to send, takes the answers to it.
Script = Generator[str, Answers, None]

_STOCK = (
    ("hello there!", "amazing", "bye-bye!"),
    ("hello", "not good", "yes"),
    ("hello", "not good", "not really"),
    ("hi", "very terrible", "no", "bye"),
    ("hello", "are you a bot?", "good afternoon", "great", "bye bye"),
)
# A message that needs no understanding, as often as a conversation has messages.
_FLOOR = (("/say",) * 10,)
Conversation = tuple[str, ...] | list[dict[str, Any]]


def conversations(bot: str) -> list[Conversation]:
    """What is said to a bot: ours, stock or floor."""
    if bot == "ours":
        files = sorted(_SCENARIOS.rglob("*.yml"))
        turns = [yaml.safe_load(path.read_text(encoding="utf-8"))["turns"] for path in files]
        return [each for each in turns if all(len(str(turn)) <= _MOST_CHARACTERS for turn in each)]
    return list(_STOCK if bot == "stock" else _FLOOR)


def script(conversation: Conversation) -> Script:
    """A conversation as a script; a scenario's `rest` answers whatever is asked until nothing is."""
    answers: Answers = []
    for turn in conversation:
        if isinstance(turn, str):
            answers = yield turn
        elif "rest" in turn:
            answers = yield from _rest(answers, {"default": "no", **(turn["rest"] or {})})
        else:
            answers = yield str(turn["say"]) if "say" in turn else "; ".join(turn["pick"])


def _rest(answers: Answers, given: dict[str, Any]) -> Generator[str, Answers, Answers]:
    for _ in range(_MOST_QUESTIONS):
        question = _question(answers)
        if question is None:
            break
        answer = given.get(question["id"])
        if answer is None:
            titles = [option["title"] for option in question["options"]]
            answer = given["default"] if question["findings"] and len(titles) != 6 else titles[1]
        answers = yield "; ".join(answer) if isinstance(answer, list) else str(answer)
    return answers


def _question(answers: Answers) -> dict[str, Any] | None:
    data = [answer["custom"]["data"] for answer in answers if answer.get("custom")]
    if any(item["type"] == "triage" for item in data):
        return None
    return next((item for item in reversed(data) if item["type"] == "question"), None)
