"""Patients on the web channel who go on whatever breaks, as the widget and a person would.

A conversation is a scenario's messages, in its own order of questions, filled up with what people ask by the
way. Each carries a word that nobody else says, and every message's id begins with it.

A message is **acknowledged** when it got HTTP 200 with another answer than the safe message ("something went
wrong"). Otherwise the person tries again: after an error or silence with the same id, after the safe message
(which asks for it) in a message of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import string
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import aiohttp
import yaml

from backsignal.clinical.wording import say
from backsignal.components.turns import content
from bench.conversations import Script, script
from tests.conversation.chat import scenario_files

MESSAGES = 10
SAFE = say(content(), "something_failed")
# The web channel takes no longer text.
_MOST_CHARACTERS = 2_000
_BY_THE_WAY = ("advice", "digressions")
_PATIENCE_SECONDS = 120.0
_REQUEST_SECONDS = 40.0
_LONGEST_PAUSE = 5.0
# So many people share an address: the limits of the web channel count by it.
_AT_AN_ADDRESS = 5

Answers = list[dict[str, Any]]
Think = Callable[[], Awaitable[None]]


@dataclass
class Try:
    """One sending of a message: its id, when (monotonic seconds), and what came back.

    Status 0 is nothing at all. What is said with a 503, where a message could not be kept, is an answer too.
    """

    id: str
    begun: float
    ended: float = 0.0
    status: int = 0
    answers: Answers = field(default_factory=list)

    @property
    def safe(self) -> bool:
        """Whether the safe message came."""
        return any(answer.get("text") == SAFE for answer in self.answers)

    @property
    def acknowledged(self) -> bool:
        """Whether it counts as taken."""
        return self.status == 200 and not self.safe

    @property
    def levels(self) -> list[str]:
        """The levels that the answers told, emergencies included."""
        data = [answer["custom"]["data"] for answer in self.answers if answer.get("custom")]
        return [f"{it['type']} {it['level']}" for it in data if it.get("type") in ("triage", "emergency")]


@dataclass
class Said:
    """One message of a person: its text and the tries it took."""

    text: str
    tries: list[Try] = field(default_factory=list)


@dataclass
class Conversation:
    """One person's conversation: what they said, and under which id the store has it."""

    number: int
    word: str
    sender: str = ""
    said: list[Said] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def tries(self) -> Iterator[Try]:
        """Every sending, in order."""
        return itertools.chain.from_iterable(said.tries for said in self.said)


def conversation(number: int) -> Conversation:
    """The conversation of a number, with its person's word."""
    return Conversation(number, "Qx" + "".join(random.Random(number).choices(string.ascii_lowercase, k=8)))


def pausing(seconds: float) -> Think:
    """Somebody who thinks for so long on average."""
    dice = random.Random()

    async def think() -> None:
        await asyncio.sleep(seconds * dice.uniform(0.5, 1.5))

    return think


def words_in(text: str) -> set[str]:
    """The words that belong to somebody."""
    found = (part[:8] for part in text.split("Qx")[1:])
    return {f"Qx{part}" for part in found if len(part) == 8 and part.isalpha() and part.islower()}


class Patient:
    """Plays one conversation; `think` is awaited before each message."""

    def __init__(self, conversation: Conversation, url: str, think: Think) -> None:
        self.conversation = conversation
        self._url = url
        self._think = think
        self._token = ""

    async def play(self) -> None:
        """Say ten messages, each until it is acknowledged."""
        number = self.conversation.number // _AT_AN_ADDRESS
        address = f"127.1.{number // 250 % 250}.{number % 250 + 1}"
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            await self._open(http)
            steps = _steps(self.conversation)
            text = next(steps)
            for _ in range(MESSAGES):
                await self._think()
                said = Said(text)
                self.conversation.said.append(said)
                answers = await self._say(http, said)
                if answers is None:
                    self.conversation.problems.append(f"message {len(self.conversation.said)} gave up")
                    return
                text = steps.send(answers)

    async def _open(self, http: aiohttp.ClientSession) -> None:
        opening = Said("")
        while not (answer := await self._send(http, opening, "", "/web/session", {})):
            await asyncio.sleep(0.5)
        self._token = answer["token"]
        person, number, _ = json.loads(urlsafe_b64decode(self._token.partition(".")[0] + "=="))
        self.conversation.sender = f"web-{person}-{number}"

    async def _say(self, http: aiohttp.ClientSession, said: Said) -> Answers | None:
        end = time.monotonic() + _PATIENCE_SECONDS
        place = len(self.conversation.said)
        for again in itertools.count():
            message_id = f"{self.conversation.word}-{place:02}-{again:02}"
            body = {"id": message_id, "text": said.text}
            while not await self._send(http, said, message_id, "/web/messages", body):
                if time.monotonic() > end:
                    return None
            last = said.tries[-1]
            if last.acknowledged:
                return last.answers
            if time.monotonic() > end:
                return None
            await asyncio.sleep(1.0)
        raise AssertionError("unreachable")

    async def _send(
        self, http: aiohttp.ClientSession, said: Said, message_id: str, path: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """What came back with a 200; None after the pause that anything else calls for."""
        attempt = Try(message_id, time.monotonic())
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        pause = 0.5
        value: dict[str, Any] | None = None
        try:
            async with http.post(self._url + path, json=body, headers=headers) as answer:
                attempt.status = answer.status
                pause = float(answer.headers.get("Retry-After", pause))
                if answer.status == 200:
                    value = await answer.json()
                elif answer.status == 503 and answer.content_type == "application/json":
                    error = (await answer.json())["error"]
                    attempt.answers = [
                        {"text": error["message"], "custom": {"data": error.get("data") or {}}}
                    ]
                elif answer.status not in (429, 502, 503, 504):
                    self.conversation.problems.append(f"{message_id}: {answer.status} {await answer.text()}")
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            attempt.status = 0
        attempt.ended = time.monotonic()
        if value is None:
            said.tries.append(attempt)
            await asyncio.sleep(min(pause, _LONGEST_PAUSE))
            return None
        attempt.answers = [entry for entry in value["messages"] if entry.get("from") != "person"]
        said.tries.append(attempt)
        if not attempt.answers:
            self.conversation.problems.append(f"{message_id or path} was answered with silence")
        return value


def _steps(conversation: Conversation) -> Script:
    """What the person says: the scenario, their word in its first message; then what one asks by the way."""
    turns, asides = _scenarios()
    dice = random.Random(conversation.number)
    steps = script(turns[conversation.number % len(turns)])
    text: str | None = f"{conversation.word} here. {next(steps)}"
    while True:
        answers = yield text if text is not None else dice.choice(asides)
        try:
            text = steps.send(answers) if text is not None else None
        except StopIteration:
            text = None


@lru_cache(maxsize=1)
def _scenarios() -> tuple[list[list[dict[str, Any]]], list[str]]:
    """The turns of each scenario that the web channel takes, and what people ask by the way."""
    read = {path: yaml.safe_load(path.read_text(encoding="utf-8"))["turns"] for path in scenario_files()}
    fits = {path: its for path, its in read.items() if all(len(str(it)) <= _MOST_CHARACTERS for it in its)}
    asides = [
        str(turn["say"])
        for path, its in fits.items()
        if path.parent.name in _BY_THE_WAY
        for turn in its[1:]
        if "say" in turn
    ]
    return list(fits.values()), asides
