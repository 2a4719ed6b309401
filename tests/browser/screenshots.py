"""Takes the pictures of the documentation: `python -m tests.browser.screenshots`."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chat import EMERGENCY, STORY, Chat, chromium
from tests.conftest import PROJECT, start_server, stop_server

IMAGES = PROJECT / "docs" / "images"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP = {"viewport": {"width": 1280, "height": 860}}


def closed(_: Chat) -> None:
    """The page alone."""


def welcome(chat: Chat) -> None:
    chat.open()


def question(chat: Chat) -> None:
    chat.open().say(STORY)
    chat.answers.get_by_role("checkbox", name="None of these").check()


def body(chat: Chat) -> None:
    chat.open().answers.get_by_role("button", name="Point at where it hurts").click()
    for place in ("Lower back, left", "Buttock, left"):
        chat.answers.get_by_role("checkbox").filter(has_text=place).click()


def emergency(chat: Chat) -> None:
    chat.open().say(EMERGENCY)


def result(chat: Chat) -> None:
    chat.open().say("I am 57, I had breast cancer, and now my back hurts when I get up")
    chat.to_result()


def advice(chat: Chat) -> None:
    chat.open().say(STORY)
    chat.to_result()
    while chat.answers.get_by_role("checkbox").count():
        chat.nothing()
    exercise = chat.host.locator("details.advice", has_text="Pelvic tilt")
    exercise.locator("> summary").click()
    exercise.get_by_role("img").first.evaluate("picture => picture.scrollIntoView({ block: 'start' })")


SHOTS: dict[str, Callable[[Chat], None]] = {
    "page": closed,
    "emergency": emergency,
    "result": result,
    "welcome": welcome,
    "question": question,
    "body": body,
    "advice": advice,
}
# On a desk the panel looks as on a phone: these show it on its page.
ON_A_DESK = ("page", "emergency", "result")


def take(browser: Browser, url: str) -> None:
    """Every picture, on a phone and on a desk, light and dark."""
    for screen, options in (("phone", PHONE), ("desktop", DESKTOP)):
        for scheme in ("light", "dark"):
            for name, arrange in SHOTS.items():
                if screen == "desktop" and name not in ON_A_DESK:
                    continue
                context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", **options)
                page = context.new_page()
                page.goto(f"{url}/")
                chat = Chat(page)
                chat.launcher.wait_for()
                arrange(chat)
                page.screenshot(path=IMAGES / f"{name}-{screen}-{scheme}.png")
                context.close()


def main() -> None:
    """Start the assistant and take the pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder))
        try:
            with chromium() as browser:
                take(browser, server.url)
        finally:
            stop_server(server)


if __name__ == "__main__":
    main()
