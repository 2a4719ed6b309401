import pytest

from backsignal.clinical.content import Content


@pytest.fixture(scope="session")
def content() -> Content:
    return Content.load()
