"""The rules for the tests of the language layer, and short ways to ask them. The detector has its own."""

from datetime import date
from functools import lru_cache

from backsignal.clinical.findings import Reading
from backsignal.language.reader import Reader

TODAY = date(2026, 11, 22)
WEIGHT = ("present", "uncertain", "absent", "past", "hypothetical", "other_person")


@lru_cache(maxsize=1)
def reader() -> Reader:
    return Reader.load(detector=False)


def read(text: str, today: date = TODAY) -> Reading:
    return reader().read(text, today=today)


def statuses(text: str) -> dict[str, str]:
    best: dict[str, str] = {}
    for mention in read(text).mentions:
        status = mention.status.value
        if mention.finding not in best or WEIGHT.index(status) < WEIGHT.index(best[mention.finding]):
            best[mention.finding] = status
    return best
