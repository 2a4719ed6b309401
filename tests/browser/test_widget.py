"""The widget in a real browser: a conversation as people have it, and whatever can come in between."""

import json
import re
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chat import EMERGENCY, STORY, Chat
from tests.browser.conftest import OpenChat
from tests.channels.test_web import rows_with
from tests.channels.web_client import new_id
from tests.conftest import Server, free_port, start_server, stop_server

EMBEDDED = '<!doctype html><html lang="en"><title>Clinic</title>%s<backsignal-chat %s></backsignal-chat>'
SCRIPT = '<script type="module" src="/widget.js"></script>'


def page_with(attributes: str = "", head: str = "") -> str:
    return EMBEDDED % (head + SCRIPT, attributes)


# A conversation


def test_a_triage_with_the_mouse_ends_in_a_result_and_advice(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    expect(opened.host.locator(".progress")).to_contain_text("Question 1 of")
    result = opened.to_result()
    expect(result).to_contain_text("999")
    while opened.answers.get_by_role("checkbox").count():
        opened.nothing()
    advice = opened.host.locator(".log .advice")
    expect(advice.first).to_be_visible()
    exercise = opened.host.locator(".log details.advice", has_text="Pelvic tilt")
    exercise.locator("> summary").click()
    expect(exercise.get_by_role("img")).to_have_count(8)


def test_of_several_advice_cards_the_first_is_open_and_the_others_say_how_they_begin(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    opened.to_result()
    while opened.answers.get_by_role("checkbox").count():
        opened.nothing()
    cards = opened.host.locator("details.advice")
    heat, ice = (cards.filter(has_text=text) for text in ("warm bottle", "frozen peas"))
    expect(heat.locator(".inner")).to_be_visible()
    expect(heat.locator(".begins")).to_be_hidden()
    expect(ice.locator(".inner")).to_be_hidden()
    expect(ice.locator(".begins")).to_contain_text("Ice works in another way than heat.")
    ice.locator("> summary").press("Enter")
    expect(ice.locator(".inner")).to_be_visible()
    expect(ice.locator(".begins")).to_be_hidden()
    # Where it comes from opens too, and is not told in the text before.
    evidence = ice.get_by_text("Nobody knows for sure")
    expect(evidence).not_to_contain_text("Cochrane")
    sources = ice.locator("details")
    expect(sources.get_by_text("Cochrane")).to_be_hidden()
    sources.locator("summary").click()
    expect(sources.get_by_text("Cochrane")).to_be_visible()


def test_an_emergency_cannot_be_overlooked(chat: OpenChat) -> None:
    opened = chat()
    card = opened.say(EMERGENCY)
    alarm = opened.host.get_by_role("alert").filter(has_text="Emergency")
    expect(alarm).to_be_visible()
    for place in (alarm, card):
        expect(place.get_by_role("link", name="Call 999")).to_have_attribute("href", "tel:999")
    opened.say("ok")
    expect(alarm).to_be_in_viewport()


def test_ticks_exclude_none_of_these(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    boxes = opened.answers.get_by_role("checkbox")
    send = opened.answers.get_by_role("button")
    expect(send).to_be_disabled()
    boxes.nth(0).check()
    boxes.nth(1).check()
    opened.answers.get_by_role("checkbox", name="None of these").check()
    expect(opened.answers.locator("input:checked")).to_have_count(1)
    boxes.nth(0).check()
    expect(opened.answers.locator("input:checked")).to_have_count(1)
    boxes.nth(1).check()
    send.click()
    expect(opened.host.locator(".log .person").last).to_contain_text("; ")
    expect(opened.host.locator(".card.emergency")).to_be_visible()


def test_options_are_not_listed_twice(chat: OpenChat) -> None:
    opened = chat()
    question = opened.say(STORY)
    option = opened.answers.get_by_role("checkbox").first.get_attribute("value")
    expect(question).not_to_contain_text(str(option))


def test_reasons_stand_in_the_persons_own_words_with_sources_that_open(chat: OpenChat) -> None:
    opened = chat()
    opened.say("my back hurts and I had breast cancer six years ago")
    result = opened.to_result()
    expect(result.locator("blockquote").first).to_contain_text("cancer")
    source = result.locator("details").first
    expect(source.locator("p")).to_be_hidden()
    source.locator("summary").click()
    expect(source.locator("p")).to_be_visible()


def test_talking_to_a_person_gives_a_number_and_a_reference(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    menu(opened, "Talk to a person")
    card = opened.host.locator(".card.handover")
    expect(card.get_by_role("link")).to_have_attribute("href", re.compile(r"^tel:\d+$"))
    expect(card.locator(".reference strong")).to_have_text(re.compile(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$"))


def test_the_summary_is_printed_alone_and_saved(chat: OpenChat, new_page: Callable[..., Page]) -> None:
    opened = chat()
    opened.page.evaluate("""() => { window.printed = null; }""")
    opened.page.add_init_script("window.print = () => { top.printed = document.body.innerText; }")
    opened.page.reload()
    opened.open()
    opened.say(STORY)
    opened.to_result()
    menu(opened, "Summary")
    dialog = opened.host.get_by_role("dialog", name="Summary")
    expect(dialog).to_contain_text("You answered all the questions")
    with opened.page.expect_download() as download:
        dialog.get_by_role("button", name="Save").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert "You answered all the questions" in saved
    assert STORY in saved
    dialog.get_by_role("button", name="Print").click()
    opened.page.wait_for_function("() => window.printed !== undefined && window.printed !== null")
    printed = opened.page.evaluate("() => window.printed")
    assert "You answered all the questions" in printed
    assert "Opening hours" not in printed
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_starting_again(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    menu(opened, "Start again")
    opened.host.get_by_role("dialog", name="Start again").get_by_role("button", name="Start again").click()
    expect(opened.messages).to_have_count(1)
    expect(opened.input).to_be_focused()
    opened.say(STORY)


def test_forget_me_erases_on_the_server_and_here_and_says_so(chat: OpenChat, server: Server) -> None:
    opened = chat()
    name = new_id()
    opened.say(f"my back hurts, my name is {name}")
    assert rows_with(server.database, name) > 0
    menu(opened, "Forget me")
    dialog = opened.host.get_by_role("dialog", name="Erase")
    dialog.get_by_role("button", name="Cancel").click()
    assert rows_with(server.database, name) > 0
    menu(opened, "Forget me")
    dialog.get_by_role("button", name="Erase").click()
    expect(opened.host.locator(".log")).to_contain_text("is erased")
    assert rows_with(server.database, name) == 0
    assert name not in opened.panel.inner_text()
    stored = opened.page.evaluate("() => JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert name not in stored
    assert "token" not in stored
    opened.answers.get_by_role("button", name="Start again").click()
    expect(opened.messages).to_have_count(1)
    opened.say(STORY)


def test_who_writes_that_they_want_to_be_forgotten_is_offered_it(chat: OpenChat, server: Server) -> None:
    opened = chat()
    name = new_id()
    opened.say(f"my back hurts, my name is {name}")
    opened.say("forget me")
    opened.answers.get_by_role("button", name="Forget me").click()
    opened.host.get_by_role("dialog", name="Erase").get_by_role("button", name="Erase").click()
    expect(opened.host.locator(".log")).to_contain_text("is erased")
    assert rows_with(server.database, name) == 0


def test_pointing_at_the_body(chat: OpenChat) -> None:
    opened = chat()
    opened.answers.get_by_role("button", name="Point at where it hurts").click()
    places = opened.answers.get_by_role("checkbox")
    places.filter(has_text="Lower back, left").click()
    places.filter(has_text="Buttock, left").click()
    expect(opened.answers.get_by_role("status")).to_contain_text("Lower back, left; Buttock, left")
    opened.answers.get_by_role("button", name="Send").click()
    expect(opened.host.locator(".log .person")).to_contain_text("my lower back on the left, my left buttock")


def menu(opened: Chat, item: str) -> None:
    opened.host.get_by_role("button", name="More").click()
    opened.host.locator(".menu").get_by_role("button", name=item).click()


# Nothing is lost


def test_a_reload_in_mid_form_keeps_all(chat: OpenChat) -> None:
    opened = chat()
    opened.say(STORY)
    before = opened.host.locator(".log").inner_text()
    opened.answers.get_by_role("checkbox").nth(1).check()
    opened.input.fill("and half a sent")
    opened.page.reload()
    opened.open()
    expect(opened.messages).to_have_count(3)
    assert opened.host.locator(".log").inner_text() == before
    expect(opened.answers.get_by_role("checkbox").nth(1)).to_be_checked()
    expect(opened.input).to_have_value("and half a sent")
    opened.input.fill("")
    opened.nothing()


def test_offline_says_so_and_sends_once_when_back(chat: OpenChat) -> None:
    opened = chat()
    opened.page.context.set_offline(True)
    expect(opened.host.locator(".network")).to_contain_text("offline")
    expect(opened.host.locator(".network").get_by_role("link")).to_have_attribute("href", "tel:999")
    opened.input.fill(STORY)
    opened.input.press("Enter")
    expect(opened.host.locator(".pending")).to_contain_text("Waiting to be sent")
    opened.page.context.set_offline(False)
    expect(opened.answers.get_by_role("checkbox").first).to_be_visible()
    expect(opened.host.locator(".network")).to_be_empty()
    expect(opened.host.locator(".message.person")).to_have_count(1)


def test_what_was_written_offline_survives_a_reload(chat: OpenChat) -> None:
    opened = chat()
    opened.page.route("**/web/messages", lambda route: route.abort())
    opened.input.fill(STORY)
    opened.input.press("Enter")
    expect(opened.host.locator(".pending")).to_contain_text("Waiting to be sent")
    opened.page.unroute("**/web/messages")
    opened.page.reload()
    opened.launcher.click()
    expect(opened.answers.get_by_role("checkbox").first).to_be_visible()
    expect(opened.host.locator(".message.person")).to_have_count(1)


def test_a_lost_answer_is_fetched_and_not_handled_twice(chat: OpenChat) -> None:
    opened = chat()
    lost = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    opened.page.route("**/web/messages", lose_the_first)
    opened.say(STORY)
    assert lost == [200]
    expect(opened.host.locator(".message.person")).to_have_count(1)


def test_a_server_stopped_and_started_in_mid_conversation(
    new_page: Callable[..., Page], tmp_path: Path
) -> None:
    port = str(free_port())
    started = start_server(tmp_path, "--port", port)
    try:
        page = new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        opened = Chat(page).open()
        opened.say(STORY)
        stop_server(started)
        expect(opened.host.locator(".network")).to_contain_text("cannot reach the clinic")
        expect(opened.host.locator(".network").get_by_role("link")).to_have_attribute("href", "tel:999")
        opened.answers.get_by_role("checkbox", name="None of these").check()
        opened.answers.get_by_role("button").last.click()
        expect(opened.host.locator(".pending")).to_contain_text("Waiting to be sent")
        started = start_server(tmp_path, "--port", port)
        expect(opened.host.locator(".pending")).to_have_count(0, timeout=60_000)
        expect(opened.host.locator(".log .person")).to_have_count(2)
        opened.to_result()
        expect(opened.host.locator(".network")).to_be_empty()
    finally:
        stop_server(started)


@pytest.fixture
def tabs(on_host: OpenChat) -> tuple[Chat, Chat]:
    """Two tabs of one person, who has begun in the first."""
    one = on_host(page_with('remember="device"')).open()
    one.say(STORY)
    second = one.page.context.new_page()
    second.goto(one.page.url)
    two = Chat(second).open()
    expect(two.answers.get_by_role("checkbox").first).to_be_visible()
    return one, two


def test_two_tabs_share_a_conversation(tabs: tuple[Chat, Chat]) -> None:
    one, two = tabs
    two.nothing()
    expect(one.messages).to_have_count(two.messages.count())
    assert one.host.locator(".log").inner_text() == two.host.locator(".log").inner_text()
    one.nothing()
    expect(two.messages).to_have_count(one.messages.count())
    menu(one, "Forget me")
    one.host.get_by_role("dialog", name="Erase").get_by_role("button", name="Erase").click()
    expect(two.host.locator(".log")).to_contain_text("is erased")
    expect(two.messages).to_have_count(0)


def test_a_closed_chat_says_that_something_came(tabs: tuple[Chat, Chat]) -> None:
    one, two = tabs
    one.input.press("Escape")
    two.nothing()
    badge = one.host.get_by_role("status").filter(has_text="New message")
    expect(badge).to_be_visible()
    one.launcher.click()
    expect(badge).to_be_hidden()


def test_an_ended_session_is_replaced_and_the_words_are_kept(chat: OpenChat, server: Server) -> None:
    opened = chat()
    forget = """async (token) => {
      await fetch('/web/session', {method: 'DELETE', headers: {Authorization: 'Bearer ' + token}});
    }"""
    # The stream would tell at once: here the session ends while nothing is heard.
    opened.page.route("**/web/events", lambda route: route.abort())
    opened.page.reload()
    opened.open()
    tokens = opened.page.evaluate("() => Object.entries(sessionStorage).filter(([k]) => k.endsWith('token'))")
    opened.page.evaluate(forget, json.loads(tokens[0][1]))
    opened.input.fill(STORY)
    opened.input.press("Enter")
    expect(opened.answers.get_by_role("checkbox").first).to_be_visible()
    expect(opened.host.locator(".log")).to_contain_text("This chat has ended")
    expect(opened.host.locator(".message.person")).to_have_count(1)


# What the server may say


def test_too_fast_is_waited_out(chat: OpenChat) -> None:
    opened = chat()
    refused = []

    def slow(route: Route) -> None:
        if len(refused) < 2:
            refused.append(1)
            error = {"code": "too_fast", "message": "Please wait."}
            route.fulfill(status=429, json={"error": error}, headers={"Retry-After": "1"})
        else:
            route.continue_()

    opened.page.route("**/web/messages", slow)
    opened.say(STORY)
    assert len(refused) == 2


def test_a_failure_is_said_with_a_way_on(chat: OpenChat) -> None:
    opened = chat()
    fail_messages(opened.page)
    opened.input.fill(STORY)
    opened.input.press("Enter")
    alert = opened.host.get_by_role("alert").filter(has_text="Something went wrong. Call 999.")
    expect(alert).to_be_visible()
    opened.page.unroute("**/web/messages")
    alert.get_by_role("button", name="Try again").click()
    expect(opened.answers.get_by_role("checkbox").first).to_be_visible()


def fail_messages(page: Page) -> None:
    error = {"code": "failed", "message": "Something went wrong. Call 999."}
    page.route("**/web/messages", lambda route: route.fulfill(status=503, json={"error": error}))


def test_a_website_that_is_not_on_the_list_gets_no_conversation(
    new_page: Callable[..., Page], server: Server, tmp_path: Path
) -> None:
    script = f'<script type="module" src="{server.url}/widget.js"></script>'
    (tmp_path / "index.html").write_text(EMBEDDED % (script, ""))
    other = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path))
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        page = new_page()
        page.goto(f"http://127.0.0.1:{other.server_port}/")
        opened = Chat(page)
        opened.launcher.click()
        # A browser hides from a page what another website's server refused it.
        expect(opened.host.locator(".network")).to_contain_text("In an emergency call")
        expect(opened.messages).to_have_count(0)
    finally:
        other.shutdown()


# Script injection

EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>"\'><svg onload=window.pwned=1>'
PAYLOADS: list[dict[str, Any]] = [
    {"type": "question", "id": EVIL, "findings": [EVIL], "multiple": True, "step": 1, "steps": 2,
     "options": [{"title": EVIL, "payload": EVIL}, {"title": "None", "payload": "None"}]},
    {"type": "question", "id": EVIL, "findings": [], "multiple": False, "step": EVIL, "steps": EVIL,
     "options": [{"title": EVIL, "payload": EVIL}]},
    {"type": "emergency", "level": "emergency", "findings": [EVIL], "text": EVIL,
     "call": "javascript:window.pwned=1"},
    {"type": "triage", "level": EVIL, "findings": [], "safety_net": [EVIL], "final": True,
     "reasons": [{"rule": EVIL, "findings": [EVIL], "quote": EVIL, "source": EVIL, "why": EVIL}]},
    {"type": "advice", "topic": "__proto__", "title": EVIL, "status": "offered", "because": [EVIL],
     "movements": ["__proto__", EVIL], "sources": [EVIL, EVIL]},
    {"type": "handover", "note": EVIL, "reference": EVIL},
    {"type": EVIL},
    {"type": "constructor"},
]  # fmt: skip


def test_nothing_that_comes_back_is_markup(chat: OpenChat) -> None:
    opened = chat()
    text = f"{EVIL}\n\n• {EVIL}\n\nWhy:\n• {EVIL}"
    entries = [
        {"n": number, "from": "assistant", "text": text, "at": EVIL, "custom": {"data": data},
         "buttons": [{"title": EVIL, "payload": EVIL}], "image": "javascript:window.pwned=1"}
        for number, data in enumerate(PAYLOADS)
    ]  # fmt: skip
    entries.insert(0, {"n": 0, "from": "person", "id": EVIL, "text": text, "at": EVIL})
    for number, entry in enumerate(entries):
        entry["n"] = number
    facts = opened.page.evaluate("async () => (await fetch('/web/clinic')).json()")
    spoilt = json.loads(json.dumps(facts), parse_int=str)
    for key in ("clinic", "telephone", "emergency_number"):
        spoilt[key] = EVIL
    for place in spoilt["pointing"]["places"]:
        place["name"] = place["says"] = EVIL
    spoilt["drawings"] = dict.fromkeys(spoilt["drawings"], EVIL)
    opened.page.route("**/web/clinic", answering(spoilt))
    opened.page.route("**/web/events", lambda route: route.abort())
    for last in range(2, len(entries) + 1):
        opened.page.route("**/web/session", answering({"token": "x.y", "messages": entries[:last]}))
        opened.page.reload()
        opened.launcher.click()
        expect(opened.messages).to_have_count(last)
        opened.host.get_by_role("button", name="Point at where it hurts").last.click()
        opened.page.unroute("**/web/session")
    menu(opened, "Summary")
    found = opened.page.evaluate(
        """() => {
          const root = document.querySelector("backsignal-chat").shadowRoot;
          return {
            pwned: window.pwned ?? null,
            elements: root.querySelectorAll("img, script, iframe, object, embed, foreignObject").length,
            links: [...root.querySelectorAll("a")].map((a) => a.href).filter((to) => !to.startsWith("tel:")),
          };
        }"""
    )
    assert found == {"pwned": None, "elements": 0, "links": []}


def answering(body: Any) -> Callable[[Route], None]:
    return lambda route: route.fulfill(json=body)


def test_a_persons_markup_comes_back_as_text(chat: OpenChat) -> None:
    opened = chat()
    opened.say(f"my back hurts {EVIL}")
    opened.page.reload()
    opened.open()
    expect(opened.host.locator(".log .person")).to_contain_text(EVIL)
    assert opened.page.evaluate("() => window.pwned ?? null") is None


# Hostile and strict pages


def test_a_page_that_hides_everything_does_not_hide_the_chat(on_host: OpenChat) -> None:
    rules = (
        "display: none; visibility: hidden; opacity: 0; pointer-events: none; font-size: 1px; color: red;"
        " position: absolute; left: -9999px; transform: scale(0); clip-path: inset(50%); line-height: 0;"
        " letter-spacing: 40px; text-transform: uppercase; direction: rtl; zoom: 0.1"
    )
    hostile = f"<style>body * {{ {rules.replace(';', ' !important;')} !important }}</style>"
    opened = on_host(page_with(head=hostile), policy="default-src 'self'; style-src 'self' 'unsafe-inline'")
    expect(opened.launcher).to_be_in_viewport()
    opened.open()
    opened.say(STORY)
    opened.to_result()
    size = opened.input.evaluate("element => getComputedStyle(element).fontSize")
    assert size == "16px"


def test_a_strict_policy_is_kept(on_host: OpenChat) -> None:
    policy = "default-src 'self'; object-src 'none'; base-uri 'none'; require-trusted-types-for 'script'"
    opened = on_host(page_with(), policy=policy)
    said: list[str] = []
    opened.page.on("console", lambda message: said.append(message.text))
    opened.page.evaluate(
        "() => { window.violations = [];"
        " addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective)); }"
    )
    opened.open()
    opened.say(STORY)
    opened.answers.get_by_role("checkbox").first.check()
    opened.host.get_by_role("button", name="Point at where it hurts").click()
    opened.say(EMERGENCY)
    menu(opened, "Summary")
    opened.host.get_by_role("dialog", name="Summary").get_by_role("button", name="Print").click()
    expect(opened.host.locator("iframe")).to_have_count(1)
    assert opened.page.evaluate("() => violations") == []
    assert not [line for line in said if "Content Security Policy" in line]


def test_nobody_else_is_asked_for_anything(
    chat: OpenChat, new_page: Callable[..., Page], server: Server
) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/")
    opened = Chat(page).open()
    opened.say(STORY)
    opened.to_result()
    assert asked
    assert all(url.startswith(f"{server.url}/") for url in asked)
    assert not any("?" in url or len(url) > len(server.url) + 40 for url in asked), (
        "nothing personal in addresses"
    )


def test_attributes_change_what_is_seen(on_host: OpenChat) -> None:
    opened = on_host(
        page_with('accent="#ffdd00" clinic="Saint Elsewhere" position="start" theme="dark" open')
    )
    expect(opened.messages.first).to_be_visible()
    assert opened.page.evaluate("() => document.activeElement === document.body"), (
        "opening itself takes no focus"
    )
    expect(opened.host.get_by_role("dialog", name="Back-pain assistant of Saint Elsewhere")).to_be_visible()
    box = opened.panel.bounding_box()
    assert box
    assert box["x"] < 100
    opened.host.evaluate("element => element.removeAttribute('open')")
    expect(opened.panel).to_be_hidden()


def test_a_page_may_bring_its_own_language(on_host: OpenChat) -> None:
    opened = on_host('<!doctype html><html lang="en"><title>Clinic</title>')
    opened.page.evaluate(
        """async () => {
          const { BacksignalChat } = await import("/widget.js");
          BacksignalChat.locales.cy = { launcher: "Gofynnwch am eich cefn" };
          const chat = document.createElement("backsignal-chat");
          chat.setAttribute("locale", "cy");
          document.body.append(chat);
        }"""
    )
    expect(opened.launcher).to_have_text("Gofynnwch am eich cefn")
    opened.open()
    expect(opened.input).to_have_attribute("aria-label", "Your message")


def test_right_to_left_pages_are_mirrored(on_host: OpenChat) -> None:
    html = page_with().replace("<html", '<html dir="rtl"')
    opened = on_host(html, viewport={"width": 1000, "height": 700})
    box = opened.launcher.bounding_box()
    assert box
    assert box["x"] < 100
    opened.open()
    opened.say(STORY)
    person, assistant = (
        opened.host.locator(f".log .{who} .bubble").last.bounding_box() for who in ("person", "assistant")
    )
    assert person
    assert assistant
    assert person["x"] < assistant["x"]
    assert overflowing(opened) == []


def overflowing(opened: Chat) -> list[str]:
    """Elements of the open panel that stick out of the window sideways."""
    found: list[str] = opened.panel.evaluate(
        """panel => [...panel.querySelectorAll("*")]
          .filter((e) => !e.closest(".hidden") && e.getClientRects().length)
          .map((e) => [e, e.getBoundingClientRect()])
          .filter(([_, box]) => box.left < -1 || box.right > innerWidth + 1)
          .map(([e]) => e.tagName + "." + e.className)"""
    )
    return found
