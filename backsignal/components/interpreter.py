"""Has messages read by a process of its own, where the machine has a second core for it.

It stands where Rasa has a place for an NLU server. The pipeline runs here all the same: only what costs
most, the reading and the models' scores, it finds ready while several people wait. What the process does not
answer is worked out here.
"""

import os
from contextlib import nullcontext
from datetime import date
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.trackers import DialogueStateTracker

from backsignal.components.intent_model import IntentModelClassifier
from backsignal.components.rasa_patches import OrderedGraphRunner
from backsignal.components.understood import understood_beforehand
from backsignal.language.reading_process import ReadingProcess
from backsignal.telemetry.stages import others_wait, stage


class Interpreter:
    """Rasa's interpreter of messages."""

    def __init__(self, processor: MessageProcessor, process: ReadingProcess) -> None:
        self._processor = processor
        self._process = process
        # Our components look at the message alone.
        self._nothing_before = DialogueStateTracker.from_events("", [])

    async def parse(self, message: UserMessage) -> dict[str, Any]:
        """What a message says, as the pipeline gives it."""
        text = message.text or ""
        with stage("parse"):
            # For somebody who is alone here the way there and back would take longer than it saves.
            understood = await self._process.understand(text, date.today()) if others_wait() else None
            with understood_beforehand(text, understood) if understood else nullcontext():
                parsed: dict[str, Any] = self._processor._parse_message_with_graph(
                    message, self._nothing_before
                )
        return parsed


def use_interpreter(agent: Agent) -> ReadingProcess | None:
    """Have the agent's messages read through a process, which is the caller's to keep running.

    Without it, as on a machine with one core, they are read here. None where there is no model.
    """
    runner = agent.processor.graph_runner if agent.processor else None
    classifier = runner.component(IntentModelClassifier) if isinstance(runner, OrderedGraphRunner) else None
    if classifier is None or classifier.model is None:
        return None
    process = ReadingProcess(classifier.model)
    agent.processor.http_interpreter = Interpreter(agent.processor, process)
    return process


def has_a_core_for_it() -> bool:
    """Whether the server may use more than one core; a container's share of them is not looked at."""
    return len(os.sched_getaffinity(0)) > 1
