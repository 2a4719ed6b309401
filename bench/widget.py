"""The widget's first load in a browser that was never here: bytes, and milliseconds to the first words."""

import statistics
import time
from typing import Any

from playwright.sync_api import expect

from bench.servers import Bot, running
from tests.browser.chat import CHROMIUM, Chat, chromium

_TIMES = 10
_BYTES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((bytes, entry) => bytes + entry.transferSize, 0)"""


def first_load(bot: Bot) -> dict[str, Any] | None:
    """Medians over some visits of the demonstration page; None on a machine without Chromium."""
    if not CHROMIUM.exists():
        return None
    launcher, words, sizes = [], [], []
    with running(bot) as server, chromium() as browser:
        for _ in range(_TIMES):
            page = browser.new_context().new_page()
            begun = time.perf_counter()
            page.goto(server.url)
            chat = Chat(page)
            expect(chat.launcher).to_be_visible()
            launcher.append(1000 * (time.perf_counter() - begun))
            chat.open()
            words.append(1000 * (time.perf_counter() - begun))
            sizes.append(page.evaluate(_BYTES) / 1000)
            page.context.close()
    return {
        "launcher_ms": round(statistics.median(launcher)),
        "first_words_ms": round(statistics.median(words)),
        "kilobytes": round(statistics.median(sizes)),
    }
