"""The language layer by itself: texts of a hundred words a second, and milliseconds a chat message."""

import json
import statistics
import time
from datetime import date
from typing import Any

from bench.servers import PROJECT

_WORDS = 100
_CHARACTERS, _MESSAGES = 300, 600


def offline() -> dict[str, Any]:
    """Texts of a hundred words assessed a second on one core, and times of reading a chat message."""
    from backsignal.assess import assess
    from backsignal.clinical.content import Content
    from backsignal.language.reader import Reader

    content, reader, today = Content.load(), Reader.load(), date.today()
    words = " ".join(_texts()).split()
    long_texts = [" ".join(words[at : at + _WORDS]) for at in range(0, len(words) - _WORDS, _WORDS)][:200]
    begun = time.perf_counter()
    for text in long_texts:
        assess(text, content, reader, today)
    per_second = len(long_texts) / (time.perf_counter() - begun)
    times = []
    for text in chat_messages():
        begun = time.perf_counter()
        reader.read(text, today=today)
        times.append(1000 * (time.perf_counter() - begun))
    times.sort()
    return {
        "assess_texts_of_100_words_per_second": round(per_second, 1),
        "read_message_ms_p50": round(statistics.median(times), 3),
        "read_message_ms_p95": round(times[int(0.95 * len(times))], 3),
    }


def chat_messages() -> list[str]:
    """Messages as long as people write them in a chat."""
    return [text for text in _texts() if len(text) < _CHARACTERS][:_MESSAGES]


def _texts() -> list[str]:
    return [
        json.loads(line)["text"]
        for path in sorted((PROJECT / "evaluation" / "development").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
