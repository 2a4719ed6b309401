"""The widget as a person uses it in a browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
_SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A turn takes milliseconds; two busy cores can make it seconds.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)

STORY = "My back locked up two days ago when I lifted a box"
EMERGENCY = "I can't feel anything between my legs when I wipe"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window and without traffic of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_SWITCHES)
        yield browser
        browser.close()


class Chat:
    """The chat on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.host = page.locator("backsignal-chat")
        self.launcher = self.host.locator(".launcher")
        self.panel = self.host.locator(".panel")
        self.messages = self.host.locator(".log .message")
        self.answers = self.host.locator(".answers")
        self.input = self.host.get_by_role("textbox")

    def open(self) -> "Chat":
        """Open it and wait for the first words."""
        self.launcher.click()
        expect(self.messages.first).to_be_visible()
        return self

    def say(self, text: str) -> Locator:
        """Type a message, send it, and return the last answer."""
        before = self.count("assistant")
        self.input.fill(text)
        self.input.press("Enter")
        return self.answered(before)

    def choose(self, title: str) -> Locator:
        """Press one of the buttons on offer, and return the last answer."""
        before = self.count("assistant")
        self.answers.get_by_role("button", name=title, exact=True).click()
        return self.answered(before)

    def tick(self, *titles: str) -> Locator:
        """Tick answers, send them, and return the last answer."""
        before = self.count("assistant")
        for title in titles:
            self.answers.get_by_role("checkbox", name=title, exact=True).check()
        self.answers.get_by_role("button").last.click()
        return self.answered(before)

    def nothing(self) -> Locator:
        """Answer the question on offer with whatever means no."""
        if self.answers.get_by_role("checkbox").count():
            return self.tick("None of these")
        return self.choose(self.harmless())

    def harmless(self) -> str:
        """Which of the buttons on offer means no; of ages and durations the second is harmless."""
        titles = self.answers.locator(".chips").get_by_role("button").all_inner_texts()
        return "No" if "No" in titles else titles[1]

    def to_result(self) -> Locator:
        """Answer every question with no, and return the result's card."""
        result = self.host.locator(".log .card:is(.self_care, .soon, .urgent)")
        for _ in range(16):
            if result.count():
                return result.first
            self.nothing()
        raise AssertionError("no result after 16 questions")

    def count(self, who: str) -> int:
        """How many messages stand there, of the person or of the assistant."""
        return self.host.locator(f".log .message.{who}").count()

    def answered(self, before: int) -> Locator:
        """Wait until there are more answers than before and nothing is under way."""
        said = self.host.locator(".log .message.assistant")
        expect(said.nth(before)).to_be_visible()
        expect(self.host.locator(".pending")).to_have_count(0)
        expect(self.host.locator(".typing")).to_be_hidden()
        return said.last
