"""How well the trained model tells intents apart."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.utils.log_utils import configure_structlog
from sklearn.metrics import classification_report


def intent_report(model: Path, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Precision, recall and F1 by intent on labelled messages, as scikit-learn reports them."""
    configure_structlog(logging.WARNING)
    agent = Agent.load(str(model))
    predicted = asyncio.run(_predict(agent, [row["text"] for row in rows]))
    meant = [row["intent"] for row in rows]
    # No message means "not understood": taken for that, it is a miss of what it means.
    report: dict[str, Any] = classification_report(
        meant, predicted, labels=sorted(set(meant)), output_dict=True, zero_division=0
    )
    wrong = [
        f"{row['text']}: {row['intent']} taken for {got}"
        for row, got in zip(rows, predicted, strict=True)
        if got != row["intent"]
    ]
    return {"macro_f1": report["macro avg"]["f1-score"], "report": report, "wrong": wrong}


async def _predict(agent: Agent, texts: Sequence[str]) -> list[str]:
    return [(await agent.parse_message(text))["intent"]["name"] for text in texts]
