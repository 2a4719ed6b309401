"""What a platform signed can still have any shape: it is taken or refused, and stands in nobody's way."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Server, start_server, stop_server
from tests.messaging import conftest
from tests.messaging.people import Person, Texter, said
from tests.messaging.stub import Platforms
from tests.messaging.test_every_channel import EVERYBODY
from tests.resilience.services import wait_for

STORY = "my back locked up two days ago when I lifted a box"
Place = tuple[str | int, ...]

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def target(stub: Platforms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: what is for an address that nobody has is tried again for a while."""
    server = start_server(tmp_path_factory.mktemp("garbage"), **conftest.settings(stub))
    yield server
    stop_server(server)


@pytest.fixture(params=EVERYBODY, ids=lambda kind: kind.__name__)
def person(request: pytest.FixtureRequest, target: Server, stub: Platforms) -> Person:
    made: Person = request.param(target, stub)
    return made


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value but its root."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in below:
        yield (*here, key)
        yield from places(inner, (*here, key))


def spoilt(event: dict[str, Any], place: Place, thing: Any) -> dict[str, Any]:
    """The event with something else at a place."""
    copy = deepcopy(event)
    inside: Any = copy
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = thing
    return copy


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_signed_request_of_any_shape_is_taken_or_refused(person: Person, data: st.DataObject) -> None:
    event = person.text(STORY)
    # A form holds nothing but texts.
    things = st.text(max_size=300) if isinstance(person, Texter) else ANYTHING
    # Slack's "type" says how the body is packed, which is the test's own work.
    where = [place for place in places(event) if place != ("type",)]
    garbage = spoilt(event, data.draw(st.sampled_from(where)), data.draw(things))
    response = person.post(*person.request(garbage))
    assert response.status_code < 500, json.dumps(garbage)


def test_whoever_writes_after_garbage_is_answered(person: Person) -> None:
    response = person.post(*person.request(person.text(STORY)))
    assert response.status_code == 200
    wait_for(lambda: "First the most important" in said(person.stub.to(person.address)), "the answer")
