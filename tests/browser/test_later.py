"""What comes by itself, days later: into open tabs, after a reload, and to who had closed the page."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import STORY, Chat
from tests.browser.conftest import serve_host
from tests.browser.test_widget import menu, page_with
from tests.channels.test_web import rows_with
from tests.conftest import Server, start_server, stop_server
from tests.days import NEXT_DAY, Days

# A stream looks every 20 seconds for what came without the person's doing.
LATER = 60_000
HELLO = "You agreed that I ask again"

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    return Days(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def running(days: Days, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tmp_path_factory.mktemp("later"), **days.setting)
    yield started
    stop_server(started)


@pytest.fixture
def agreed(new_page: NewPage, running: Server) -> Chat:
    """Somebody who has just said yes to being asked again."""
    page = new_page()
    serve_host(page, running, page_with())
    opened = visit(page, running).open()
    opened.say(STORY)
    opened.to_result()
    while opened.answers.get_by_role("checkbox").count():
        opened.nothing()
    expect(opened.choose("Yes, ask me again")).to_contain_text("I will ask you again")
    return opened


def visit(page: Page, running: Server) -> Chat:
    page.goto(f"{running.url}/host")
    return Chat(page)


def badge(opened: Chat) -> None:
    shown = opened.host.get_by_role("status").filter(has_text="New message")
    expect(shown).to_be_visible(timeout=LATER)
    opened.launcher.click()
    expect(shown).to_be_hidden()


def wait_until_asked(running: Server, before: int) -> None:
    """Wait until the check-in stands in the conversation, which no page shows meanwhile."""
    deadline = time.monotonic() + LATER / 1000
    while rows_with(running.database, HELLO) == before:
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)


def test_it_comes_into_every_open_tab_and_stays_after_a_reload(
    agreed: Chat, running: Server, days: Days
) -> None:
    other = visit(agreed.page.context.new_page(), running).open()
    expect(other.messages).to_have_count(agreed.messages.count())
    agreed.input.press("Escape")
    days.add(NEXT_DAY)
    expect(other.messages.filter(has_text=HELLO)).to_have_count(1, timeout=LATER)
    expect(other.answers.get_by_role("checkbox", name="None of these")).to_be_visible(timeout=LATER)
    badge(agreed)
    expect(agreed.messages).to_have_count(other.messages.count())
    other.page.reload()
    expect(other.launcher).to_be_visible()
    expect(other.host.get_by_role("status").filter(has_text="New message")).to_have_count(0)
    other.open()
    expect(other.messages.filter(has_text=HELLO)).to_have_count(1)
    other.nothing()
    expect(agreed.messages).to_have_count(other.messages.count())


def test_what_came_while_the_page_was_closed_is_there_at_the_next_visit(
    agreed: Chat, running: Server, days: Days
) -> None:
    context = agreed.page.context
    agreed.page.close()
    before = rows_with(running.database, HELLO)
    days.add(NEXT_DAY)
    wait_until_asked(running, before)
    again = visit(context.new_page(), running)
    badge(again)
    expect(again.messages.filter(has_text=HELLO)).to_have_count(1)
    expect(again.answers.get_by_role("checkbox", name="None of these")).to_be_visible(timeout=LATER)
    again.nothing()


def test_that_the_chat_is_kept_is_said_and_forget_me_ends_it(agreed: Chat, running: Server) -> None:
    expect(agreed.host.locator(".notice")).to_contain_text("kept on this device")
    kept = "() => Object.keys(localStorage).filter((key) => key.endsWith('token')).length"
    assert agreed.page.evaluate(kept) == 1
    menu(agreed, "Forget me")
    agreed.host.get_by_role("dialog", name="Erase").get_by_role("button", name="Erase").click()
    expect(agreed.host.locator(".log")).to_contain_text("is erased")
    assert agreed.page.evaluate(kept) == 0
    # A new chat is kept as the page wishes again: for as long as the tab is open.
    agreed.answers.get_by_role("button", name="Start again").click()
    expect(agreed.messages).to_have_count(1)
    assert agreed.page.evaluate(kept) == 0
