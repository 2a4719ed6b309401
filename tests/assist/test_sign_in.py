"""Agents sign in with the clinic's OpenID Connect provider, in a browser."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from backsignal.channels.assist_api import AssistOptions
from tests.assist.browsing import WCAG, MakePage
from tests.assist.provider import CLIENT, OpenIdProvider
from tests.assist.service import Client, Service, start, token

WORK_ACCOUNT = "Sign in with your work account"


@pytest.fixture(autouse=True)
def _as_at_the_beginning(provider: OpenIdProvider) -> None:
    provider.forget()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, provider: OpenIdProvider) -> Iterator[Service]:
    """Agent assist at a clinic whose agents have accounts at a provider."""
    database = tmp_path_factory.mktemp("clinic") / "assist.db"
    started = start(database, heartbeat_seconds=0.5, provider=provider.settings())
    yield started
    started.stop()


def sign_in(page: Page, answer: str = "Continue") -> None:
    page.get_by_role("button", name=WORK_ACCOUNT).click()
    page.get_by_role("link", name=answer).click()


def kept(page: Page) -> dict[str, str]:
    """All that the browser keeps of the console."""
    stores: dict[str, str] = page.evaluate("({ ...sessionStorage, ...localStorage })")
    return stores


def test_an_agent_signs_in_and_is_back_where_they_wanted_to_be(
    new_page: MakePage, clinic: Service, provider: OpenIdProvider
) -> None:
    boss = Client(clinic, token("boss", "supervisor"))
    owner = {"owner": {"id": f"{provider.url}#42", "name": "Zoë Bloggs"}, "request_id": "1"}
    call = boss.send("POST", "/assist/calls", owner).json()["id"]
    page = new_page()
    page.goto(f"{clinic.url}/assist/?call={call}")
    expect(page.get_by_role("button", name=WORK_ACCOUNT)).to_be_focused()
    assert Axe().run(page, options=WCAG).violations_count == 0
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Clinic login")).to_be_visible()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert asked["theme"] == "calm"
    assert asked["redirect_uri"] == f"{clinic.url}/assist/"
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#link")).to_have_attribute("data-link", "live")
    expect(page.locator("#about")).to_contain_text("Zoë Bloggs")
    # Neither code nor state stays in the address, and nothing but the access token in the tab.
    assert page.url == f"{clinic.url}/assist/?call={call}"
    assert list(kept(page)) == ["backsignal.agent-token"]
    assert provider.forms[0]["client_id"] == CLIENT
    assert "client_secret" not in provider.forms[0]
    # As ever, another tab is not signed in.
    other = page.context.new_page()
    other.goto(f"{clinic.url}/assist/")
    expect(other.get_by_role("button", name=WORK_ACCOUNT)).to_be_visible()


def test_where_there_is_no_provider_none_is_offered(new_page: MakePage, service: Service) -> None:
    page = new_page()
    page.goto(f"{service.url}/assist/")
    expect(page.get_by_label("Your token")).to_be_focused()
    expect(page.get_by_role("button", name=WORK_ACCOUNT)).to_have_count(0)
    assert Client(service, None).get("/assist/sign-in").json() == {"provider": None}
    assert connections(service) == ["'self'"]


def test_the_console_can_send_to_the_providers_token_endpoint_alone(
    clinic: Service, provider: OpenIdProvider
) -> None:
    assert connections(clinic) == ["'self'", f"{provider.url}/token"]


def connections(service: Service) -> list[str]:
    policy = requests.get(f"{service.url}/assist/", timeout=10).headers["Content-Security-Policy"]
    return next(rule.split()[1:] for rule in policy.split("; ") if rule.startswith("connect-src"))


def test_a_token_still_does_where_there_is_a_provider(new_page: MakePage, clinic: Service) -> None:
    page = new_page()
    page.goto(f"{clinic.url}/assist/")
    page.get_by_label("Or your token").fill(token("jo", "agent"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="New call")).to_be_visible()


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"iss": "https://elsewhere.example"},
        {"aud": "another-program"},
        {"aud": [CLIENT, "another-program"], "azp": "another-program"},
        {"exp": 1},
    ],
    ids=str,
)
def test_an_identity_for_another_sign_in_is_refused(
    new_page: MakePage, clinic: Service, provider: OpenIdProvider, changes: dict[str, Any]
) -> None:
    provider.changed_identity = changes
    page = new_page()
    page.goto(f"{clinic.url}/assist/")
    sign_in(page)
    expect(page.get_by_role("alert").filter(has_text="answered for somebody else")).to_be_visible()
    assert kept(page) == {}


def test_an_answer_that_was_not_asked_for_is_not_taken_up(
    new_page: MakePage, clinic: Service, provider: OpenIdProvider
) -> None:
    provider.changed_answer = {"state": "somebody-elses"}
    page = new_page()
    page.goto(f"{clinic.url}/assist/")
    sign_in(page)
    expect(page.get_by_role("alert").filter(has_text="not begun here")).to_be_visible()
    assert page.url == f"{clinic.url}/assist/"
    # So is an answer that somebody sends as a link, to somebody who never went to sign in.
    page.goto(f"{clinic.url}/assist/?code=theirs&state=theirs")
    expect(page.get_by_role("alert").filter(has_text="not begun here")).to_be_visible()
    assert (provider.forms, kept(page)) == ([], {})


def test_an_answer_counts_once(new_page: MakePage, clinic: Service, provider: OpenIdProvider) -> None:
    page = new_page()
    page.goto(f"{clinic.url}/assist/")
    with page.expect_request(lambda request: "code=" in request.url) as asked:
        sign_in(page)
    expect(page.get_by_role("button", name="New call")).to_be_visible()
    page.goto(asked.value.url)
    expect(page.get_by_role("alert").filter(has_text="not begun here")).to_be_visible()
    assert len(provider.forms) == 1


def test_who_refuses_or_has_no_part_in_calls_is_told(
    new_page: MakePage, clinic: Service, provider: OpenIdProvider
) -> None:
    page = new_page()
    page.goto(f"{clinic.url}/assist/")
    sign_in(page, "Refuse")
    expect(page.get_by_role("alert").filter(has_text="was not completed (access_denied)")).to_be_visible()
    provider.roles = ["porter"]
    sign_in(page)
    expect(page.get_by_role("alert").filter(has_text="does not take calls here")).to_be_visible()
    assert kept(page) == {}


def test_whose_sign_in_runs_out_during_a_call_signs_in_again_and_goes_on(
    new_page: MakePage, clinic: Service, provider: OpenIdProvider
) -> None:
    page = new_page()
    page.goto(f"{clinic.url}/assist/")
    sign_in(page)
    page.get_by_role("button", name="New call").click()
    expect(page.locator("#link")).to_have_attribute("data-link", "live")
    words = page.get_by_label("Type what was said")
    words.fill("my back aches")
    words.press("Enter")
    expect(page.locator(".turn")).to_contain_text("my back aches")
    run_out = provider.signed(provider.claims(exp=1))
    page.evaluate("token => sessionStorage.setItem('backsignal.agent-token', token)", run_out)
    words.fill("and my foot is numb")
    words.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="has run out").first).to_be_visible()
    expect(words).to_have_value("and my foot is numb")
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("button", name="Sign in again").click()
    sign_in(page)
    expect(page.locator(".turn")).to_contain_text("my back aches")


def test_without_https_it_is_said_why_the_work_account_does_not_do(browser: Browser, clinic: Service) -> None:
    def served(route: Route) -> None:
        route.fulfill(
            response=route.fetch(url=route.request.url.replace("http://clinic.example", clinic.url))
        )

    with browser.new_context() as context:
        context.route("http://clinic.example/**", served)
        page = context.new_page()
        page.goto("http://clinic.example/assist/")
        page.get_by_role("button", name=WORK_ACCOUNT).click()
        expect(page.get_by_role("alert").filter(has_text="over https only")).to_be_visible()


@pytest.mark.parametrize(
    "changes",
    [
        {"token_url": "http://login.clinic.example/token"},
        {"token_url": "https://login.clinic.example/token; script-src *"},
        {"authorize_url": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_an_address_that_is_not_safe_is_refused_at_the_start(changes: dict[str, str]) -> None:
    given: dict[str, Any] = {
        "issuer": "https://login.clinic.example",
        "audience": "backsignal",
        "jwks_url": "https://login.clinic.example/keys",
        "sign_in": {
            "client_id": CLIENT,
            "authorize_url": "https://login.clinic.example/authorize",
            "token_url": "https://login.clinic.example/token",
        },
    }
    AssistOptions(provider=given)
    with pytest.raises(ValueError, match="not an https address"):
        AssistOptions(provider={**given, "sign_in": {**given["sign_in"], **changes}})
