"""The chaos run: patients talk to a cluster while its parts are disturbed; nothing may be lost or mixed up.

`make chaos` is the full run; it writes its figures into docs/resilience.md. tests/resilience/test_chaos.py
is a short one. The same conversations are played again at the end, on the recovered cluster and undisturbed:
that run must go without any failure, and each level must be the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from deploy.local import Cluster
from tests.loops import run
from tests.resilience.checks import Stored, stored_in, strange_words, wrong_in_store
from tests.resilience.disturbances import Disturbance, disturb, one_of_each
from tests.resilience.figures import write_figures
from tests.resilience.patients import Conversation, Patient, conversation, pausing

_AT_ONCE = 16


@dataclass
class Run:
    """What was said and done in a run; monotonic seconds."""

    conversations: list[Conversation] = field(default_factory=list)
    disturbances: list[Disturbance] = field(default_factory=list)
    begun: float = 0.0
    ended: float = 0.0


async def play(cluster: Cluster, count: int, rounds: int = 0, pause: float = 0.0) -> Run:
    """Play so many conversations or more, some of them side by side.

    There are so many rounds of all disturbances, and further ones until the last conversation has begun;
    with 0 rounds there is none. People come until the last disturbance is over.
    """
    run = Run(begun=time.monotonic())
    disturbing = asyncio.ensure_future(_disturb(cluster, run, count, rounds))

    async def patients() -> None:
        while len(run.conversations) < count or not disturbing.done():
            talk = conversation(len(run.conversations))
            run.conversations.append(talk)
            await Patient(talk, f"http://127.0.0.1:{cluster.port}", pausing(pause)).play()

    await asyncio.gather(*(patients() for _ in range(_AT_ONCE)))
    await disturbing
    run.ended = time.monotonic()
    return run


async def _disturb(cluster: Cluster, run: Run, count: int, rounds: int) -> None:
    done = 0
    while rounds and (done < rounds or len(run.conversations) < count):
        for disturbance in one_of_each():
            await disturb(cluster, disturbance)
            run.disturbances.append(disturbance)
            told = f"{disturbance.target}: {disturbance.kind}, well again after {disturbance.seconds:.1f} s"
            sys.stderr.write(f"{told}; {len(run.conversations)} conversations\n")
        done += 1


def problems(disturbed: Run, quiet: Run, kept: dict[str, Stored]) -> Iterator[str]:
    """What is wrong: each thing that was lost, doubled, out of order, mixed up or judged otherwise."""
    for talk, same in zip(disturbed.conversations, quiet.conversations, strict=True):
        for each in (talk, same):
            yield from (f"{each.word}: {problem}" for problem in each.problems)
            yield from wrong_in_store(each, kept.get(each.sender))
            yield from strange_words(each)
        yield from _judged_otherwise(talk, same, kept)
    failed = [
        it for talk in quiet.conversations for it in talk.tries if not it.acknowledged and it.status != 429
    ]
    yield from (f"undisturbed, and still {it.status or 'no answer'}: {it.id}" for it in failed)


def _judged_otherwise(talk: Conversation, same: Conversation, kept: dict[str, Stored]) -> Iterator[str]:
    for said, undisturbed in zip(talk.said, same.said, strict=False):
        if said.text != undisturbed.text:
            # What was said again after the safe message led to another question, and that to another answer.
            return
        last, expected = said.tries[-1], undisturbed.tries[-1]
        if last.levels != expected.levels:
            yield f"{last.id} was judged {last.levels} and not {expected.levels}"
        if any(level.startswith("emergency") for level in expected.levels):
            answered = [it for it in said.tries if it.answers]
            if answered and not any(level.startswith("emergency") for level in answered[0].levels):
                yield f"{answered[0].id} is an emergency and was not answered as one at once"
    ours, theirs = kept.get(talk.sender), kept.get(same.sender)
    if ours and theirs:
        if ours.words - {talk.word}:
            yield f"{talk.word} has words of {ours.words - {talk.word}} in the store"
        if (ours.level, ours.record) != (theirs.level, theirs.record):
            yield f"{talk.word} ended as {ours.level}, undisturbed as {theirs.level}; {_differ(ours, theirs)}"


def _differ(ours: Stored, theirs: Stored) -> str:
    names = sorted(ours.record.keys() | theirs.record.keys())
    each = ((name, ours.record.get(name), theirs.record.get(name)) for name in names)
    return ", ".join(f"{name} {mine} not {other}" for name, mine, other in each if mine != other)


def figures(disturbed: Run, quiet: Run, found: list[str]) -> dict[str, Any]:
    """What the run is told by."""
    tries = [it for talk in disturbed.conversations for it in talk.tries]
    quiet_tries = [it for talk in quiet.conversations for it in talk.tries]
    emergencies = [
        it for it in tries if it.acknowledged and any(level.startswith("emergency") for level in it.levels)
    ]
    return {
        "conversations": len(disturbed.conversations),
        "acknowledged": sum(it.acknowledged for it in tries),
        "disturbances": len(disturbed.disturbances),
        "safe": sum(it.safe for it in tries),
        "refused": sum(it.status in (502, 503, 504) for it in tries),
        "emergencies_unkept": sum(it.status == 503 and bool(it.levels) for it in tries),
        "unanswered": sum(it.status == 0 for it in tries),
        "emergencies": len(emergencies),
        "emergencies_during": sum(
            any(it.begun < each.over and it.ended > each.begun for each in disturbed.disturbances)
            for it in emergencies
        ),
        "seconds": disturbed.ended - disturbed.begun,
        "quiet_seconds": quiet.ended - quiet.begun,
        "quiet_per_second": len(quiet_tries) / (quiet.ended - quiet.begun),
        "quiet_p50_ms": 1000 * statistics.median(it.ended - it.begun for it in quiet_tries),
        "recovery": _slowest(disturbed.disturbances),
        "other_ways": sum(
            [it.text for it in talk.said] != [it.text for it in same.said]
            for talk, same in zip(disturbed.conversations, quiet.conversations, strict=True)
        ),
        "problems": len(found),
    }


def _slowest(disturbances: list[Disturbance]) -> dict[str, float]:
    """The longest time until all was well again, for each disturbance."""
    slowest: dict[str, float] = {}
    for each in disturbances:
        name = f"{each.target}, {each.kind}"
        slowest[name] = max(slowest.get(name, 0.0), round(each.seconds, 1))
    return slowest


def run_chaos(
    cluster: Cluster, count: int, rounds: int, pause: float = 0.0
) -> tuple[list[str], dict[str, Any]]:
    """Disturbed, undisturbed, compared. Returns what is wrong, and the figures."""
    disturbed = run(play(cluster, count, rounds, pause))
    cluster.wait()
    quiet = run(play(cluster, len(disturbed.conversations)))
    found = list(problems(disturbed, quiet, stored_in(sa.create_engine(cluster.database))))
    return found, figures(disturbed, quiet, found)


def main() -> int:
    """`make chaos`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3, help="of all disturbances, at least")
    parser.add_argument("--no-figures", action="store_true", help="leave docs/resilience.md as it is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backsignal-") as folder, Cluster(Path(folder)) as cluster:
        found, told = run_chaos(cluster, options.conversations, options.rounds)
    sys.stdout.write(json.dumps(told, indent=1) + "\n" + "\n".join(found) + "\n")
    if not options.no_figures:
        write_figures("chaos", _table(told))
    return bool(found)


def _table(told: dict[str, Any]) -> list[str]:
    slowest = max(told["recovery"].items(), key=lambda each: each[1])
    return [
        f"Measured {date.today()} on {os.cpu_count()} cores, two Rasa servers and two action servers.",
        "",
        "| | |",
        "|---|---|",
        f"| conversations, acknowledged messages | {told['conversations']:,}, {told['acknowledged']:,} |",
        f"| disturbances, in {told['seconds']:.0f} s | {told['disturbances']} |",
        f"| sent again after the safe message | {told['safe']} |",
        f"| sent again after 502, 503 or 504 | {told['refused']} |",
        f"| sent again after no answer at all | {told['unanswered']} |",
        f"| emergencies answered while something was disturbed | {told['emergencies_during']} |",
        f"| told at once although the message could not be kept yet | {told['emergencies_unkept']} |",
        f"| longest until all was well again | {slowest[1]:.0f} s ({slowest[0]}) |",
        f"| undisturbed afterwards: messages a second | {told['quiet_per_second']:.0f} |",
        f"| went another way after something was said again | {told['other_ways']} |",
        f"| lost, doubled, out of order, mixed up, judged otherwise | {told['problems']} |",
    ]


if __name__ == "__main__":
    sys.exit(main())
