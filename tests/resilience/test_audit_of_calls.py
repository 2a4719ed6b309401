"""The level of a call can be told later as well: each turn, tick and number stands in the audit, with why."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backsignal.assist.access import Person
from backsignal.assist.call import Call
from backsignal.assist.content import CallContent
from backsignal.assist.desk import Desk, NoSuchCallError, Said
from backsignal.assist.store import Store
from backsignal.assist.understanding import Understanding
from backsignal.clinical.content import CONTENT_VARIABLE, Content
from backsignal.components import clock
from backsignal.components.tracker_store import ConversationStore
from backsignal.components.turns import content
from backsignal.language.reader import shared_reader
from backsignal.personal_data import work_on
from backsignal.stores import OutrunError, UnavailableError, audit
from backsignal.stores.database import CALLS_VARIABLE, Database, address
from tests.loops import aside, run
from tests.resilience.test_audit import DOMAIN, a_turn, content_with_milder, replay, replay_here, rows

JO = Person("jo", "Jo Miller", frozenset({"agent"}))
WET = "this is Melusine I have wet myself"


def desk_on(database: Database) -> Desk:
    """The desk of a server."""
    calls = CallContent.load(content())
    return Desk(calls, Understanding(calls, shared_reader()), Store(database))


def desk_at(path: Path) -> Desk:
    """The desk of a server that keeps its calls in a file."""
    return desk_on(Database(address(str(path))))


@dataclass
class Played:
    """A call that was played to its end: the file it is in, its id, and the levels after each change."""

    database: Path
    call: str
    levels: list[tuple[str, str]]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows in the audit."""
        return rows(self.database, f"call:{self.call}")


async def story(desk: Desk) -> tuple[str, list[tuple[str, str]]]:
    """A call with every kind of change; its id, and the level to act on and the supported one after each."""
    call = (await desk.open(JO)).id
    levels = []

    def then(state: Call) -> None:
        levels.append((state.triage().level.value, state.supported().level.value))

    async def say(role: Any, text: str, segment: str, request: str) -> None:
        then((await desk.say(call, JO, Said(role, text, request, segment=segment)))[0])

    await say("agent", "any numbness between your legs", "s1", "r1")
    await say("caller", "no", "s2", "r2")
    await say("caller", WET, "s3", "r3")
    then(await desk.tick(call, JO, "bladder_incontinence", "absent", because="misheard"))
    await say("caller", "this is Melusine I have met myself", "s3", "r4")
    then(await desk.number(call, JO, "age", 47))
    then(await desk.tick(call, JO, "fever", "present"))
    await desk.remark(call, JO, "Melusine sounds calm", None)
    await desk.advise(call, JO, "action", True)
    then(await desk.complete(call, JO))
    return call, levels


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Played:
    database = tmp_path_factory.mktemp("calls") / "assist.db"
    return Played(database, *run(story(desk_at(database))))


@pytest.fixture
def played(original: Played, tmp_path: Path) -> Played:
    """The played call in a file of its own, to be tampered with."""
    copy = tmp_path / "assist.db"
    with closing(sqlite3.connect(original.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return Played(copy, original.call, original.levels)


def test_each_change_stands_in_the_audit_with_the_calls_level(original: Played) -> None:
    told = original.rows
    changes = ["said", "said", "said", "ticked", "corrected", "numbered", "ticked", "completed"]
    assert [row["change"] for row in told] == changes
    assert [(row["level"], row["supported"]) for row in told] == original.levels
    assert {level for _, level in original.levels} == {"self_care", "emergency", "urgent"}
    assert {row["content_version"] for row in told} == {Content.load().version}
    assert {row["by"] for row in told} == {"jo"}
    assert [row["place"] for row in told] == list(range(1, 9))


def test_a_row_says_what_was_asked_said_and_ticked_and_why(original: Played) -> None:
    asked, answered, wet, ticked, corrected, numbered, *_ = original.rows
    assert (asked["role"], asked["said"]) == ("agent", "any numbness between your legs")
    assert answered["question"]["turn"] == asked["turn"]
    assert answered["question"]["findings"] == ["saddle_numbness"]
    assert answered["findings"]["entries"]["saddle_numbness"] == "absent answered"
    assert wet["said"] == WET
    assert {mention["finding"] for mention in wet["reading"]["mentions"]} == {"bladder_incontinence"}
    assert {"rule": "bladder_incontinence", "findings": ["bladder_incontinence"]} in wet["reasons"]
    assert (ticked["finding"], ticked["status"], ticked["because"]) == (
        "bladder_incontinence",
        "absent",
        "misheard",
    )
    assert (corrected["turn"], corrected["said"]) == (wet["turn"], "this is Melusine I have met myself")
    assert (numbered["measure"], numbered["findings"]["numbers"]) == ("age", {"age": 47.0})


@pytest.fixture
def conversations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of conversations with one turn."""
    monkeypatch.delenv("BACKSIGNAL_DATABASE", raising=False)
    path = tmp_path / "conversations.db"
    a_turn(ConversationStore(domain=DOMAIN, db=str(path)), "hello")
    return path


def replay_all(played: Played, conversations: Path) -> tuple[int, str]:
    """Status and output of the command over the databases of a server."""
    return replay_here(**{"BACKSIGNAL_DATABASE": str(conversations), CALLS_VARIABLE: str(played.database)})


def test_a_replay_looks_at_conversations_and_calls(played: Played, conversations: Path) -> None:
    status, said = replay_all(played, conversations)
    assert status == 0, said
    assert list(counts(said).items()) == [
        ("conversations.db", "1 rows, 0 erased, 0 differences, 0 broken"),
        ("assist.db", "8 rows, 0 erased, 0 differences, 0 broken"),
    ]


def counts(said: str) -> dict[str, str]:
    """What a replay says of each database."""
    return dict(re.findall(r"([\w.]+)\n(\d+ rows.*);", said))


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE audit SET data = replace(data, 'misheard', 'taken_back') WHERE place = 4", "it was changed"),
        ("UPDATE audit SET content_version = '000000000000' WHERE place = 1", "it was changed"),
        ("DELETE FROM audit WHERE place = 3", "a row before it is missing"),
    ],
)
def test_tampering_with_a_calls_row_is_found(
    played: Played, conversations: Path, tampering: str, told: str
) -> None:
    with closing(sqlite3.connect(played.database)) as connection, connection:
        assert connection.execute(tampering).rowcount == 1
    status, said = replay_all(played, conversations)
    assert status == 2, said
    assert told in said


def test_a_replay_names_the_calls_that_would_be_others_today(
    played: Played, conversations: Path, tmp_path: Path
) -> None:
    milder = content_with_milder(tmp_path, "bladder_incontinence", "fever")
    settings = {"BACKSIGNAL_DATABASE": str(conversations), CALLS_VARIABLE: str(played.database)}
    status, said = replay(None, **settings, **{CONTENT_VARIABLE: str(milder)})
    assert status == 1, said
    assert "row 3: emergency then, urgent now" in said
    # What is not known yet alone makes it urgent, then as now.
    assert "row 7: urgent by the findings alone then, soon now" in said
    assert "Melusine" not in said


def seal(played: Played) -> None:
    """Seal all rows of the calls' database."""
    database = Database(address(str(played.database)))
    run(database.run(partial(audit.seal, clock.now() + 3600)))
    database.close()


def words_left(played: Played) -> list[str]:
    """The files of the calls' database in which a word of the call, or its agent, still stands."""
    files = played.database.parent.glob("assist.db*")
    return [path.name for path in files if any(it in path.read_bytes() for it in (b"Melusine", b"Miller"))]


@pytest.mark.parametrize("way", ["desk", "age", "command", "command elsewhere"])
def test_an_erased_call_leaves_hashes_and_no_word(
    played: Played, conversations: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CALLS_VARIABLE, str(played.database))
    seal(played)
    assert words_left(played)
    if way == "desk":
        run(desk_at(played.database).erase(played.call, JO))
    elif way == "age":
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        assert run(desk_at(played.database).erase_opened_before(tomorrow)) == 1
    else:
        named = None
        if way == "command elsewhere":
            monkeypatch.setenv(CALLS_VARIABLE, str(played.database.with_name("servers.db")))
            named = str(played.database)
        assert aside(work_on, "erase", f"call:{played.call}", named) == {"erased": [f"call:{played.call}"]}
    assert words_left(played) == []
    assert played.rows == []
    status, said = replay_all(played, conversations)
    assert status == 0, said
    assert counts(said)["assist.db"] == "8 rows, 8 erased, 0 differences, 0 broken"


def test_a_call_that_disappears_breaks_the_seal_over_it(played: Played, conversations: Path) -> None:
    seal(played)
    assert replay_all(played, conversations)[0] == 0
    with closing(sqlite3.connect(played.database)) as connection, connection:
        connection.execute("DELETE FROM audit")
    status, said = replay_all(played, conversations)
    assert status == 2, said
    assert "seal 1" in said


def test_a_call_is_handed_out_with_its_audit(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CALLS_VARIABLE, str(played.database))
    kept = aside(work_on, "export", f"call:{played.call}", None)["calls"][played.call]
    assert [row["data"]["said"] for row in kept["audit"] if "said" in row["data"]][2] == WET
    kinds = [event["kind"] for event in kept["events"] if event["kind"] in ("said", "corrected")]
    assert len(kinds) == 4


def test_neither_a_turn_of_a_call_nor_its_audit_is_stored_without_the_other(played: Played) -> None:
    database = Database(address(str(played.database)))
    desk = desk_on(database)

    def rename(before: str, after: str) -> None:
        with closing(sqlite3.connect(played.database)) as connection, connection:
            connection.execute(f"ALTER TABLE {before} RENAME TO {after}")

    async def one() -> str:
        call = (await desk.open(JO)).id
        await desk.say(call, JO, Said("caller", "one", "r1"))
        rename("audit", "away")
        with pytest.raises(UnavailableError):
            await desk.say(call, JO, Said("caller", "two", "r2"))
        rename("away", "audit")
        await desk.say(call, JO, Said("caller", "three", "r3"))
        assert [turn.text for turn in (await desk.call(call, JO)).turns] == ["one", "three"]
        return call

    assert [row["said"] for row in rows(played.database, f"call:{run(one())}")] == ["one", "three"]


def test_what_comes_behind_an_erasure_is_not_stored(played: Played) -> None:
    here, there = desk_at(played.database), Store(Database(address(str(played.database))))

    async def late() -> None:
        call = (await here.open(JO)).id
        await here.say(call, JO, Said("caller", "Melusine is late", "r1"))
        said = (await there.events(call))[1]
        await here.erase(call, JO)
        # Another server that had read the call before it was erased.
        with pytest.raises(OutrunError):
            await there.append(call, [said], [audit.Told(0.0, "", {"said": "Melusine"})])
        with pytest.raises(NoSuchCallError):
            await here.say(call, JO, Said("caller", "Melusine is later", "r2"))

    run(late())
    with closing(sqlite3.connect(played.database)) as connection:
        events = connection.execute("SELECT data FROM assist_events").fetchall()
        audited = connection.execute("SELECT data FROM audit WHERE data IS NOT NULL").fetchall()
    assert "late" not in json.dumps([events, audited])
