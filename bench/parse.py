"""`parse` alone: from a message to its intent, and with ours to its findings; no conversation, store or HTTP.

Run as `python -m bench.parse <model>` in the bot's folder: prints the median milliseconds a message.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time

from bench.offline import chat_messages
from bench.servers import PROJECT, Bot, environment_of


def parse_ms(bot: Bot) -> float:
    """Median milliseconds that a trained bot takes for a chat message, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.parse", str(bot.model)],
        cwd=bot.folder, env={**environment_of(bot), "PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(json.loads(done.stdout.splitlines()[-1]))


async def _measured(model: str) -> float:
    from rasa.core.agent import Agent

    from backsignal.components import rasa_patches

    # They are in force only where ours is served.
    if PROJECT.samefile("."):
        rasa_patches.apply()
    agent = Agent.load(model)
    times = []
    for text in chat_messages():
        begun = time.perf_counter()
        await agent.parse_message(text)
        times.append(1000 * (time.perf_counter() - begun))
    return round(statistics.median(times), 3)


if __name__ == "__main__":
    print(asyncio.run(_measured(sys.argv[1])))  # noqa: T201 - it is read by who started it
