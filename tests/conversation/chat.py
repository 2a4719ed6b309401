"""Talks to a running assistant and plays scenario files.

A scenario file says who talks (`about`) and lists turns. A turn sends `say` (free text) or `pick` (titles of
options), or lets `rest` answer every further question until the result: `rest` maps question ids to answers,
with `default` for the others. `expect` says what the turn's answers must hold; see `check` below.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
_MOST_QUESTIONS = 30
_SECONDS = 60


@dataclass
class Turn:
    """The answers to one message."""

    messages: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(message.get("text", "") for message in self.messages)

    def payloads(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of a type."""
        data = [message["custom"]["data"] for message in self.messages if "custom" in message]
        return [item for item in data if item["type"] == kind]

    def payload(self, kind: str) -> dict[str, Any]:
        """The last payload of a type; an empty one where there is none."""
        return next(iter(reversed(self.payloads(kind))), {})


@dataclass
class Chat:
    """One person's conversation over REST."""

    url: str
    sender: str = field(default_factory=lambda: uuid.uuid4().hex)
    questions: int = 0

    def say(self, text: Any) -> Turn:
        """Send a message and return its answers; never silence."""
        answer = requests.post(
            f"{self.url}/webhooks/rest/webhook",
            json={"sender": self.sender, "message": text},
            timeout=_SECONDS,
        )
        assert answer.status_code == 200, answer.text
        turn = Turn(answer.json())
        assert turn.text.strip(), f"silence after {text!r}"
        self.questions += bool(turn.payload("question"))
        return turn

    def answer_rest(self, turn: Turn, answers: dict[str, Any]) -> Turn:
        """Answer each question until something else than a question comes; returns all that was said."""
        said: list[dict[str, Any]] = []
        for _ in range(_MOST_QUESTIONS):
            question = turn.payload("question")
            if not question or turn.payload("triage"):
                return Turn([*said, *turn.messages]) if said else turn
            answer = answers.get(question["id"]) or default_answer(question, answers["default"])
            turn = self.say("; ".join(answer) if isinstance(answer, list) else answer)
            said = turn.messages if turn.payload("triage") else []
            if said:
                return turn
        raise AssertionError("the questions do not end")


def default_answer(question: dict[str, Any], default: str) -> str:
    """The default where it fits: a number is answered with the second choice on offer."""
    titles = [option["title"] for option in question["options"]]
    return default if question["findings"] else titles[1]


def scenario_files(kind: str | None = None) -> list[Path]:
    """All scenario files, or those of one folder."""
    return sorted((SCENARIOS / kind if kind else SCENARIOS / "chat").rglob("*.yml"))


def play(path: Path, url: str) -> None:
    """Play one scenario file and check what it expects."""
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    chat, turn = Chat(url), Turn([])
    for number, step in enumerate(scenario["turns"], 1):
        if "rest" in step:
            turn = chat.answer_rest(turn, {"default": "no", **(step["rest"] or {})})
        else:
            turn = chat.say(step["say"] if "say" in step else "; ".join(step["pick"]))
        for problem in check(turn, chat, step.get("expect") or {}):
            raise AssertionError(
                f"{path.name}, turn {number} ({step}): {problem}\n--- answered:\n{turn.text}"
            )


def check(turn: Turn, chat: Chat, expect: dict[str, Any]) -> Iterator[str]:
    """What a turn's answers lack of what is expected."""
    known = {
        "text", "no_text", "question", "asks", "asks_not", "level", "final", "emergency", "call", "advice",
        "findings", "rules", "handover", "questions_at_most", "none_of",
    }  # fmt: skip
    yield from (f"unknown expectation '{key}'" for key in expect.keys() - known)
    said, question = turn.text.casefold(), turn.payload("question")
    yield from (f"'{t}' was not said" for t in _list(expect.get("text")) if t.casefold() not in said)
    yield from (f"'{t}' was said" for t in _list(expect.get("no_text")) if t.casefold() in said)
    yield from (f"a '{kind}' came" for kind in _list(expect.get("none_of")) if turn.payloads(kind))
    if "question" in expect and question.get("id") not in _list(expect["question"]):
        yield f"the question is '{question.get('id')}'"
    yield from (
        f"{f} is not asked" for f in _list(expect.get("asks")) if f not in question.get("findings", [])
    )
    yield from (f"{f} is asked" for f in _list(expect.get("asks_not")) if f in question.get("findings", []))
    yield from _check_result(turn, expect)
    if "questions_at_most" in expect and chat.questions > expect["questions_at_most"]:
        yield f"{chat.questions} questions were asked"
    if "handover" in expect:
        note = turn.payload("handover").get("note", "").casefold()
        yield from (
            f"'{t}' is not in the note" for t in _list(expect["handover"]) if t.casefold() not in note
        )


def _check_result(turn: Turn, expect: dict[str, Any]) -> Iterator[str]:
    emergency, triage = turn.payload("emergency"), turn.payload("triage")
    level = emergency.get("level") or triage.get("level")
    if "level" in expect and level != expect["level"]:
        yield f"the level is {level}"
    if "final" in expect and triage.get("final") is not expect["final"]:
        yield f"final is {triage.get('final')}"
    if "emergency" in expect:
        wanted = set(_list(expect["emergency"]))
        if not emergency or not wanted <= set(emergency["findings"]):
            yield f"the emergency's findings are {emergency.get('findings')}"
        elif emergency["call"] not in emergency["text"].split(".")[0]:
            yield "the number is not in the first sentence"
    if "call" in expect and emergency.get("call") != str(expect["call"]):
        yield f"to be called is {emergency.get('call')}"
    statuses = {item["id"]: item["status"] for item in triage.get("findings", [])}
    for finding, status in (expect.get("findings") or {}).items():
        if statuses.get(finding) != status:
            yield f"{finding} is {statuses.get(finding)}"
    rules = {reason["rule"] for reason in triage.get("reasons", [])}
    yield from (f"rule {rule} is no reason" for rule in _list(expect.get("rules")) if rule not in rules)
    advice = {item["topic"]: item["status"] for item in turn.payloads("advice")}
    for topic, status in (expect.get("advice") or {}).items():
        if advice.get(topic) != status:
            yield f"advice on {topic} is {advice.get(topic)}"


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
