"""Keeps nothing for longer than was promised: the regular work on what is stored."""

import asyncio
import logging
from functools import partial

from pydantic import BaseModel, Extra
from rasa.core.agent import Agent

from backsignal.components import check_ins, clock, inbox, jobs
from backsignal.components.databases import with_audit
from backsignal.components.erasure import expire, expired, forget, forget_erased
from backsignal.components.tracker_store import ConversationStore
from backsignal.stores import audit
from backsignal.stores.database import leave_no_trace
from backsignal.telemetry import metrics

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 10.0
_EVERY_SECONDS = 3600.0
_AT_ONCE = 200


class Retention(BaseModel):
    """How long things are kept: conversations since somebody last wrote, the audit since it was written."""

    keep_days: float = 60
    keep_audit_days: float = 365

    class Config:
        """Pydantic settings."""

        extra = Extra.forbid


async def keep_house(agent: Agent, retention: Retention) -> None:
    """Do the regular work for as long as the server runs."""
    store = agent.tracker_store
    if not isinstance(store, ConversationStore):
        return
    store.database.keep(jobs.metadata, check_ins.metadata, inbox.metadata)
    while True:
        for name, work in (("forget", _forget_erased), ("purge", _purge), ("seal", _seal)):
            try:
                await work(agent, store, retention)
            except Exception as error:
                logger.error("job.failed job=%s error=%s", name, type(error).__name__)
        await asyncio.sleep(_LOOK_SECONDS)


async def _forget_erased(_: Agent, store: ConversationStore, __: Retention) -> None:
    await forget_erased(store)


async def _purge(agent: Agent, store: ConversationStore, retention: Retention) -> None:
    """Erase conversations that are too old, and wipe the audit of them and of calls that is."""
    for database in with_audit(store.database):
        if await database.run(partial(jobs.take, "purge", _EVERY_SECONDS)):
            if database is store.database:
                await _purge_conversations(agent, store, clock.now() - retention.keep_days * 86_400)
            too_old = clock.now() - retention.keep_audit_days * 86_400
            await database.run(partial(audit.wipe_audit_before, too_old))
            await database.run(leave_no_trace)
            metrics.jobs.labels("purge").set(clock.now())


async def _purge_conversations(agent: Agent, store: ConversationStore, before: float) -> None:
    """Erase conversations. Each one's lock is held, as somebody may write just now."""
    run = store.database.run
    while senders := await run(partial(expired, before, _AT_ONCE)):
        for sender in senders:
            async with agent.lock_store.lock(sender):
                await run(partial(expire, sender, before))
                forget(store, sender)
            # Those who write now come first.
            await asyncio.sleep(0)


async def _seal(_: Agent, store: ConversationStore, __: Retention) -> None:
    for database in with_audit(store.database):
        if await database.run(partial(jobs.take, "seal", _EVERY_SECONDS)):
            await database.run(partial(audit.seal, clock.now()))
            metrics.jobs.labels("seal").set(clock.now())
