"""Every route of the running app is described, and everything that is described is a route."""

import re

import pytest
from rasa.core.run import configure_app, create_http_input_channels
from sanic import Sanic

from tests.conftest import PROJECT
from tests.messaging.conftest import CREDENTIALS
from tests.resilience.described import operations

# Answers 404 for whatever else stands under /web/.
_NOWHERE = "/web/*"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Sanic:
    """The app as it is served, with every channel on."""
    for name, value in {**CREDENTIALS, "BACKSIGNAL_ASSIST_DATABASE": "sqlite://"}.items():
        monkeypatch.setenv(name, value)
    Sanic.test_mode = True
    return configure_app(create_http_input_channels(None, str(PROJECT / "credentials.yml")), enable_api=False)


def test_the_descriptions_and_the_routes_are_the_same(app: Sanic) -> None:
    routes = {
        (method.lower(), re.sub(r"<[^>]+>", "*", f"/{route.path}"))
        for route in app.router.routes
        for method in route.methods - {"HEAD"}
    }
    # The router cannot end a part of an address with ":complete": the route is the call's.
    described = {(method, path.replace("*:complete", "*")) for method, path in operations()}
    assert {route for route in routes if route[1] != _NOWHERE} == described
