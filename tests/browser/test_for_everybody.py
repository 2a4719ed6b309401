"""The widget for everybody: rules of accessibility on every state, keyboard, small and large screens."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chat import EMERGENCY, STORY, Chat
from tests.browser.conftest import OpenChat
from tests.browser.test_widget import answering, fail_messages, menu, overflowing
from tests.conftest import Server

PHONE = {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


def closed(opened: Chat) -> None:
    opened.input.press("Escape")
    expect(opened.launcher).to_be_visible()


def opening(opened: Chat) -> None:
    # The server takes its time: what is seen until then is a state of its own.
    opened.page.route("**/web/session", lambda route: None)
    opened.page.reload()
    opened.launcher.click()
    expect(opened.host.locator(".typing")).to_be_visible()


def question(opened: Chat) -> None:
    opened.say(STORY)
    while opened.answers.get_by_role("checkbox").count():
        opened.nothing()


def ticks(opened: Chat) -> None:
    opened.say(STORY)
    opened.answers.get_by_role("checkbox").first.check()


def emergency(opened: Chat) -> None:
    opened.say(EMERGENCY)


def triage(opened: Chat) -> None:
    opened.say("my back hurts and I had breast cancer six years ago")
    opened.to_result().locator("summary").first.click()


def advice(opened: Chat) -> None:
    opened.say(STORY)
    opened.to_result()
    while opened.answers.get_by_role("checkbox").count():
        opened.nothing()
    for summary in opened.host.locator("details.advice > summary").all():
        summary.click()


def offline(opened: Chat) -> None:
    opened.page.context.set_offline(True)
    opened.input.fill(STORY)
    opened.input.press("Enter")
    expect(opened.host.locator(".network")).to_contain_text("offline")


def error(opened: Chat) -> None:
    fail_messages(opened.page)
    opened.input.fill(STORY)
    opened.input.press("Enter")
    expect(opened.host.get_by_role("button", name="Try again")).to_be_visible()


def pointing(opened: Chat) -> None:
    opened.answers.get_by_role("button", name="Point at where it hurts").click()
    opened.answers.get_by_role("checkbox").first.click()


def menu_open(opened: Chat) -> None:
    opened.host.get_by_role("button", name="More").click()


def summary(opened: Chat) -> None:
    menu(opened, "Summary")


def person(opened: Chat) -> None:
    opened.say(STORY)
    menu(opened, "Talk to a person")
    opened.host.locator(".card.handover summary").click()


def forgotten(opened: Chat) -> None:
    menu(opened, "Forget me")
    opened.host.get_by_role("dialog", name="Erase").get_by_role("button", name="Erase").click()
    expect(opened.host.locator(".log")).to_contain_text("is erased")


STATES: list[Callable[[Chat], None]] = [
    closed,
    opening,
    question,
    ticks,
    emergency,
    triage,
    advice,
    offline,
    error,
    pointing,
    menu_open,
    summary,
    person,
    forgotten,
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_rule_of_accessibility_is_broken(
    state: Callable[[Chat], None], scheme: str, chat: OpenChat
) -> None:
    opened = chat(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True, **DESKTOP)
    state(opened)
    assert violations(opened.page) == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_small_phone_shows_it_all(state: Callable[[Chat], None], chat: OpenChat) -> None:
    opened = chat(reduced_motion="reduce", bypass_csp=True, **PHONE)
    state(opened)
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= 320
    if state is not closed:
        assert overflowing(opened) == []
        assert opened.panel.evaluate(
            "panel => panel.querySelector('.scroller').scrollWidth <= panel.clientWidth"
        )
    assert small_targets(opened) == []
    assert violations(opened.page) == []


@pytest.mark.parametrize("accent", ["#ffdd00", "#ffffff", "#000000", "#ff6f61", "rgb(120 120 120)"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_any_accent_colour_can_be_read(accent: str, theme: str, on_host: OpenChat) -> None:
    head = '<script type="module" src="/widget.js"></script>'
    opened = on_host(
        f'<!doctype html><html lang="en"><title>Clinic</title>{head}<main><h1>Clinic</h1>'
        f'<backsignal-chat accent="{accent}" theme="{theme}"></backsignal-chat></main>',
        bypass_csp=True,
    )
    opened.open()
    opened.say(STORY)
    opened.answers.get_by_role("checkbox").first.check()
    assert violations(opened.page) == []


def violations(page: Page) -> list[str]:
    """The rules that are broken, with where."""
    found: dict[str, Any] = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{broken['id']}: {node['target']} {node['failureSummary']}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]


def small_targets(opened: Chat) -> list[str]:
    """Controls in sight that are smaller than 24 by 24 pixels; links within a sentence may be."""
    found: list[str] = opened.host.evaluate(
        """host => [...host.shadowRoot.querySelectorAll("button, a, textarea, summary, label, .place")]
          .filter((e) => e.getClientRects().length && !e.closest(".network"))
          .map((e) => [e, e.getBoundingClientRect()])
          .filter(([_, box]) => box.width < 24 || box.height < 24)
          .map(([e, box]) => `${e.className.baseVal ?? e.className} ${box.width}x${box.height}`)"""
    )
    return found


def test_a_whole_triage_with_the_keyboard_alone(new_page: Callable[..., Page], server: Server) -> None:
    page = new_page(**DESKTOP)
    page.goto(f"{server.url}/")
    opened = Chat(page)
    expect(opened.launcher).to_be_visible()
    keys = Keys(page)
    keys.tab_to("Ask about your back", "button")
    keys.press("Enter")
    expect(opened.messages.first).to_be_visible()
    assert keys.focused()[1] == "Your message"
    page.keyboard.type(STORY)
    keys.press("Enter")
    opened.answered(1)
    result = opened.host.locator(".log .card:is(.self_care, .soon, .urgent)")
    keys.tab_to("None of these", "checkbox", back=True)
    for _ in range(16):
        before = opened.count("assistant")
        if opened.answers.get_by_role("checkbox").count():
            # After an answer the focus is on the first of the next answers.
            keys.tab_to("None of these", "checkbox")
            keys.press(" ")
            keys.tab_to("Send my answer", "button")
        else:
            keys.tab_to(opened.harmless())
        keys.press("Enter")
        opened.answered(before)
        if result.count():
            break
    expect(result).to_have_count(1)
    keys.press("Escape")
    assert keys.focused() == ["button", "Ask about your back"]


def test_the_body_picture_with_the_keyboard_alone(chat: OpenChat) -> None:
    opened = chat(**DESKTOP)
    keys = Keys(opened.page)
    keys.tab_to("Point at where it hurts", "button", back=True)
    keys.press("Enter")
    assert keys.focused() == ["checkbox", "Neck"]
    for _ in range(5):
        keys.press("ArrowDown")
    keys.press(" ")
    assert keys.focused()[1] == "Lower back, middle"
    keys.press("Tab")
    assert keys.focused() == ["button", "Send"]
    keys.press("Enter")
    expect(opened.host.locator(".log .person")).to_contain_text("the middle of my lower back")


def test_the_focus_comes_back_from_where_it_went(chat: OpenChat) -> None:
    opened = chat(**DESKTOP)
    keys = Keys(opened.page)
    keys.tab_to("More", "button", back=True)
    keys.press("Enter")
    assert keys.focused()[1] == "Talk to a person"
    keys.press("Escape")
    assert keys.focused()[1] == "More"
    keys.press("Enter")
    keys.tab_to("Forget me", "button")
    keys.press("Enter")
    assert keys.focused()[1] == "Cancel"
    keys.press("Escape")
    expect(opened.host.get_by_role("dialog", name="Erase")).to_be_hidden()
    assert keys.focused()[1] == "More"
    keys.press("Escape")
    assert keys.focused()[1] == "Ask about your back"


def test_on_a_phone_the_page_behind_is_out_of_reach(chat: OpenChat) -> None:
    opened = chat(**PHONE)
    keys = Keys(opened.page)
    seen = set()
    for _ in range(15):
        keys.press("Tab")
        seen.add(keys.focused()[1])
    assert "Your message" in seen
    assert "Ask about your back now" not in seen


class Keys:
    """The keyboard and what it is on."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def focused(self) -> list[str]:
        """Role and name of the element with the focus."""
        found: list[str] = self.page.evaluate(
            """() => {
              let e = document.activeElement;
              while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
              const name = e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent;
              const role = e.getAttribute("role") ?? (e.type === "checkbox" ? "checkbox" : e.localName);
              return [role, name.trim()];
            }"""
        )
        return found

    def tab_to(self, *names: str, back: bool = False) -> None:
        """Press the tab key until the focus is on one of the names; a role may stand among them."""
        for _ in range(40):
            role, name = self.focused()
            if name in names and (role in names or not {"button", "checkbox"} & set(names)):
                return
            self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"never came to {names}")


# For screen readers


def test_what_is_new_is_read_out_and_what_was_there_is_not(chat: OpenChat) -> None:
    opened = chat()
    log = opened.host.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    opened.say(STORY)
    opened.page.evaluate(
        """() => {
          window.lives = [];
          const watch = (root) => new MutationObserver((changes) => {
            for (const change of changes) {
              const log = change.target.closest?.('[role="log"]');
              if (log && change.addedNodes.length) lives.push(log.getAttribute("aria-live"));
            }
          }).observe(root, { childList: true, subtree: true });
          watch(document.querySelector("backsignal-chat").shadowRoot);
        }"""
    )
    opened.nothing()
    assert set(opened.page.evaluate("() => lives")) == {"polite"}
    opened.page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          window.lives = [];
          new MutationObserver((changes) => {
            for (const change of changes) if (change.addedNodes.length) lives.push(change.target.ariaLive);
          }).observe(
            document.querySelector("backsignal-chat").shadowRoot.querySelector('[role="log"]'),
            { childList: true },
          );
        })"""
    )
    opened.page.reload()
    opened.open()
    assert opened.page.evaluate("() => lives") == ["off"]


def test_who_says_what_is_said(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    assert "You:" in opened.host.locator(".log .person").first.inner_text()
    assert "Assistant:" in opened.host.locator(".log .assistant").first.inner_text()


def test_nothing_moves_where_motion_is_not_wanted(chat: OpenChat) -> None:
    opened = chat(reduced_motion="reduce")
    opened.page.route("**/web/messages", lambda route: None)
    opened.input.fill(STORY)
    opened.input.press("Enter")
    expect(opened.host.locator(".typing")).to_be_visible()
    assert opened.page.evaluate("() => document.getAnimations().length") == 0
    moving = "host => host.shadowRoot.getAnimations?.().length ?? 0"
    assert opened.host.evaluate(moving) == 0


def test_twice_the_size_loses_nothing(chat: OpenChat) -> None:
    # What 200 % does to a window of 1280 by 800.
    opened = chat(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    opened.say(STORY)
    assert overflowing(opened) == []
    expect(opened.input).to_be_in_viewport()
    opened.to_result()


def test_high_contrast_keeps_its_borders(chat: OpenChat) -> None:
    opened = chat(forced_colors="active")
    card = opened.say(EMERGENCY)
    assert card.locator(".bar").evaluate("bar => getComputedStyle(bar).borderTopWidth") == "2px"


def test_a_session_without_words_is_no_trap(chat: OpenChat) -> None:
    opened = chat()
    opened.page.route("**/web/session", answering({"token": "x.y", "messages": []}))
    opened.page.route("**/web/events", lambda route: route.abort())
    opened.page.reload()
    opened.launcher.click()
    expect(opened.input).to_be_editable()
