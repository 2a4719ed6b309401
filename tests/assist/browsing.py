"""What the tests of the console in a browser share."""

from collections.abc import Callable

from playwright.sync_api import Page

WIDE = {"width": 1280, "height": 800}
PANEL = {"width": 400, "height": 800}
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
MakePage = Callable[..., Page]
