"""The page of drawings that messages on messaging channels link to."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import Server


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawings_of_each_topic_can_be_seen(
    new_page: Callable[..., Page], server: Server, scheme: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page.goto(f"{server.url}/drawings#exercise")
    expect(page.locator("#exercise")).to_be_in_viewport()
    places = page.locator("[data-drawing]")
    assert places.count() > 5
    expect(page.locator("svg.drawing")).to_have_count(places.count())
    expect(page.get_by_role("img", name="pulls one knee towards the chest")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not Axe().run(page).response["violations"]
