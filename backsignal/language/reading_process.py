"""Reads messages in a process of its own, so that a second core carries a quarter of each turn.

Its parent sends it an intent model first and then texts, and it answers each, in lines of JSON through pipes
that nobody else has. It ends when its input does, so also where its parent was killed.
"""

import asyncio
import io
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from datetime import date
from typing import Any, BinaryIO, NamedTuple

from backsignal.clinical.findings import Reading
from backsignal.garbage import leave_out_what_stays
from backsignal.language.intents import IntentModel
from backsignal.language.reader import Reader, shared_reader

logger = logging.getLogger(__name__)

# A text that takes longer is left to the parent, and the process is started anew.
_LONGEST_SECONDS = 5.0
_AGAIN_SECONDS = 5.0
# What is found in the longest message is far shorter.
_LONGEST_LINE = 1 << 24


class Understood(NamedTuple):
    """What a text says: its intents with their confidences, likeliest first, and its reading."""

    ranking: list[tuple[str, float]]
    reading: Reading

    def to_json(self) -> dict[str, Any]:
        """As it comes through the pipe."""
        return {"ranking": self.ranking, "reading": self.reading.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Understood":
        """What `to_json` was made of."""
        ranking = [(intent, confidence) for intent, confidence in data["ranking"]]
        return cls(ranking, Reading.from_json(data["reading"]))


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
                logger.error("reading.process.failed error=%s", type(error).__name__)
            finally:
                self._end()
            logger.warning("reading.process.ended")
            await asyncio.sleep(_AGAIN_SECONDS)

    async def understand(self, text: str, today: date) -> Understood | None:
        """What a text says; None where the process is not there, broke or took too long."""
        process = self._process
        if process is None or not _sent(process, {"text": text, "today": today.isoformat()}):
            return None
        answer: asyncio.Future[Understood | None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        try:
            # Shielded, as an answer that nobody waits for any more still has its place in the order.
            return await asyncio.wait_for(asyncio.shield(answer), _LONGEST_SECONDS)
        except asyncio.TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            return None

    async def _run(self) -> None:
        # A session of its own: Ctrl-C is for its parent, which still has turns to end.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__,
            stdin=PIPE, stdout=PIPE, limit=_LONGEST_LINE, start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(_packed(self._model))
            if await process.stdout.readline():
                self._process = process
            # Nothing that somebody wrote is held by a name while the next answer is waited for.
            while self._hand_over(await process.stdout.readline()):
                pass
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _hand_over(self, line: bytes) -> bool:
        """Give an answer to whoever waits for it first; False where the process has ended."""
        if not line:
            return False
        found = json.loads(line)
        understood = Understood.from_json(found) if found else None
        waiting = self._asked.popleft()
        if not waiting.done():
            waiting.set_result(understood)
        return True

    def _end(self) -> None:
        self._process = None
        while self._asked:
            waiting = self._asked.popleft()
            if not waiting.done():
                waiting.set_result(None)


def _sent(process: Process, message: dict[str, Any]) -> bool:
    """Whether a message went into the pipe: the process may have ended just now."""
    try:
        assert process.stdin
        process.stdin.write(_line(message))
    except (OSError, RuntimeError):
        # The latter is uvloop's.
        return False
    return True


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _packed(model: IntentModel) -> bytes:
    """A model behind its length."""
    packed = io.BytesIO()
    model.write(packed)
    return _line(packed.tell()) + packed.getvalue()


def main() -> None:
    """Answer until the input ends; first with nothing, when it can."""
    given, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever else is printed must not come between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    model = IntentModel.read(io.BytesIO(given.read(json.loads(given.readline()))))
    reader = shared_reader()
    leave_out_what_stays()
    answers.write(_line(None))
    answers.flush()
    # Nothing that somebody wrote is held by a name while the next message is waited for.
    while _answer(given, answers, model, reader):
        pass


def _answer(given: BinaryIO, answers: BinaryIO, model: IntentModel, reader: Reader) -> bool:
    """Answer the next message; False where none is to come."""
    line = given.readline()
    if line:
        answers.write(_line(_understood(model, reader, **json.loads(line))))
        answers.flush()
    return bool(line)


def _understood(model: IntentModel, reader: Reader, text: str, today: str) -> dict[str, Any] | None:
    """What a text says, as it goes through the pipe. None where that fails: the parent tries it as well."""
    try:
        reading = reader.read(text, today=date.fromisoformat(today))
        return Understood(model.ranking(text), reading).to_json()
    except Exception:
        return None


if __name__ == "__main__":
    main()
