"""Reading in a process of its own: as here, and in nobody's way when it fails."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import date

import psutil
import pytest
import uvloop

from backsignal.language import reading_process
from backsignal.language.intents import IntentModel, train
from backsignal.language.reader import shared_reader
from backsignal.language.reading_process import ReadingProcess, Understood
from tests.loops import aside, run
from tests.resilience.services import wait_for

TODAY = date(2026, 3, 2)
MESSAGES = {
    "greet": ["hello", "hi there", "good morning"],
    "inform": [
        "my back hurts",
        "I can't feel my left foot",
        "numb between the legs since Friday",
        "\ud800",
        "",
    ],
}
TEXTS = [text for texts in MESSAGES.values() for text in texts]
_SECONDS = 60


@pytest.fixture(scope="module")
def model() -> IntentModel:
    examples = [(text, intent) for intent, texts in MESSAGES.items() for text in texts]
    return IntentModel(*train(examples, 0.2, 1.0), 1.0, 5.0)


@asynccontextmanager
async def started(model: IntentModel) -> AsyncIterator[ReadingProcess]:
    reading = ReadingProcess(model)
    task = asyncio.create_task(reading.keep_running())
    try:
        await answering(reading)
        yield reading
    finally:
        task.cancel()
        await asyncio.wait([task])


async def answering(reading: ReadingProcess) -> None:
    async def asked() -> None:
        while await reading.understand("hello", TODAY) is None:
            await asyncio.sleep(0.05)

    await asyncio.wait_for(asked(), _SECONDS)


def child() -> psutil.Process:
    (process,) = (p for p in psutil.Process().children() if reading_process.__name__ in " ".join(p.cmdline()))
    return process


async def all_of(reading: ReadingProcess) -> list[Understood | None]:
    return await asyncio.gather(*(reading.understand(text, TODAY) for text in TEXTS))


def test_it_understands_what_is_understood_here(model: IntentModel) -> None:
    async def asked() -> list[Understood | None]:
        async with started(model) as reading:
            return await all_of(reading)

    here = [Understood(model.ranking(text), shared_reader().read(text, today=TODAY)) for text in TEXTS]
    assert run(asked()) == here


def test_before_it_is_there_nobody_waits_for_it(model: IntentModel) -> None:
    assert run(all_of(ReadingProcess(model))) == [None] * len(TEXTS)


def test_killed_it_leaves_nobody_waiting_and_comes_back(
    model: IntentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "_AGAIN_SECONDS", 0.0)

    async def asked() -> list[Understood | None]:
        async with started(model) as reading:
            process = child()
            process.suspend()
            waiting = asyncio.ensure_future(all_of(reading))
            await asyncio.sleep(0)
            process.kill()
            without = await waiting
            await answering(reading)
            assert child() != process
            return without

    assert run(asked()) == [None] * len(TEXTS)


def test_one_that_died_unnoticed_fails_nobody(model: IntentModel) -> None:
    async def asked() -> list[Understood | None]:
        async with started(model) as reading:
            process = child()
            process.kill()
            # The loop, which does not run meanwhile, does not know of it yet.
            wait_for(lambda: process.status() == psutil.STATUS_ZOMBIE, "the end of the process")
            asking = []
            for text in TEXTS:
                asking.append(asyncio.ensure_future(reading.understand(text, TODAY)))
                await asyncio.sleep(0)
            return await asyncio.gather(*asking)

    # The server's loop: there a write into a closed pipe raises.
    assert aside(_on_uvloop, asked()) == [None] * len(TEXTS)


def _on_uvloop(coroutine: Coroutine[None, None, list[Understood | None]]) -> list[Understood | None]:
    loop = uvloop.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def test_one_that_hangs_is_not_waited_for_and_replaced(
    model: IntentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "_AGAIN_SECONDS", 0.0)

    async def asked() -> Understood | None:
        async with started(model) as reading:
            process = child()
            monkeypatch.setattr(reading_process, "_LONGEST_SECONDS", 0.2)
            process.suspend()
            answer = await reading.understand(TEXTS[0], TODAY)
            monkeypatch.setattr(reading_process, "_LONGEST_SECONDS", _SECONDS)
            await answering(reading)
            assert child() != process
            return answer

    assert run(asked()) is None


def test_who_no_longer_waits_does_not_mix_up_the_others(model: IntentModel) -> None:
    async def asked() -> list[Understood | None]:
        async with started(model) as reading:
            given_up = asyncio.ensure_future(reading.understand("numb between the legs", TODAY))
            await asyncio.sleep(0)
            given_up.cancel()
            return await all_of(reading)

    answers = run(asked())
    assert [answer and answer.reading for answer in answers] == [
        shared_reader().read(text, today=TODAY) for text in TEXTS
    ]
