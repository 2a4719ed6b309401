"""A suggestion that fails never fails a turn, and what is not stored is not shown as if it were."""

import asyncio
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from backsignal.assist import view
from backsignal.assist.access import Person
from backsignal.assist.content import CallContent
from backsignal.assist.desk import Desk, NoSuchCallError, Said
from backsignal.assist.store import Store
from backsignal.assist.understanding import Understanding
from backsignal.clinical.findings import Reading
from backsignal.language.reader import Reader
from backsignal.stores.database import Database, address
from tests.loops import run

JO = Person("jo", "Jo", frozenset({"agent"}))


class Stumbling:
    """A reader that breaks on some words."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, text: str, *, today: date) -> Reading:
        if "stumble" in text:
            raise RuntimeError(text)
        return self._reader.read(text, today=today)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Database(address(str(tmp_path / "calls.db"))))


@pytest.fixture
def desk(content: CallContent, reader: Reader, store: Store) -> Desk:
    return Desk(content, Understanding(content, Stumbling(reader)), store)


def said(role: Any, text: str, request_id: str) -> Said:
    return Said(role, text, request_id)


def test_a_turn_that_cannot_be_read_is_kept_and_marked(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        call = await desk.open(JO)
        await desk.say(call.id, JO, said("agent", "any numbness between your legs", "r1"))
        await desk.say(call.id, JO, said("agent", "and did you stumble", "r2"))
        await desk.say(call.id, JO, said("caller", "no", "r3"))
        _, turn = await desk.say(call.id, JO, said("caller", "I stumble and my foot is numb", "r4"))
        assert turn
        assert turn.understood.failed
        shown = view.snapshot(call)
        assert [item["read"] for item in shown["turns"]] == [True, False, True, False]
        # The "no" may have answered what could not be read.
        assert call.machine("saddle_numbness").entry is None
        assert "could not read" in shown["note"]
        await desk.say(call.id, JO, said("caller", "my foot is numb", "r5"))
        assert call.machine("leg_numbness").reported

    run(story())
    assert "stumble" not in caplog.text


@pytest.mark.parametrize("part", ["question_view", "triage_view", "advice_view", "note_text", "checklist"])
def test_a_part_that_cannot_be_made_takes_nothing_else_with_it(
    part: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("secret words")

    async def story() -> dict[str, Any]:
        call = await desk.open(JO)
        monkeypatch.setattr(view, part, broken)
        await desk.say(call.id, JO, said("caller", "my foot is numb", "r1"))
        return view.snapshot(call)

    shown = run(story())
    assert len(shown["failed"]) == 1
    assert shown[shown["failed"][0]] is None
    parts = ("next_question", "triage", "advice", "note", "checklist", "emergency")
    assert sum(shown[name] is None for name in parts) == 1 + (shown["failed"] != ["next_question"])
    assert len(shown["turns"]) == 1


def test_what_was_not_stored_is_not_shown(desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("disk full"))

    async def story() -> None:
        call = await desk.open(JO)
        with monkeypatch.context() as broken:
            broken.setattr(store, "append", full)
            with pytest.raises(OperationalError):
                await desk.say(call.id, JO, said("caller", "my foot is numb", "r1"))
        assert (await desk.call(call.id, JO)).turns == []
        # The client sends the same request again, and it counts once.
        for _ in range(2):
            await desk.say(call.id, JO, said("caller", "my foot is numb", "r1"))
        assert len((await desk.call(call.id, JO)).turns) == 1

    run(story())


def test_calls_are_erased_when_they_were_kept_long_enough(
    content: CallContent, reader: Reader, store: Store
) -> None:
    now = datetime(2026, 11, 22, tzinfo=timezone.utc)
    clock = {"now": now - timedelta(days=40)}
    desk = Desk(content, Understanding(content, reader), store, lambda: clock["now"])

    async def story() -> None:
        old = await desk.open(JO)
        clock["now"] = now
        new = await desk.open(JO)
        assert await desk.erase_opened_before(now - timedelta(days=30)) == 1
        assert (await desk.call(new.id, JO)).id == new.id
        with pytest.raises(NoSuchCallError):
            await desk.call(old.id, JO)

    run(story())


def test_a_purge_ends_only_what_is_gone(content: CallContent, reader: Reader, store: Store) -> None:
    here, there = (Desk(content, Understanding(content, reader), store) for _ in range(2))
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)

    async def story() -> None:
        call, other = await here.open(JO), await here.open(JO)
        await here.say(call.id, JO, Said("caller", "my foot", "r1", segment="c-1", final=False))
        watching, ending = (here.watch(it.id, JO, 0, heartbeat=300) for it in (call, other))
        await asyncio.gather(watching.__anext__(), ending.__anext__())
        waiting = [asyncio.ensure_future(it.__anext__()) for it in (watching, ending)]
        await asyncio.sleep(0)
        await there.erase(other.id, JO)
        assert await here.erase_opened_before(long_ago) == 0
        assert await asyncio.wait_for(waiting[1], 20) is None
        assert [news async for news in ending] == []
        assert here.partials(call.id)
        await here.say(call.id, JO, said("caller", "my foot is numb", "r2"))
        heard = await asyncio.wait_for(waiting[0], 20)
        assert heard
        assert [turn.text for turn in heard[0].turns] == ["my foot is numb"]

    run(story())


def test_memory_is_bounded_and_forgotten_calls_come_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backsignal.assist.desk._MOST_IN_MEMORY", 3)

    async def story() -> None:
        first = await desk.open(JO)
        await desk.say(first.id, JO, said("caller", "my foot is numb", "r1"))
        for _ in range(6):
            await desk.open(JO)
        assert len(desk._live) == 3
        assert (await desk.call(first.id, JO)).machine("leg_numbness").reported

    run(story())
