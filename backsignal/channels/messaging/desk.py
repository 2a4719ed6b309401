"""The desk: takes accepted events out of the inbox, lets the conversation answer, and sends the answers.

Whatever is accepted is answered once: events of one person in order, on whichever server gets to them, and
after a restart where the last one left off.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.constants import EXTERNAL_MESSAGE_PREFIX
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from backsignal.channels.messaging.api import Api, Call, LaterError, NeverError
from backsignal.channels.messaging.base import Incoming, MessagingChannel, Shown, shown
from backsignal.channels.messaging.choices import open_offer
from backsignal.channels.messaging.wording import consent, is_word, messaging, phrase, unreadable
from backsignal.channels.messaging_senders import sender_of
from backsignal.channels.safety import MAX_LENGTH, Answers, harmless, is_cut_short, log_failure
from backsignal.channels.web_history import Entry, entries_of
from backsignal.channels.web_sessions import load_secret
from backsignal.components import clock
from backsignal.components.action_endpoint import failed_actions
from backsignal.components.check_ins import DUE, REMINDER, CheckIns, follow
from backsignal.components.erasure import erase
from backsignal.components.inbox import LEASE_SECONDS, REMEMBER_SECONDS, Inbox, Work
from backsignal.components.opted_out import OptedOut
from backsignal.components.responses import as_response
from backsignal.components.tracker_store import ConversationStore
from backsignal.components.turns import EMERGENCY_SLOT, safe_reply
from backsignal.components.unstored import unstored_reply
from backsignal.stores import OutrunError, UnavailableError
from backsignal.telemetry.stages import in_turn

logger = logging.getLogger(__name__)

# How often the inbox is looked at for what another server left behind.
_LOOK_SECONDS = 2.0
_FORGET_EVERY_SECONDS = 3600.0
# How often work is begun that no server brings to an end.
_MOST_TRIES = 12
# Pauses grow with the time that an event has waited already, up to these.
_SHORTEST_PAUSE = 2.0
_LONGEST_PAUSE_FOR_A_STORE = 8.0
_LONGEST_PAUSE_FOR_A_PLATFORM = 300.0
# So long a platform may refuse an answer for now, until it is left unsent.
_LATEST_SECONDS = 86_400.0
_AT_ONCE = 16
_MOST_TOLD = 1000
_FORGET_INTENT = "forget_me"


class Desk:
    """The work of one server on the inbox that all servers share."""

    def __init__(self, channels: Mapping[str, MessagingChannel], agent: Agent) -> None:
        store = agent.tracker_store
        if not isinstance(store, ConversationStore):
            raise TypeError("no ConversationStore, beside which the inbox could stand")
        self._channels = channels
        self._agent = agent
        self._store = store
        self._inbox = Inbox(store.database)
        self._opted_out = OptedOut(store.database)
        self._check_ins = CheckIns(store.database)
        self._api = Api()
        self._secret = load_secret()
        self._working: dict[str, asyncio.Task[None]] = {}
        # Whose inbox is to be looked at, perhaps again.
        self._news: set[str] = set()
        # Events that could not be kept, whose senders were told what to do meanwhile.
        self._told: OrderedDict[str, None] = OrderedDict()
        self._telling: set[asyncio.Task[None]] = set()
        # For each channel by itself: a platform that hangs keeps nobody else waiting.
        self._few = {name: asyncio.Semaphore(_AT_ONCE) for name in channels}
        self._forget_at = 0.0
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Stop; what is not finished is taken up by another server or at the next start."""
        tasks = [self._looking, *self._working.values(), *self._telling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._api.close()

    def sender(self, channel: str, person: str) -> str:
        """A person's conversation."""
        return sender_of(self._secret, channel, person)

    async def accept(self, channel: MessagingChannel, events: Sequence[Incoming]) -> None:
        """Accept events durably; the work on them goes on after the platform was answered."""
        name = channel.name()
        rows = [(event.event, self.sender(name, event.person), event.item()) for event in events]
        try:
            await self._inbox.accept(name, rows)
        except UnavailableError:
            for event, (_, sender, _) in zip(events, rows, strict=True):
                self._tell_unstored(channel, sender, event)
            raise
        for _, sender, _ in rows:
            self._begin(name, sender)

    def _tell_unstored(self, channel: MessagingChannel, sender: str, event: Incoming) -> None:
        """Say once what to do meanwhile, as the platform may send the event again late or never."""
        if event.event in self._told or len(self._telling) >= _AT_ONCE:
            return
        self._told[event.event] = None
        if len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        task = asyncio.create_task(self._say_meanwhile(channel, sender, event.item()))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _say_meanwhile(self, channel: MessagingChannel, sender: str, item: Mapping[str, Any]) -> None:
        """Say what to do while an event cannot be kept or worked on. A tick needs no store: it is shown."""
        if channel.only_redraws(item):
            await self._try_to_send(channel, channel.acknowledgements(item))
            return
        kind, text = item["kind"], item.get("text", "")
        if kind in ("text", "pick"):
            said = _in_words(kind, text, self._remembered(sender)) or harmless("")
            message = shown(as_response(await unstored_reply(self._agent, sender, said)))
        else:
            message = Shown(unreadable(kind))
        await self._try_to_send(channel, channel.calls(item["address"], [message]))

    def _remembered(self, sender: str) -> list[Entry]:
        """What this server remembers of what was said, for what a number or a button means."""
        tracker = self._store.remembered(sender)
        return entries_of(tracker.events) if tracker else []

    async def _try_to_send(self, channel: MessagingChannel, calls: Sequence[Call]) -> None:
        for call in calls:
            with suppress(LaterError, NeverError):
                await self._api.send(call, channel.judge)

    def _begin(self, channel: str, sender: str) -> None:
        self._news.add(sender)
        if sender not in self._working:
            self._working[sender] = asyncio.create_task(self._drain(channel, sender))

    async def _look(self) -> None:
        while True:
            try:
                await self._check_ins.move_due()
                for channel, sender in await self._inbox.waiting():
                    self._begin(channel, sender)
                if clock.now() > self._forget_at:
                    await self._inbox.forget(clock.now() - REMEMBER_SECONDS)
                    self._forget_at = clock.now() + _FORGET_EVERY_SECONDS
            except Exception as error:
                logger.error("messaging.look.failed error=%s", type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _drain(self, channel: str, sender: str) -> None:
        try:
            async with self._few.get(channel) or nullcontext():
                while sender in self._news:
                    self._news.discard(sender)
                    while work := await self._inbox.claim(sender):
                        await self._handle(work)
        except Exception as error:
            logger.error("messaging.work.failed error=%s", type(error).__name__)
        finally:
            # Nothing is awaited between the last look at the news and this, so that none can slip between.
            self._news.discard(sender)
            del self._working[sender]

    async def _handle(self, work: Work) -> None:
        channel = self._channels.get(work.channel)
        if channel is None:
            logger.error("messaging.given_up channel=%s is off", work.channel)
            await self._inbox.finish(work)
            return
        if work.tries > _MOST_TRIES:
            await self._give_up(channel, work)
            return
        try:
            await self._try_to_send(channel, channel.acknowledgements(work.item))
            if not channel.only_redraws(work.item):
                await self._send(channel, work, await self._answer(channel, work))
            await self._inbox.finish(work)
        except (UnavailableError, OutrunError) as error:
            logger.error("messaging.turn.put_off error=%s", type(error).__name__)
            await self._tell_meanwhile(channel, work)
            await self._postpone(work, _pause(work, _LONGEST_PAUSE_FOR_A_STORE))
        except LaterError as later:
            if clock.now() - work.received > _LATEST_SECONDS:
                await self._give_up(channel, work)
            else:
                await self._postpone(work, max(later.seconds, _pause(work, _LONGEST_PAUSE_FOR_A_PLATFORM)))
        except NeverError:
            await self._inbox.finish(work)
        except Exception as error:
            log_failure("messaging.work.failed", error)
            await self._give_up(channel, work)

    async def _tell_meanwhile(self, channel: MessagingChannel, work: Work) -> None:
        """Say what to do to this event, and to all that the person sent after it: to each once."""
        # Where the database is gone as well, what waits behind this one cannot be read now.
        with suppress(UnavailableError):
            await self._tell_once(channel, work)
            for waiting in await self._inbox.behind(work):
                await self._tell_once(channel, waiting)
                await self._inbox.progress(work, work.sent)

    async def _tell_once(self, channel: MessagingChannel, work: Work) -> None:
        if not work.told and work.item["kind"] not in (DUE, REMINDER):
            await self._say_meanwhile(channel, work.sender, work.item)
            await self._inbox.note_told(work)

    async def _postpone(self, work: Work, seconds: float) -> None:
        """Put it back. Where the database is gone too that is tried again, else the claim would stand on."""
        until = time.monotonic() + LEASE_SECONDS / 2
        while True:
            try:
                return await self._inbox.postpone(work, seconds)
            except UnavailableError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_LOOK_SECONDS)

    async def _give_up(self, channel: MessagingChannel, work: Work) -> None:
        """Let it stand in the way of nothing else, and say that it failed."""
        logger.error("messaging.given_up channel=%s tries=%s", work.channel, work.tries)
        await self._inbox.finish(work)
        if work.item["kind"] not in (DUE, REMINDER):
            await self._try_to_send(channel, channel.calls(work.item["address"], [_safe()]))

    async def _send(self, channel: MessagingChannel, work: Work, messages: Sequence[Shown]) -> None:
        calls: list[Call] = channel.calls(work.item["address"], messages)
        for place, call in enumerate(calls[work.sent :], work.sent + 1):
            await self._api.send(call, channel.judge)
            if not await self._inbox.progress(work, place):
                return

    async def _answer(self, channel: MessagingChannel, work: Work) -> list[Shown]:
        """The answer to an event. Never nothing: where the conversation fails it is the safe message."""
        try:
            text, kind = work.item.get("text", ""), work.item["kind"]
            if kind in (DUE, REMINDER):
                return await in_turn(channel.name(), work.sender, self._check_in(channel, work, kind))
            told = await self._about_stopping(work, text) if channel.opt_out else None
            if told is not None:
                return told
            if kind == "text" and is_word(text, messaging().forget_words):
                return [Shown(await self._erased(work))]
            return await in_turn(channel.name(), work.sender, self._turn(channel, work, kind, text))
        except (UnavailableError, OutrunError):
            raise
        except Exception as error:
            log_failure("messaging.turn.failed", error)
            return [_safe()]

    async def _about_stopping(self, work: Work, text: str) -> list[Shown] | None:
        """What is said to somebody who stops, starts again, or had stopped; None for everybody else."""
        answered = work.item.get("extra", {}).get("answered", False)
        if is_word(text, messaging().stop_words):
            await self._opted_out.add(work.sender)
            await self._check_ins.stop(work.sender)
            return [] if answered else [Shown(phrase("stopped"))]
        if not await self._opted_out.holds(work.sender):
            return None
        if is_word(text, messaging().start_words):
            await self._opted_out.remove(work.sender)
            return [Shown(phrase("started"))]
        return [Shown(phrase("still_stopped"))]

    async def _erased(self, work: Work) -> str:
        async with self._agent.lock_store.lock(work.sender):
            await erase(self._agent.tracker_store, work.sender, work.number)
        return phrase("forgotten")

    async def _check_in(self, channel: MessagingChannel, work: Work, kind: str) -> list[Shown]:
        """Ask how the back is. Nothing to those who are gone, stopped, or were sent to be seen at once."""
        async with self._agent.lock_store.lock(work.sender):
            tracker = await self._tracker(work.sender)
            if tracker is None or tracker.get_slot(EMERGENCY_SLOT):
                return []
            if await self._opted_out.holds(work.sender):
                return []
            answers = _answers_to(tracker, work.event)
            if answers is None:
                said = f"{EXTERNAL_MESSAGE_PREFIX}{kind}"
                parsed = {"text": said, "intent": {"name": kind, "confidence": 1.0}, "entities": []}
                await self._agent.processor.handle_message(
                    UserMessage(said, Answers(), work.sender, parsed, channel.name(), work.event)
                )
                tracker = await self._tracker(work.sender)
                answers = (_answers_to(tracker, work.event) if tracker else None) or []
        return [shown(entry) for entry in answers]

    async def _turn(self, channel: MessagingChannel, work: Work, kind: str, text: str) -> list[Shown]:
        async with self._agent.lock_store.lock(work.sender):
            tracker = await self._tracker(work.sender)
            first = not any(isinstance(event, UserUttered) for event in tracker.events) if tracker else True
            entries = entries_of(tracker.events) if tracker else []
            failed: list[str] = []
            if tracker is None or _answers_to(tracker, work.event) is None:
                said = _in_words(kind, text, entries)
                if said is None:
                    return _unused(kind, text, entries)
                with failed_actions() as failed:
                    await self._agent.processor.handle_message(
                        UserMessage(
                            said, Answers(), work.sender, input_channel=channel.name(), message_id=work.event
                        )
                    )
                tracker = await self._tracker(work.sender)
                if tracker:
                    await follow(
                        self._agent.tracker_store,
                        list(tracker.events),
                        work.event,
                        work.sender,
                        channel.name(),
                        work.item["address"],
                    )
            else:
                first = _is_first(tracker, work.event)
            answers = (_answers_to(tracker, work.event) if tracker else None) or []
        messages = [shown(entry) for entry in answers]
        if is_cut_short([message.text for message in messages], failed):
            messages.append(_safe())
        if tracker and _intent(tracker) == _FORGET_INTENT and not any(message.call for message in messages):
            messages = [Shown(phrase("forget_how"))]
        return _with_notes(messages, channel, work, first)

    async def _tracker(self, sender: str) -> DialogueStateTracker | None:
        return await self._agent.tracker_store.retrieve_full_tracker(sender)


def _safe() -> Shown:
    return Shown(safe_reply().text)


def _pause(work: Work, longest: float) -> float:
    """How long until the next try: as long as it has waited already, within bounds."""
    return min(max(clock.now() - work.received, _SHORTEST_PAUSE), longest)


def _in_words(kind: str, text: str, entries: Sequence[Entry]) -> str | None:
    """What an event says to the conversation; None where it says nothing."""
    offer = open_offer(entries)
    if kind == "text":
        return (offer.numbered(text) if offer else None) or harmless(text)
    if kind == "pick" and offer:
        places = offer.places(text)
        return offer.answer(places) if places else None
    return None


def _unused(kind: str, text: str, entries: Sequence[Entry]) -> list[Shown]:
    """What is said to an event that is not for the conversation, with the open question after it."""
    if kind != "pick":
        return [Shown(unreadable(kind))]
    last = next((entry for entry in reversed(entries) if shown(entry).offer), None)
    if last is None:
        return [Shown(phrase("old_button_alone"))]
    offer = open_offer(entries)
    nothing_ticked = offer is not None and offer.places(text) == []
    return [Shown(phrase("pick_all" if nothing_ticked else "old_button")), shown(last)]


def _with_notes(messages: list[Shown], channel: MessagingChannel, work: Work, first: bool) -> list[Shown]:
    """The answer with what else has to be said: the consent line once, and what could not be read."""
    also = work.item.get("also") or ("too_long" if len(work.item.get("text", "")) > MAX_LENGTH else None)
    notes = [Shown(unreadable(also))] if also else []
    if not first:
        return [*notes, *messages]
    opening = [Shown(consent(channel.name())), *notes]
    # In an emergency nothing is said before what to do.
    return [*messages, *opening] if any(message.call for message in messages) else [*opening, *messages]


def _answers_to(tracker: DialogueStateTracker, event: str) -> list[Entry] | None:
    """What was answered to an event, None where it was never handled."""
    events = list(tracker.events)
    messages = [place for place, it in enumerate(events) if isinstance(it, UserUttered)]
    place = next((place for place in messages if events[place].message_id == event), None)
    if place is None:
        return None
    end = next((later for later in messages if later > place), len(events))
    return entries_of(events[place + 1 : end])


def _is_first(tracker: DialogueStateTracker, event: str) -> bool:
    first = next((it for it in tracker.events if isinstance(it, UserUttered)), None)
    return first is not None and first.message_id == event


def _intent(tracker: DialogueStateTracker) -> Any:
    last = next((it for it in reversed(tracker.events) if isinstance(it, UserUttered)), None)
    return last.intent.get("name") if last and last.intent else None
