"""The check-in: the schedule by itself, and against the running service with the clock moved."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet, UserUttered
from sqlalchemy.engine import URL

from backsignal.clinical.check_in import due_times, when
from backsignal.clinical.content import Content
from backsignal.components import clock, inbox
from backsignal.components.check_ins import CheckIns, erase_check_ins, follow, last_check_in, table
from backsignal.components.clock import SHIFT_VARIABLE
from backsignal.components.tracker_store import ConversationStore
from backsignal.components.tracker_store import table as conversations
from backsignal.components.turns import AGREED, CHECK_IN_SLOT
from backsignal.stores.database import Database, address
from tests.channels.web_client import Web
from tests.conftest import Server, start_server, stop_server
from tests.days import NEXT_DAY, Days
from tests.loops import run
from tests.messaging.conftest import settings, wait_until_idle
from tests.messaging.people import MessengerUser, Person, SlackUser, TelegramUser, Texter, said, through
from tests.messaging.stub import Platforms, Sent

STORY = "my back locked up two days ago when I lifted a box"
_PATIENCE = 40.0
_ASKED = 'backsignal_check_ins_total{event="asked"}'


@pytest.fixture(scope="module")
def content() -> Content:
    return Content.load()


# ---- The schedule by itself ---------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv(SHIFT_VARIABLE, str(tmp_path / "shift"))
    move(0)
    file = request.param == "sqlite"
    url = str(tmp_path / "schedule.db") if file else request.getfixturevalue("postgres").fresh()
    return Database(address(url))


def move(days: float) -> None:
    Path(os.environ[SHIFT_VARIABLE]).write_text(str(days * 86_400))


def rows_of(database: Database, query: sa.sql.Select) -> list[Any]:
    return run(database.run(lambda connection: connection.execute(query).all()))


def waiting(database: Database) -> list[tuple[str, str]]:
    """What the inbox holds: sender and item."""
    rows = rows_of(database, sa.select(inbox.table).order_by(inbox.table.c.number))
    return [(row.sender, row.item) for row in rows]


def answer(database: Database) -> None:
    """Answer what the inbox holds; what it was can still be read."""
    answering = sa.update(inbox.table).values(done=True)
    run(database.run(lambda connection: connection.execute(answering)))


def scheduled(database: Database) -> int:
    return len(rows_of(database, sa.select(table)))


def test_people_are_asked_on_the_clinics_days_at_hours_fit_for_it(content: Content) -> None:
    for hour in range(24):
        start = datetime(2026, 3, 10, hour, 30)
        times = [datetime.fromtimestamp(t) for t in due_times("twilio", content, start.timestamp())]
        assert len(times) == 3
        for day, due in zip((1, 7, 42), times, strict=True):
            assert 9 <= due.hour < 20
            assert -0.5 < (due - start).total_seconds() / 86_400 - day < 0.6


def test_where_the_platform_has_a_limit_one_check_in_comes_within_it(content: Content) -> None:
    for hour in range(24):
        start = datetime(2026, 3, 10, hour, 30)
        [due] = due_times("facebook", content, start.timestamp())
        assert 9 <= datetime.fromtimestamp(due).hour < 20
        assert 0 < due - start.timestamp() < 24 * 3600


def test_when_is_said_in_words(content: Content) -> None:
    assert when("web", content) == "tomorrow, in a week and in six weeks"
    assert when("whatsapp", content) == "tomorrow"


def test_nothing_happens_before_it_is_due(database: Database) -> None:
    check_ins = CheckIns(database)
    run(check_ins.agree("a", "twilio", "+441"))
    move(0.3)
    run(check_ins.move_due())
    assert waiting(database) == []


def test_asked_once_then_reminded_once_then_left_in_peace(database: Database) -> None:
    check_ins = CheckIns(database)
    run(check_ins.agree("a", "twilio", "+441"))
    for days in (1.6, 1.7, 2.7, 2.8, 8, 50, 100):
        move(days)
        # A server that was started anew.
        run(CheckIns(database).move_due())
        answer(database)
    assert ["reminder" in item for _, item in waiting(database)] == [False, True]
    assert scheduled(database) == 0


def test_whoever_answers_is_asked_again_on_the_next_day_of_the_list(database: Database) -> None:
    check_ins = CheckIns(database)
    run(check_ins.agree("a", "twilio", "+441"))
    for days in (1.6, 7.6, 42.6):
        move(days)
        run(check_ins.move_due())
        answer(database)
        run(check_ins.heard("a"))
    assert ["reminder" in item for _, item in waiting(database)] == [False, False, False]


def test_after_a_long_rest_of_the_servers_one_question_comes(database: Database) -> None:
    check_ins = CheckIns(database)
    run(check_ins.agree("a", "twilio", "+441"))
    move(60)
    run(check_ins.move_due())
    assert len(waiting(database)) == 1


def test_who_wrote_within_half_an_hour_is_not_asked_yet(database: Database) -> None:
    check_ins = CheckIns(database)
    run(check_ins.agree("a", "twilio", "+441"))
    move(1.6)
    wrote = sa.insert(conversations).values(sender_id="a", type_name="user", timestamp=clock.now())
    run(database.run(lambda connection: connection.execute(wrote)))
    for minutes, asked in ((0, 0), (29, 0), (31, 1)):
        move(1.6 + minutes / 1440)
        run(check_ins.move_due())
        assert len(waiting(database)) == asked


def test_whose_message_waits_for_an_answer_is_not_asked_yet(database: Database) -> None:
    check_ins, events = CheckIns(database), inbox.Inbox(database)
    run(check_ins.agree("a", "twilio", "+441"))
    move(1.6)
    run(events.accept("twilio", [("1", "a", {"kind": "text", "text": "hello", "address": "+441"})]))
    run(check_ins.move_due())
    assert len(waiting(database)) == 1
    work = run(events.claim("a"))
    assert work
    run(events.finish(work))
    run(check_ins.move_due())
    assert ["check_in_due" in (item or "") for _, item in waiting(database)] == [False, True]


def test_a_turn_that_was_not_kept_changes_nothing(tmp_path: Path) -> None:
    store = ConversationStore(Domain.empty(), db=str(tmp_path / "conversations.db"))
    events = [UserUttered("yes", message_id="kept"), SlotSet(CHECK_IN_SLOT, AGREED)]
    run(follow(store, events, "not kept", "a", "twilio", "+441"))
    assert run(last_check_in(store, "a")) is None
    run(follow(store, events, "kept", "a", "twilio", "+441"))
    assert run(last_check_in(store, "a"))


def test_agreeing_again_does_not_double_the_questions(database: Database) -> None:
    check_ins = CheckIns(database)
    for _ in range(3):
        run(check_ins.agree("a", "twilio", "+441"))
    assert scheduled(database) == 3


def test_the_erased_are_not_asked(database: Database) -> None:
    check_ins = CheckIns(database)
    run(check_ins.agree("a", "twilio", "+441"))
    run(check_ins.agree("b", "twilio", "+442"))
    run(database.run(lambda connection: erase_check_ins(connection, "a")))
    move(1.6)
    run(check_ins.move_due())
    assert [sender for sender, _ in waiting(database)] == ["b"]


def _look(url: URL) -> None:
    run(CheckIns(Database(url)).move_due())


def test_many_servers_that_look_at_once_ask_each_once(database: Database) -> None:
    check_ins = CheckIns(database)
    people = [f"person {number}" for number in range(20)]
    for person in people:
        run(check_ins.agree(person, "twilio", "+441"))
    move(1.6)
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(_look, [database.url] * 8))
    assert sorted(sender for sender, _ in waiting(database)) == sorted(people)


# ---- Against the service ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    return Days(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def start(stub: Platforms, days: Days, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Server]:
    folder = tmp_path_factory.mktemp("check-in")
    return lambda: start_server(folder, **settings(stub), **days.setting)


@pytest.fixture(scope="module")
def running(start: Callable[[], Server]) -> Iterator[Server]:
    server = start()
    yield server
    stop_server(server)


def patiently(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)
    return found


def agreed(person: Person) -> Person:
    """Somebody after a triage without an emergency who said yes to being asked again."""
    told = through(person, person.say(STORY))
    assert "May I ask you again" in told
    assert "I will ask you again" in said(person.say("Yes, ask me again"))
    return person


def comes(person: Person, days: Days, later: float) -> list[Sent]:
    """What comes by itself when time has passed."""
    before = len(person.stub.to(person.address))
    days.add(later)
    patiently(lambda: person.stub.to(person.address)[before:])
    wait_until_idle(person.server.database)
    return person.stub.to(person.address)[before:]


def wait_for_a_look(database: Path, now: float) -> None:
    """Wait until a server has taken all that is due now, and has answered it."""
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        # Nobody's check-in, the last of those that are due: whoever takes it saw all others.
        with connection:
            number = connection.execute(
                "INSERT INTO check_ins (sender, channel, address, due, asked)"
                " VALUES ('nobody', 'facebook', 'nobody', ?, 0)",
                [now],
            ).lastrowid
        left = "SELECT count(*) FROM check_ins WHERE number = ?"
        patiently(lambda: connection.execute(left, [number]).fetchone() == (0,))
    wait_until_idle(database)


def asked_by(server: Server) -> float:
    """How many check-ins a server took."""
    lines = requests.get(f"{server.url}/metrics", timeout=30).text.splitlines()
    return sum(float(it.split()[-1]) for it in lines if it.startswith(_ASKED))


def silence(person: Person, days: Days, later: float) -> None:
    before = len(person.stub.to(person.address))
    days.add(later)
    wait_for_a_look(person.server.database, days.now())
    assert person.stub.to(person.address)[before:] == []


@pytest.mark.parametrize("kind", [Texter, TelegramUser, SlackUser, MessengerUser])
def test_better(kind: type[Person], running: Server, stub: Platforms, days: Days) -> None:
    person = agreed(kind(running, stub))
    asked = comes(person, days, 0.99 if kind is MessengerUser else NEXT_DAY)
    assert "You agreed that I ask again" in asked[0].text
    assert "First the most important" in said(asked)
    told = through(person, asked)
    assert told.index("private one") < told.index("better, about the same, or worse")
    assert "You can look after your back at home" in told


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("Worse", "book to see a clinician"),
        ("it's a lot worse", "book to see a clinician"),
        ("no change", "at home"),
    ],
)
def test_worse_leads_to_a_practitioner(
    word: str, level: str, running: Server, stub: Platforms, days: Days
) -> None:
    person = agreed(Texter(running, stub))
    messages = comes(person, days, NEXT_DAY)
    while "better, about the same, or worse" not in said(messages):
        messages = person.say("no")
    assert level in through(person, person.say(word))


def test_no_change_after_two_weeks_leads_to_a_practitioner(
    running: Server, stub: Platforms, days: Days
) -> None:
    person = agreed(Texter(running, stub))
    through(person, comes(person, days, NEXT_DAY))
    same = ("None of these", "About the same", "No")
    assert "book to see a clinician" in through(person, comes(person, days, 41), same)


def test_pain_that_never_eases_leads_to_a_practitioner(running: Server, stub: Platforms, days: Days) -> None:
    person = agreed(Texter(running, stub))
    never = ("About the same", "Constant pain that never eases at all", "None of these", "No")
    assert "book to see a clinician" in through(person, comes(person, days, NEXT_DAY), never)


def test_an_emergency_at_the_check_in(running: Server, stub: Platforms, days: Days) -> None:
    person = agreed(Texter(running, stub))
    comes(person, days, NEXT_DAY)
    answer = person.say("1")
    assert "999" in answer[0].text.split(".")[0]
    silence(person, days, 10)


def test_an_emergency_in_the_quiet_half_hour_is_answered_at_once(messaging: Server, stub: Platforms) -> None:
    person = agreed(Texter(messaging, stub))
    before = len(stub.to(person.address))
    with closing(sqlite3.connect(messaging.database, timeout=5)) as connection, connection:
        connection.execute("UPDATE check_ins SET due = 0 WHERE address = ?", [person.address])
    wait_for_a_look(messaging.database, time.time())
    assert stub.to(person.address)[before:] == []
    assert "999" in person.say("I can't pee")[0].text.split(".")[0]


def test_no_answer_is_followed_up_once(running: Server, stub: Platforms, days: Days) -> None:
    person = agreed(Texter(running, stub))
    comes(person, days, NEXT_DAY)
    reminder = comes(person, days, 1.1)
    assert "one more time" in reminder[0].text
    silence(person, days, 50)
    assert "999" in said(person.say("my leg has gone numb"))


def test_the_erased_hear_nothing(running: Server, stub: Platforms, days: Days) -> None:
    person = agreed(Texter(running, stub))
    person.say("forget me")
    with closing(sqlite3.connect(running.database)) as connection:
        assert connection.execute(
            "SELECT count(*) FROM check_ins WHERE address = ?", [person.address]
        ).fetchone() == (0,)
    silence(person, days, NEXT_DAY)


@pytest.mark.parametrize("word", ["STOP", "no more check-ins"])
def test_those_who_stop_hear_nothing(word: str, running: Server, stub: Platforms, days: Days) -> None:
    person = agreed(Texter(running, stub))
    assert person.say(word)
    silence(person, days, NEXT_DAY)


def test_the_widget_shows_it_at_the_next_visit_and_until_it_is_erased(running: Server, days: Days) -> None:
    web, other = Web(running.url), Web(running.url)
    for one in (web, other):
        one.agree_to_check_ins()
    other.call("DELETE", "/web/session")
    seen = len(web.history())
    days.add(NEXT_DAY)
    news = patiently(lambda: web.history()[seen:])
    patiently(lambda: web.history()[-1].get("custom"))
    assert "You agreed that I ask again" in news[0]["text"]
    assert web.history()[-1]["custom"]["data"]["id"] == "bladder_and_bowel"
    assert web.choose("None of these").status_code == 200
    with closing(sqlite3.connect(running.database)) as connection:
        senders = connection.execute(
            "SELECT DISTINCT sender_id FROM events WHERE sender_id LIKE 'web-%'"
        ).fetchall()
    assert len(senders) == 1


def test_of_two_servers_one_asks_and_either_goes_on(
    running: Server, start: Callable[[], Server], stub: Platforms, days: Days
) -> None:
    person = agreed(Texter(running, stub))
    second = start()
    try:
        asked = comes(person, days, NEXT_DAY)
        for server in (running, second):
            before = asked_by(server)
            while asked_by(server) == before:
                wait_for_a_look(running.database, days.now())
        assert said(stub.to(person.address)).count("You agreed that I ask again") == 1
        assert "First the most important" in said(asked)
        # The other server goes on where the first one asked.
        person.server = second
        assert person.say("no")
    finally:
        stop_server(second)
