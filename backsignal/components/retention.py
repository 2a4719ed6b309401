"""Keeps nothing for longer than was promised: the regular work on what is stored."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, Extra
from rasa.core.agent import Agent
from rasa.core.lock_store import LockStore

from backsignal.components import check_ins, clock, inbox, jobs
from backsignal.components.databases import with_audit
from backsignal.components.erasure import expire, expired, forget_erased
from backsignal.components.lock_store import LockedOutError
from backsignal.components.tracker_store import ConversationStore
from backsignal.stores import audit
from backsignal.stores.database import Database
from backsignal.telemetry import metrics

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 10.0
_EVERY_SECONDS = 3600.0
_DAY_SECONDS = 86_400.0
# Conversations, or rows of the audit, in one transaction.
_AT_ONCE = 200
# After each part the purge rests so many times as long as that took. Without it each turn would be slower by
# a third while the purge lasts.
_RESTS, _LONGEST_REST_SECONDS = 9, 1.0

Result = TypeVar("Result")


class Retention(BaseModel):
    """How long things are kept: conversations since somebody last wrote, the audit since it was written."""

    keep_days: float = 60
    keep_audit_days: float = 365

    class Config:
        """Pydantic settings."""

        extra = Extra.forbid


async def keep_house(agent: Agent, retention: Retention) -> None:
    """Do the regular work for as long as the server runs, each job by itself: a long one delays no other."""
    store = agent.tracker_store
    if not isinstance(store, ConversationStore):
        return
    store.database.keep(jobs.metadata, check_ins.metadata, inbox.metadata)
    await asyncio.gather(
        _again_and_again("forget", partial(forget, store)),
        _again_and_again("purge", partial(purge, store, agent.lock_store, retention)),
        _again_and_again("seal", partial(_seal, store)),
    )


async def _again_and_again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            logger.error("job.failed job=%s error=%s", name, type(error).__name__)
        await asyncio.sleep(_LOOK_SECONDS)


async def forget(store: ConversationStore) -> None:
    """Drop from memory what was erased elsewhere, and from the files what could not be at its erasure."""
    await forget_erased(store)
    for database in with_audit(store.database):
        if database.traces_left:
            await database.leave_no_trace()


async def purge(store: ConversationStore, locks: LockStore, retention: Retention) -> None:
    """Erase conversations that are too old, and wipe the audit of them and of calls that is."""
    for database in with_audit(store.database):
        if await database.run(partial(jobs.take, "purge", _EVERY_SECONDS)):
            if database is store.database:
                await _purge_conversations(store, locks, clock.now() - retention.keep_days * _DAY_SECONDS)
            await _wipe_audit(database, clock.now() - retention.keep_audit_days * _DAY_SECONDS)
            await database.leave_no_trace()
            metrics.jobs.labels("purge").set(clock.now())


async def _purge_conversations(store: ConversationStore, locks: LockStore, before: float) -> None:
    """Erase conversations. Each one's lock is held, as somebody may write just now."""
    last = None
    while found := await _gently(store.database.in_background(partial(expired, before, last, _AT_ONCE))):
        last = found[-1][0]
        for sender in (sender for sender, old in found if old):
            # Where somebody is writing the purge looks again in an hour.
            with suppress(LockedOutError):
                await _gently(_expire(store, locks, sender, before))


async def _expire(store: ConversationStore, locks: LockStore, sender: str, before: float) -> None:
    async with locks.lock(sender):
        await store.database.in_background(partial(expire, sender, before))
        store.forget(sender)


async def _wipe_audit(database: Database, before: float) -> None:
    while await _gently(database.in_background(partial(audit.wipe_audit_before, before, _AT_ONCE))):
        pass


async def _gently(part: Awaitable[Result]) -> Result:
    """Do a part of the purge, and then rest for longer: whoever is served meanwhile hardly notices it."""
    began = time.monotonic()
    result = await part
    await asyncio.sleep(min(_RESTS * (time.monotonic() - began), _LONGEST_REST_SECONDS))
    return result


async def _seal(store: ConversationStore) -> None:
    for database in with_audit(store.database):
        if await database.run(partial(jobs.take, "seal", _EVERY_SECONDS)):
            await database.in_background(partial(audit.seal, clock.now()))
            metrics.jobs.labels("seal").set(clock.now())
