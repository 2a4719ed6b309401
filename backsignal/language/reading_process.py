"""Reads messages in a process of its own, so that a second core carries a quarter of each turn.

Its parent sends it an intent model first and then texts; it answers each with an `Understood`. All is pickled
and goes through pipes that nobody else has. It ends when its input does, so also where its parent was killed.
"""

import asyncio
import logging
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from datetime import date
from typing import Any, BinaryIO, NamedTuple

from backsignal.clinical.findings import Reading
from backsignal.garbage import leave_out_what_stays
from backsignal.language.intents import IntentModel
from backsignal.language.reader import shared_reader

logger = logging.getLogger(__name__)

# A text that takes longer is left to the parent, and the process is started anew.
_LONGEST_SECONDS = 5.0
_AGAIN_SECONDS = 5.0
_LENGTH_BYTES = 4


class Understood(NamedTuple):
    """What a text says: its intents with their confidences, likeliest first, and its reading."""

    ranking: list[tuple[str, float]]
    reading: Reading


class ReadingProcess:
    """The parent's end. Texts are answered in their order; several may be on their way."""

    def __init__(self, model: IntentModel) -> None:
        self._model = model
        self._process: Process | None = None
        self._asked: deque[asyncio.Future[Understood | None]] = deque()

    async def keep_running(self) -> None:
        """Start the process, and start it again whenever it ends, for ever; it ends with this task."""
        while True:
            try:
                await self._run()
            except Exception as error:
                logger.warning("reading.process.ended error=%s", type(error).__name__)
            finally:
                self._end()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def understand(self, text: str, today: date) -> Understood | None:
        """What a text says; None where the process is not there, broke or took too long."""
        process = self._process
        if process is None or process.stdin is None:
            return None
        answer: asyncio.Future[Understood | None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        process.stdin.write(pickle.dumps((text, today)))
        try:
            # Shielded, as an answer that nobody waits for any more still has its place in the order.
            return await asyncio.wait_for(asyncio.shield(answer), _LONGEST_SECONDS)
        except asyncio.TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            return None

    async def _run(self) -> None:
        # Not as the program's main module: what it answers is known by this module's name.
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        # A session of its own: Ctrl-C is for its parent, which still has turns to end.
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(pickle.dumps(self._model))
            await _answer(process.stdout)
            self._process = process
            while True:
                answer = await _answer(process.stdout)
                waiting = self._asked.popleft()
                if not waiting.done():
                    waiting.set_result(answer)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _end(self) -> None:
        self._process = None
        while self._asked:
            waiting = self._asked.popleft()
            if not waiting.done():
                waiting.set_result(None)


async def _answer(stream: asyncio.StreamReader) -> Any:
    size = int.from_bytes(await stream.readexactly(_LENGTH_BYTES), "big")
    return pickle.loads(await stream.readexactly(size))


def _send(answer: Any, stream: BinaryIO) -> None:
    data = pickle.dumps(answer)
    stream.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
    stream.flush()


def main() -> None:
    """Answer until the input ends; first None, when it can."""
    given, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever else is printed must not come between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    model: IntentModel = pickle.load(given)
    reader = shared_reader()
    leave_out_what_stays()
    _send(None, answers)
    while True:
        try:
            text, today = pickle.load(given)
        except EOFError:
            return
        try:
            understood = Understood(model.ranking(text), reader.read(text, today=today))
        except Exception:
            # The parent tries it as well, and says what is wrong.
            _send(None, answers)
        else:
            _send(understood, answers)
