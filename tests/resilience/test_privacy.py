"""Nothing that a person wrote, and no number, name or token, gets where logs, metrics and traces are read."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from backsignal.assist.access import Access, Person
from backsignal.channels import web
from backsignal.channels.web_history import Entry
from backsignal.channels.web_sessions import load_secret
from backsignal.cli import main
from backsignal.components import check_ins, clock, inbox, jobs
from backsignal.components.check_ins import CheckIns
from backsignal.components.databases import open_database
from backsignal.components.erasure import erase, expired, forget_erased
from backsignal.components.retention import forget
from backsignal.components.tracker_store import ConversationStore
from backsignal.personal_data import NobodyError, work_on
from backsignal.replay import SAME, replay
from backsignal.stores.database import DEADLINE_SECONDS
from tests.channels.web_client import Web, new_id
from tests.conftest import PROJECT
from tests.conversation.chat import Chat
from tests.loops import aside, run
from tests.messaging.people import MessengerUser, SlackUser, TelegramUser, Texter, WhatsAppUser
from tests.messaging.stub import Platforms
from tests.resilience.services import wait_for
from tests.resilience.test_audit import DOMAIN, a_turn
from tests.resilience.watched import Watched

WORD = "Xanthippe"
TEXT = f"my name is {WORD} and my back hurts"
BROKEN = f'{{"sender": "{WORD}", "message": "{TEXT}'
TIMEOUT = 30


@pytest.fixture(scope="module")
def secrets_of(watched: Watched, stub: Platforms) -> list[str]:
    """Whatever must not be seen, after it went every way that there is."""
    secrets = [WORD]
    secrets += _through_chats(watched)
    secrets += _through_messaging(watched, stub)
    secrets += _through_assist(watched)
    _through_failing_actions(watched)
    _through_a_failing_database(watched)
    return secrets


def _through_chats(watched: Watched) -> list[str]:
    chat = Chat(watched.url, sender=f"{WORD}-1")
    chat.answer_rest(chat.say(TEXT), {"default": "no", "age": "34"})
    chat.say(f"I have wet myself, says {WORD}")
    rest = f"{watched.url}/webhooks/rest/webhook"
    for body in (BROKEN, "[1]", json.dumps({"sender": [WORD], "message": TEXT})):
        assert requests.post(rest, data=body, timeout=TIMEOUT).status_code == 400
    web = Web(watched.url)
    assert web.send(TEXT).status_code == 200
    assert web.send(TEXT, message_id=f"{WORD}!").status_code == 400
    assert web.choose(TEXT).status_code == 409
    headers = {"Authorization": f"Bearer {web.token}", "Content-Type": "application/json"}
    messages = f"{watched.url}/web/messages"
    assert requests.post(messages, data=BROKEN, headers=headers, timeout=TIMEOUT).status_code == 400
    for address in (f"/web/{WORD}", f"/{WORD}?token={web.token}", f"/?hub.verify_token={WORD}"):
        requests.get(f"{watched.url}{address}", headers={"X-Request-ID": WORD}, timeout=TIMEOUT)
    return [web.token, web.token.partition(".")[2]]


def _through_messaging(watched: Watched, stub: Platforms) -> list[str]:
    secrets = []
    for kind in (Texter, WhatsAppUser, TelegramUser, SlackUser, MessengerUser):
        person = kind(watched.server, stub)
        assert person.say(TEXT)
        headers, body = person.request(person.text(TEXT), secret=WORD)
        assert person.post(headers, body).status_code in (401, 403)
        assert person.post(headers, BROKEN.encode()).status_code in (400, 401, 403)
        secrets.append(person.id)
    stub.failures.append((500, {}, {"error": WORD}))
    assert TelegramUser(watched.server, stub).say(TEXT)
    return [*secrets, "telegram-token", "twilio-token", "xoxb-slack-token", "messenger-token"]


def _through_assist(watched: Watched) -> list[str]:
    token = Access(load_secret()).token(Person("agent-7", WORD, frozenset({"agent"})), 1)
    headers = {"Authorization": f"Bearer {token}"}
    calls = f"{watched.url}/assist/calls"
    call = requests.post(calls, json={}, headers=headers, timeout=TIMEOUT).json()["id"]
    said = {"role": "caller", "text": TEXT, "request_id": new_id()}
    turns = f"{calls}/{call}/turns"
    assert requests.post(turns, json=said, headers=headers, timeout=TIMEOUT).status_code == 201
    broken = {**headers, "Content-Type": "application/json"}
    assert requests.post(turns, data=BROKEN, headers=broken, timeout=TIMEOUT).status_code == 400
    return [token, token.partition(".")[2]]


def _through_failing_actions(watched: Watched) -> None:
    """A call that the action server cannot carry out."""
    port = int(watched.url.rpartition(":")[2]) + 50
    call = {"next_action": "action_conclude", "sender_id": WORD, "tracker": {"slots": {"interview": TEXT}}}
    answer = requests.post(f"http://127.0.0.1:{port}/webhook", json=call, timeout=TIMEOUT)
    assert answer.status_code >= 500
    assert WORD not in answer.text


def _through_a_failing_database(watched: Watched) -> None:
    """The database refuses the row that holds the text, and its error quotes it."""
    web = Web(watched.url)
    with closing(sqlite3.connect(watched.server.database)) as connection:
        connection.execute("ALTER TABLE audit RENAME TO away")
        chat = Chat(watched.url, sender=f"{WORD}-2")
        chat.say(TEXT)
        assert web.send(TEXT).status_code == 503
        connection.execute("ALTER TABLE away RENAME TO audit")
    assert chat.say(TEXT).payload("question")


def test_no_log_line_holds_anything_of_a_person(watched: Watched, secrets_of: list[str]) -> None:
    logged = watched.logged
    assert "processor.message.parse" in logged, "Rasa's own lines are among them"
    assert '"error":' in logged, "so are failures"
    lines = logged.splitlines()
    found = {(secret, line[:300]) for secret in secrets_of for line in lines if secret in line}
    assert not found


def test_no_metric_holds_anything_of_a_person(watched: Watched, secrets_of: list[str]) -> None:
    metrics = requests.get(f"{watched.url}/metrics", timeout=TIMEOUT).text
    assert "backsignal_triages_total" in metrics
    assert not [secret for secret in secrets_of if secret in metrics]


def test_no_trace_holds_anything_of_a_person(watched: Watched, secrets_of: list[str]) -> None:
    wait_for(lambda: any(span.name == "turn" for span in watched.traces.spans()), "a trace")
    told = b"".join(watched.traces.received)
    assert not [secret for secret in secrets_of if secret.encode() in told]
    assert WORD not in str(watched.traces.spans())


def command(watched: Watched, *arguments: str) -> tuple[int, str]:
    """Status and output of a command beside the server."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "backsignal.cli", *arguments],
        cwd=PROJECT,
        env={
            **os.environ,
            **watched.settings,
            "LOG_LEVEL": "ERROR",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
            "BACKSIGNAL_DATABASE": str(watched.server.database),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout or done.stderr


def work(watched: Watched, command: str, who: str) -> dict[str, Any]:
    """What a command does; the command itself takes seconds to start."""
    calls = who.startswith("call:")
    return aside(work_on, command, who, None if calls else str(watched.server.database))


def replayed(watched: Watched) -> int:
    """The status of a replay."""
    database = open_database(str(watched.server.database))
    return database.at_leisure(lambda connection: max(status for status, _ in replay(connection)))


def on_disk(watched: Watched, word: str) -> list[str]:
    """The files of the databases in which a word stands."""
    return in_files(watched.server.database.parent, word)


def in_files(folder: Path, word: str) -> list[str]:
    """The files of databases in a folder in which a word stands."""
    return [path.name for path in folder.glob("*.db*") if word.encode() in path.read_bytes()]


def test_a_persons_data_is_handed_out_and_erased_by_telephone_number(
    watched: Watched, stub: Platforms
) -> None:
    word, person = "Melusine", Texter(watched.server, stub)
    person.say(f"{word} says my back hurts")
    person.say("no")
    status, out = command(watched, "export", f"twilio:{person.address}")
    assert status == 0, out
    (conversation,) = json.loads(out)["conversations"].values()
    texts = [event["data"]["text"] for event in conversation["conversation"] if event["type_name"] == "user"]
    assert texts == [f"{word} says my back hurts", "no"]
    assert [row["data"]["answer"] for row in conversation["audit"]] == texts
    assert on_disk(watched, word)
    status, out = command(watched, "erase", f"twilio:{person.address}")
    assert status == 0, out
    assert on_disk(watched, word) == []
    with pytest.raises(NobodyError):
        work(watched, "export", f"twilio:{person.address}")
    assert replayed(watched) == SAME


def test_all_conversations_of_a_browser_are_found_by_the_reference_that_was_read_out(
    watched: Watched,
) -> None:
    word, web = "Undine", Web(watched.url)
    web.send(f"{word} says my back hurts")
    web.agree_to_check_ins()
    renewed = web.call("POST", "/web/session", {"restart": True}).json()
    web.token = renewed["token"]
    answer = web.send("I want to talk to a person").json()["messages"]
    handovers = [entry["custom"]["data"] for entry in answer if "custom" in entry]
    reference = next(data["reference"] for data in handovers if data["type"] == "handover")
    kept = work(watched, "export", reference)["conversations"]
    assert len(kept) == 2
    assert any(part["check_ins"] for part in kept.values())
    assert word in json.dumps(kept)
    assert len(work(watched, "erase", reference)["erased"]) == 2
    assert on_disk(watched, word) == []
    assert web.call("GET", "/web/messages").status_code == 401


def test_forgetting_in_the_chat_leaves_nothing_in_the_files(watched: Watched) -> None:
    word, web = "Loreley", Web(watched.url)
    web.send(f"{word} says my back hurts")
    assert on_disk(watched, word)
    assert web.call("DELETE", "/web/session").json() == {"erased": True}
    assert on_disk(watched, word) == []


def a_call(watched: Watched, text: str) -> tuple[str, dict[str, str]]:
    """A call in which a caller said something: its address, and an agent's headers."""
    token = Access(load_secret()).token(Person("agent-8", "Somebody", frozenset({"agent"})), 1)
    headers = {"Authorization": f"Bearer {token}"}
    calls = f"{watched.url}/assist/calls"
    call = f"{calls}/{requests.post(calls, json={}, headers=headers, timeout=TIMEOUT).json()['id']}"
    said = {"role": "caller", "text": text, "request_id": new_id()}
    assert requests.post(f"{call}/turns", json=said, headers=headers, timeout=TIMEOUT).status_code == 201
    return call, headers


def test_a_call_is_handed_out_and_erased(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSIGNAL_ASSIST_DATABASE", watched.settings["BACKSIGNAL_ASSIST_DATABASE"])
    word = "Ondine"
    url, headers = a_call(watched, f"{word} says my back hurts")
    call = url.rpartition("/")[2]
    assert on_disk(watched, word)
    kept = work(watched, "export", f"call:{call}")["calls"][call]
    assert kept["audit"][0]["data"]["said"] == f"{word} says my back hurts"
    assert work(watched, "erase", f"call:{call}") == {"erased": [f"call:{call}"]}
    assert on_disk(watched, word) == []
    assert requests.get(url, headers=headers, timeout=TIMEOUT).status_code == 404


def test_who_is_not_known_is_told_as_such(watched: Watched) -> None:
    status, out = command(watched, "export", "nobody-of-this-name")
    assert status == 3
    assert out.endswith("backsignal: nothing is kept of nobody-of-this-name\n")


def test_what_another_server_erased_is_dropped_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    one, other = (ConversationStore(domain=DOMAIN, db=str(tmp_path / "conversations.db")) for _ in range(2))
    a_turn(one, "hello")
    assert one.kept() == ["ann"]
    run(forget_erased(one))
    assert one.kept() == ["ann"]
    run(erase(other, "ann"))
    run(forget_erased(one))
    assert one.kept() == []


def test_what_another_server_erased_is_dropped_from_what_the_widgets_channel_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    file = tmp_path / "conversations.db"
    store = ConversationStore(domain=DOMAIN, db=str(file))
    a_turn(store, "hello")

    async def shown() -> list[Entry]:
        return web._said.of("ann", await store.events("ann"))

    assert [entry["text"] for entry in run(shown())] == ["hello"]
    with closing(sqlite3.connect(file)) as another, another:
        another.execute("DELETE FROM events")
    # It is noticed when somebody looks, before the regular work goes through what is kept.
    assert run(store.events("ann")) == []
    assert "ann" not in web._said._known


def test_words_that_somebody_reads_meanwhile_are_told_of_and_go_when_they_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    monkeypatch.setenv("BACKSIGNAL_ASSIST_DATABASE", str(tmp_path / "calls.db"))
    file = tmp_path / "conversations.db"
    store = ConversationStore(domain=DOMAIN, db=str(file))
    store.database.keep(inbox.metadata, check_ins.metadata)
    a_turn(store, "Rapunzel says my back hurts")
    # As a backup does.
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        assert aside(main, ["erase", "ann", "--database", str(file)]) == 3
        assert "conversations.db-wal" in capsys.readouterr().err
        run(erase(store, "ann"))
        assert store.database.traces_left
        assert in_files(tmp_path, "Rapunzel")
    run(forget(store))
    assert not store.database.traces_left
    assert in_files(tmp_path, "Rapunzel") == []


def test_who_waits_for_a_locked_file_waits_no_longer_than_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    database = ConversationStore(domain=DOMAIN, db=str(tmp_path / "conversations.db")).database
    waiting = sa.text("PRAGMA busy_timeout")

    async def seconds() -> float:
        return await database.run(lambda connection: connection.execute(waiting).scalar()) / 1000

    assert run(seconds()) == DEADLINE_SECONDS
    # For which it waits less.
    run(database.leave_no_trace())
    assert run(seconds()) == DEADLINE_SECONDS


def test_whoever_waits_for_a_check_in_is_not_purged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    store = ConversationStore(domain=DOMAIN, db=str(tmp_path / "conversations.db"))
    a_turn(store, "hello")
    schedule = CheckIns(store.database)
    run(schedule.agree("ann", "web", "ann"))
    assert run(store.database.run(partial(expired, clock.now() + 1, None, 10))) == []
    run(schedule.stop("ann"))
    assert run(store.database.run(partial(expired, clock.now() - 60, None, 10))) == [("ann", False)]
    assert run(store.database.run(partial(expired, clock.now() + 1, None, 10))) == [("ann", True)]


def test_a_regular_job_is_done_once_however_many_servers_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = tmp_path / "shift"
    monkeypatch.setenv(clock.SHIFT_VARIABLE, str(shift))
    servers = [sa.create_engine(f"sqlite:///{tmp_path / 'conversations.db'}") for _ in range(3)]
    jobs.metadata.create_all(servers[0])

    def taken() -> Iterator[bool]:
        for server in servers:
            with server.begin() as connection:
                yield jobs.take("purge", 3600, connection)

    for seconds in (0, 3601, 7202):
        shift.write_text(str(seconds), encoding="ascii")
        assert list(taken()) == [True, False, False]
        assert not any(taken())


def test_what_is_too_old_is_purged_and_what_is_still_needed_is_not(watched: Watched) -> None:
    database, day = watched.server.database, 86_400

    def count(table: str, sender: str) -> int:
        column = "sender_id" if table == "events" else "sender"
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            query = f"SELECT count(*) FROM {table} WHERE {column} = ?"
            return int(connection.execute(query, [sender]).fetchone()[0])

    def of_calls(rows: str) -> int:
        with closing(sqlite3.connect(database.with_name("assist.db"), timeout=5)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])

    Chat(watched.url, sender="left").say("Genoveva says my back hurts")
    assert count("events", "left")
    watched.shift.write_text(str(61 * day), encoding="ascii")
    wait_for(lambda: not count("events", "left"), "the purge", 60)
    assert of_calls("audit WHERE data IS NOT NULL")
    assert count("audit", "left") == 1
    a_call(watched, "my back hurts")
    watched.shift.write_text(str(366 * day), encoding="ascii")
    wait_for(lambda: not count("audit", "left"), "the purge of the audit", 60)
    wait_for(lambda: not of_calls("audit WHERE data IS NOT NULL"), "the purge of the calls' audit", 60)
    wait_for(lambda: bool(of_calls("audit_seals")), "the seal over calls")
    wait_for(lambda: on_disk(watched, "Genoveva") == [], "the files")
    assert replayed(watched) == SAME
    text = requests.get(f"{watched.url}/metrics", timeout=TIMEOUT).text
    assert 'backsignal_job_success_timestamp_seconds{job="purge"}' in text
