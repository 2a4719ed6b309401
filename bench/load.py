"""Load in a process of its own: so many users at once, each in one conversation after the other.

Plain aiohttp: a load tool that spends milliseconds of the same two cores on each request would hide what it
measures. Run as `python -m bench.load` with a JSON request on standard input, answers JSON.
"""

import asyncio
import itertools
import json
import random
import statistics
import sys
import time
import uuid
from typing import Any

import aiohttp

from bench.conversations import Answers, Script, conversations, script


class Rest:
    """A person on Rasa's REST channel."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url, self._sender = http, url, uuid.uuid4().hex

    async def open(self) -> None:
        """Nothing is to be opened."""

    async def say(self, text: str) -> Answers:
        """Send a message."""
        body = {"sender": self._sender, "message": text}
        async with self._http.post(f"{self._url}/webhooks/rest/webhook", json=body) as answer:
            answer.raise_for_status()
            return list(await answer.json())


class Web:
    """A person on the web channel, with a session that the server signed."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._headers: dict[str, str] = {}

    async def open(self) -> None:
        """Have a session minted."""
        async with self._http.post(f"{self._url}/web/session", json={}) as answer:
            answer.raise_for_status()
            self._headers = {"Authorization": f"Bearer {(await answer.json())['token']}"}

    async def say(self, text: str) -> Answers:
        """Send a message."""
        body = {"id": uuid.uuid4().hex, "text": text}
        async with self._http.post(f"{self._url}/web/messages", json=body, headers=self._headers) as answer:
            answer.raise_for_status()
            return [m for m in (await answer.json())["messages"] if m.get("from") != "person"]


async def load(url: str, bot: str, users: int, seconds: float) -> dict[str, Any]:
    """Run the users for so long; latencies in milliseconds."""
    said = conversations(bot)
    random.Random(5).shuffle(said)
    turn = itertools.cycle(said)
    latencies: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:

        async def user() -> None:
            while time.perf_counter() < end:
                try:
                    await converse((Web if bot == "ours" else Rest)(http, url), script(next(turn)))
                except aiohttp.ClientError as error:
                    errors.append(type(error).__name__)

        async def converse(person: Web | Rest, steps: Script) -> None:
            await person.open()
            text: str | None = next(steps)
            while text is not None and time.perf_counter() < end:
                begun = time.perf_counter()
                answers = await person.say(text)
                latencies.append(1000 * (time.perf_counter() - begun))
                if not answers:
                    errors.append("silence")
                try:
                    text = steps.send(answers)
                except StopIteration:
                    text = None

        begun = time.perf_counter()
        await asyncio.gather(*(user() for _ in range(users)))
        took = time.perf_counter() - begun
    ordered = sorted(latencies)
    return {
        "users": users,
        "messages": len(ordered),
        "errors": len(errors),
        "per_second": len(ordered) / took,
        "p50": statistics.median(ordered),
        "p95": ordered[int(0.95 * (len(ordered) - 1))],
        "p99": ordered[int(0.99 * (len(ordered) - 1))],
    }


if __name__ == "__main__":
    json.dump(asyncio.run(load(**json.load(sys.stdin))), sys.stdout)
