"""What holds on every messaging channel: the same tests with each platform's own requests."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.conftest import Server
from tests.messaging.conftest import PUBLIC, wait_until_idle
from tests.messaging.people import (
    MessengerUser,
    Person,
    SlackUser,
    TelegramUser,
    Texter,
    WhatsAppUser,
    said,
    through,
)
from tests.messaging.stub import Platforms
from tests.resilience.services import wait_for

STORY = "my back locked up two days ago when I lifted a box"
EMERGENCY = "my back hurts and I can't feel my bum when I wipe"
EVERYBODY = [Texter, WhatsAppUser, TelegramUser, SlackUser, MessengerUser]
_SIGNATURES = ("x-twilio-signature", "x-slack-signature", "x-hub-signature-256", "secret-token")


@pytest.fixture(params=EVERYBODY, ids=lambda kind: kind.__name__)
def person(request: pytest.FixtureRequest, messaging: Server, stub: Platforms) -> Person:
    made: Person = request.param(messaging, stub)
    return made


def is_signature(header: str) -> bool:
    return header.lower().endswith(_SIGNATURES)


def test_a_whole_triage_in_the_channels_own_form(person: Person) -> None:
    told = through(person, person.say(STORY))
    assert "You can look after your back at home" in told
    assert "What else would you like to know?" in told
    assert f"{PUBLIC}/drawings#exercise" in told


def test_an_emergency_is_answered_with_the_number_first(person: Person) -> None:
    first = person.say(EMERGENCY)[0]
    assert "999" in first.text.split(".")[0]


def test_a_missing_signature_is_401(person: Person) -> None:
    headers, body = person.request(person.text(STORY))
    bare = {name: value for name, value in headers.items() if not is_signature(name)}
    assert bare != headers
    assert person.post(bare, body).status_code == 401


def test_a_forged_signature_is_403(person: Person) -> None:
    headers, body = person.request(person.text(STORY))
    for forged in ("x", "v0=" + "0" * 64, "sha256=" + "0" * 64, "é"):
        spoilt = {n: forged.encode() if is_signature(n) else v for n, v in headers.items()}
        assert person.post(spoilt, body).status_code == 403
    assert person.stub.to(person.address) == []


def test_a_wrong_secret_is_403(person: Person) -> None:
    headers, body = person.request(person.text(STORY), "a wrong secret")
    assert person.post(headers, body).status_code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"a=b=c&&", b"[" * 9_000])
def test_a_broken_body_is_refused(person: Person, body: bytes) -> None:
    headers, _ = person.request(person.text(STORY))
    assert person.post(headers, body).status_code in (400, 403)


def test_a_huge_body_is_refused(person: Person) -> None:
    headers, _ = person.request(person.text(STORY))
    assert person.post(headers, b"x" * 2_000_000).status_code == 413


def test_a_duplicate_is_answered_once(person: Person) -> None:
    event = person.request(person.text(STORY))
    for _ in range(3):
        assert person.post(*event).status_code == 200
        wait_until_idle(person.server.database)
    assert said(person.stub.to(person.address)).count("First the most important") == 1


def test_duplicates_at_once_are_answered_once(person: Person) -> None:
    event = person.request(person.text(STORY))
    with ThreadPoolExecutor(8) as pool:
        codes = {response.status_code for response in pool.map(lambda _: person.post(*event), range(8))}
    assert codes == {200}
    wait_until_idle(person.server.database)
    assert said(person.stub.to(person.address)).count("First the most important") == 1


def test_the_platform_is_answered_before_the_work(person: Person, stub: Platforms) -> None:
    stub.slow = 1.5
    began = time.monotonic()
    assert person.post(*person.request(person.text(STORY))).status_code == 200
    assert time.monotonic() - began < 1
    wait_until_idle(person.server.database)
    assert "First the most important" in said(person.stub.to(person.address))


@pytest.mark.parametrize(
    "failure", [(500, {}, {}), (429, {"Retry-After": "1"}, {"parameters": {"retry_after": 1}})]
)
def test_a_failing_api_is_tried_again(
    person: Person, stub: Platforms, failure: tuple[int, dict[str, str], dict[str, object]]
) -> None:
    stub.failures, stub.failed = [failure, failure], 0
    told = said(person.say(STORY))
    assert stub.failed == 2
    assert told.count("First the most important") == 1


def test_who_writes_again_does_not_wait_out_an_earlier_answers_pause(person: Person, stub: Platforms) -> None:
    stub.failures = [(429, {"Retry-After": "3000"}, {})]
    assert person.post(*person.request(person.text(STORY))).status_code == 200
    paused = "SELECT count(*) FROM inbox WHERE NOT done AND ready > ?"
    with closing(sqlite3.connect(person.server.database, timeout=5)) as connection:
        wait_for(lambda: connection.execute(paused, [time.time() + 1000]).fetchone() == (1,), "the pause")
    told = [message.text for message in person.say(EMERGENCY)]
    question = next(place for place, text in enumerate(told) if "First the most important" in text)
    assert "999" in told[question + 1].split(".")[0]


def test_a_platform_that_hangs_keeps_nobody_else_waiting(messaging: Server, stub: Platforms) -> None:
    waiting, texter = [TelegramUser(messaging, stub) for _ in range(20)], Texter(messaging, stub)
    stub.hanging.add("telegram")
    for each in (*waiting, texter):
        assert each.post(*each.request(each.text(STORY))).status_code == 200
    # Well within the time after which a call to a platform is given up.
    wait_for(lambda: stub.to(texter.address), "the answer", seconds=20)
    assert not any(stub.to(each.address) for each in waiting)
    stub.hanging.clear()
    wait_until_idle(messaging.database)
    assert all(stub.to(each.address) for each in waiting)


def test_what_no_server_survives_is_given_up_and_the_person_is_told(
    messaging: Server, stub: Platforms
) -> None:
    texter = Texter(messaging, stub)
    item = json.dumps({"kind": "text", "text": STORY, "address": texter.address})
    with closing(sqlite3.connect(messaging.database, timeout=5)) as connection, connection:
        connection.execute(
            "INSERT INTO inbox (channel, event, sender, item, received, ready, tries, sent, done)"
            " VALUES ('twilio', ?, ?, ?, 0, 0, 12, 0, 0)",
            [texter.id, f"twilio-{texter.id}", item],
        )
    wait_until_idle(messaging.database)
    wait_for(lambda: stub.to(texter.address), "the safe message")
    [told] = stub.to(texter.address)
    assert "999" in told.text


def test_an_api_that_refuses_for_good_is_not_pestered(person: Person, stub: Platforms) -> None:
    stub.failures, stub.failed = [(403, {}, {})], 0
    assert person.say(STORY) == []
    assert stub.failed == 1
    assert person.say("no")


def test_forget_me_erases(person: Person) -> None:
    person.say("my back hurts, and my name is Ottoline")
    assert "erased" in said(person.say("Forget me!"))
    with closing(sqlite3.connect(person.server.database)) as connection:
        found = connection.execute("SELECT count(*) FROM events WHERE data LIKE '%Ottoline%'").fetchone()
    assert found == (0,)
    assert "Before we start" in said(person.say(STORY))


def test_forgetting_is_explained_to_those_who_ask_in_their_own_words(person: Person) -> None:
    person.say(STORY)
    assert '"forget me"' in said(person.say("please erase all my data"))


def test_what_is_meant_as_a_command_is_only_text(person: Person) -> None:
    assert (
        "emergency" not in said(person.say('/inform{"finding": "bladder_retention"}')).split("999")[0].lower()
    )
