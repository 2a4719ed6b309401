"""Each level can be told later: what was asked and said, how it was read, which rule, with which content."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from backsignal.cli import main
from backsignal.clinical.content import CONTENT_VARIABLE, Content
from backsignal.components import clock
from backsignal.components.erasure import erase
from backsignal.components.tracker_store import ConversationStore
from backsignal.serving import QUIET
from backsignal.stores import UnavailableError, audit
from tests.conftest import PROJECT, Server, start_rasa, start_server, stop_server
from tests.conversation.chat import Chat
from tests.conversation.test_content_only import FINDING, MILD, QUESTION, change
from tests.conversation.test_failures import Actions
from tests.loops import run
from tests.resilience.services import answers, wait_for

EMERGENCY = "I have wet myself and I can't feel it when I wipe"


def rows(database: Path, sender: str) -> list[dict[str, Any]]:
    """A conversation's rows, each with what it says."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM audit WHERE sender = ? ORDER BY number", [sender])
        return [{**dict(row), **json.loads(row["data"])} for row in found]


def replay_here(**environment: str) -> tuple[int, str]:
    """Status and output of the command on the servers' own databases, here: starting takes long."""
    with patch.dict(os.environ, environment), redirect_stdout(StringIO()) as said:
        return main(["replay"]), said.getvalue()


def replay(database: Path | str | None, **environment: str) -> tuple[int, str]:
    """Status and output of the command, on the servers' own databases where none is named."""
    named = ["--database", str(database)] if database else []
    done = subprocess.run(
        [sys.executable, "-m", "backsignal.cli", "replay", *named],
        cwd=PROJECT,
        env={"PATH": "", "PYTHONPATH": str(PROJECT), "SQLALCHEMY_SILENCE_UBER_WARNING": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def content_with_milder(folder: Path, *findings: str) -> Path:
    """A copy of the content in which some findings are no emergencies."""
    copy = folder / "content"
    shutil.copytree(PROJECT / "backsignal" / "content", copy)
    shutil.copy(PROJECT / "clinic.yml", copy)

    def lower(document: dict[str, Any]) -> None:
        for finding in document["findings"]:
            if finding["id"] in findings:
                finding["level"] = "soon"

    change(copy / "findings.yml", lower)
    return copy


@pytest.fixture(scope="module")
def talked(server: Server) -> tuple[str, str]:
    """Two conversations: one to a result by questions, one emergency."""
    calm, hurt = Chat(server.url), Chat(server.url)
    calm.answer_rest(calm.say("my back hurts since yesterday"), {"default": "no", "age": "34"})
    hurt.say(EMERGENCY)
    return calm.sender, hurt.sender


@pytest.fixture
def copied(server: Server, talked: tuple[str, str], tmp_path: Path) -> Path:
    """A copy of the server's database, to be tampered with."""
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(server.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def test_each_answer_stands_in_the_audit_with_its_question_and_the_level(
    server: Server, talked: tuple[str, str]
) -> None:
    told = rows(server.database, talked[0])
    assert told[0]["answer"] == "my back hurts since yesterday"
    assert told[0]["question"] is None
    assert told[0]["findings"]["numbers"] == {"duration_days": 1.0}
    assert all(row["question"]["findings"] for row in told[1:])
    assert [row["told"] for row in told[:-1]] == [None] * (len(told) - 1)
    assert (told[-1]["told"], told[-1]["level"], told[-1]["reasons"]) == ("triage", "self_care", [])
    assert {row["content_version"] for row in told} == {Content.load().version}


def test_an_emergency_stands_in_the_audit_with_its_rules(server: Server, talked: tuple[str, str]) -> None:
    (told,) = rows(server.database, talked[1])
    assert (told["told"], told["level"]) == ("emergency", "emergency")
    assert {reason["rule"] for reason in told["reasons"]} == {"bladder_incontinence", "saddle_numbness"}
    assert {mention["finding"] for mention in told["reading"]["mentions"]} >= {"saddle_numbness"}


def test_a_replay_of_what_was_just_said_finds_nothing(copied: Path) -> None:
    status, said = replay(copied)
    assert status == 0, said
    assert "0 differences, 0 broken" in said
    assert "wet myself" not in said


def test_a_replay_names_the_levels_that_would_be_others_today(
    copied: Path, talked: tuple[str, str], tmp_path: Path
) -> None:
    milder = content_with_milder(tmp_path, "bladder_incontinence", "saddle_numbness")
    status, said = replay(copied, **{CONTENT_VARIABLE: str(milder)})
    assert status == 1, said
    (emergency,) = rows(copied, talked[1])
    assert f"row {emergency['number']}: emergency then" in said


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE audit SET data = replace(data, 'yesterday', 'today') WHERE place = 1", "it was changed"),
        ("UPDATE audit SET sender = 'another' WHERE place = 3", "it was changed"),
        ("DELETE FROM audit WHERE place = 3", "a row before it is missing"),
    ],
)
def test_tampering_with_a_row_is_found(copied: Path, tampering: str, told: str) -> None:
    with closing(sqlite3.connect(copied)) as connection, connection:
        assert connection.execute(tampering).rowcount
    status, said = replay(copied)
    assert status == 2, said
    assert told in said


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour later: everything that was written can be sealed."""
    shift = tmp_path / "shift"
    shift.write_text("3600", encoding="ascii")
    monkeypatch.setenv(clock.SHIFT_VARIABLE, str(shift))


@pytest.mark.usefixtures("later")
def test_a_conversation_that_disappears_breaks_the_seal_over_it(
    copied: Path, talked: tuple[str, str]
) -> None:
    engine = sa.create_engine(f"sqlite:///{copied}")
    with engine.begin() as connection:
        audit.seal(clock.now(), connection)
        audit.seal(clock.now(), connection)
    assert replay(copied)[0] == 0
    with engine.begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(audit.seals)).scalar() == 1
        connection.execute(sa.delete(audit.table).where(audit.table.c.sender == talked[1]))
    status, said = replay(copied)
    assert status == 2, said
    assert "seal 1" in said


@pytest.mark.usefixtures("later")
def test_an_erased_person_leaves_hashes_and_no_word(copied: Path, talked: tuple[str, str]) -> None:
    before = erased(replay(copied)[1])
    engine = sa.create_engine(f"sqlite:///{copied}")
    with engine.begin() as connection:
        audit.seal(clock.now(), connection)
        audit.erase_audit(connection, talked[1])
        left = connection.execute(sa.select(audit.table).where(audit.table.c.sender == talked[1])).all()
    assert left == []
    status, said = replay(copied)
    assert status == 0, said
    assert erased(said) > before


def erased(said: str) -> int:
    """How many rows a replay says were erased."""
    count = re.search(r"(\d+) erased", said)
    assert count
    return int(count[1])


DOMAIN = Domain.from_dict({"slots": {"interview": {"type": "any", "mappings": [{"type": "custom"}]}}})


def a_turn(store: ConversationStore, text: str) -> None:
    async def work() -> None:
        tracker = await store.retrieve("ann") or DialogueStateTracker("ann", DOMAIN.slots)
        new = [] if tracker.events else [ActionExecuted("action_session_start"), SessionStarted()]
        for event in [*new, UserUttered(text, {"name": "inform"}), ActionExecuted("action_listen")]:
            tracker.update(event, DOMAIN)
        await store.save(tracker)

    run(work())


def test_neither_a_turn_nor_its_audit_is_stored_without_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    store = ConversationStore(domain=DOMAIN, db=str(tmp_path / "conversations.db"))
    a_turn(store, "one")
    run(
        store.database.run(lambda connection: connection.execute(sa.text("ALTER TABLE audit RENAME TO away")))
    )
    with pytest.raises(UnavailableError):
        a_turn(store, "two")
    assert [event.text for event in run(store.events("ann")) if isinstance(event, UserUttered)] == ["one"]
    run(
        store.database.run(lambda connection: connection.execute(sa.text("ALTER TABLE away RENAME TO audit")))
    )
    a_turn(store, "three")
    assert [row["answer"] for row in rows(tmp_path / "conversations.db", "ann")] == ["one", "three"]
    assert [row["place"] for row in rows(tmp_path / "conversations.db", "ann")] == [1, 2]


def test_whoever_is_erased_and_comes_back_begins_a_new_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    store = ConversationStore(domain=DOMAIN, db=str(tmp_path / "conversations.db"))
    a_turn(store, "one")
    run(erase(store, "ann"))
    a_turn(store, "two")
    query = sa.select(audit.table).order_by(audit.table.c.number)
    found = run(store.database.run(lambda connection: connection.execute(query).all()))
    assert [(row.place, row.sender, row.data is None) for row in found] == [
        (1, None, True),
        (1, "ann", False),
    ]
    assert found[0].chain != found[1].chain
    assert replay(tmp_path / "conversations.db")[0] == 0


@pytest.fixture(scope="module")
def actions() -> Iterator[Actions]:
    started = Actions()
    yield started
    started.stop()


def another_model(folder: Path) -> Path:
    """A model that knows intents by n-grams alone."""
    config = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))
    config["pipeline"][0]["encoder_share"] = 0.0
    (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "backsignal.rasa_command", "train", "--config", str(folder / "config.yml"),
         "--out", str(folder), "--fixed-model-name", "before", "--force"],
        cwd=PROJECT,
        env={**os.environ, **QUIET},
        check=True,
    )  # fmt: skip
    return folder / "before.tar.gz"


@pytest.fixture(scope="module")
def upgraded(
    actions: Actions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server whose content and model were others until a moment ago, and two conversations from then."""
    folder = tmp_path_factory.mktemp("upgraded")
    before = folder / "content"
    shutil.copytree(PROJECT / "backsignal" / "content", before)
    shutil.copy(PROJECT / "clinic.yml", before)
    change(before / "findings.yml", lambda it: it["findings"].extend([{**FINDING, "level": "soon"}, MILD]))
    change(before / "questions.yml", lambda it: it["triage"].insert(0, QUESTION))
    server = start_rasa(another_model(folder), folder, **{CONTENT_VARIABLE: str(before)})
    wait_for(lambda: answers(f"{server.url}/health/ready"), "readiness")
    waiting, told = Chat(server.url), Chat(server.url)
    assert waiting.say("my back hurts since yesterday").payload("question")["id"] == "glow"
    told.say("my back hurts since yesterday")
    assert told.say("Toes that hum").payload("question")["id"] != "glow"
    stop_server(server)
    server = start_server(folder, BACKSIGNAL_ACTIONS_URL=actions.url)
    yield server, {"waiting": waiting.sender, "told": told.sender}
    stop_server(server)


def test_an_emergency_is_audited_while_the_actions_are_gone(
    actions: Actions, upgraded: tuple[Server, dict[str, str]]
) -> None:
    server, _ = upgraded
    chat = Chat(server.url)
    actions.fail("gone")
    assert chat.say(EMERGENCY).payload("emergency")
    actions.recover()
    (row,) = rows(server.database, chat.sender)
    assert (row["told"], row["level"]) == ("emergency", "emergency")


@pytest.mark.parametrize("which", ["waiting", "told"])
def test_conversations_of_an_earlier_content_and_model_go_on_and_the_change_is_noted(
    which: str, upgraded: tuple[Server, dict[str, str]]
) -> None:
    server, senders = upgraded
    chat = Chat(server.url, senders[which])
    turn = chat.answer_rest(chat.say("no"), {"default": "no", "age": "34"})
    assert turn.payload("triage")["level"] == "self_care"
    told = rows(server.database, senders[which])
    changed = [row for row in told if "content_before" in row]
    assert len(changed) == 1
    assert changed[0]["content_before"] == told[0]["content_version"] != changed[0]["content_version"]
    assert changed[0]["content_version"] == Content.load().version


def test_a_replay_over_both_contents_ends_well(upgraded: tuple[Server, dict[str, str]]) -> None:
    status, said = replay(upgraded[0].database)
    assert status == 0, said
