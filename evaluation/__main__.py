"""Measures understanding on the labelled sets: a table, the misses, the figures of docs/understanding.md."""

import re
import sys
from pathlib import Path
from typing import Any

from backsignal.clinical.content import Content
from backsignal.language.reader import Reader
from backsignal.serving import PROJECT, train
from evaluation.intents import intent_report
from evaluation.measure import Result, measure, rows_of
from evaluation.triage import Triaged, triage_all

HERE = Path(__file__).resolve().parent
PAGE = PROJECT / "docs" / "understanding.md"
CHART = PROJECT / "docs" / "images" / "understanding.svg"
PARTS = ("development", "sealed", "fresh")
_MARK = re.compile(r"(<!-- evaluate: begin -->\n).*?(<!-- evaluate: end -->)", re.DOTALL)
_AIMS = {
    "emergencies caught": "100 %",
    "emergencies caught by level": ">= 90 %",
    "false emergencies": "<= 3 %",
    "needless questions first": "<= 15 %",
    "under-triage (level below the label)": "",
    "present F1": ">= 0.95",
    "absent F1": ">= 0.95",
    "durations right": ">= 95 %",
    "severities right": "",
    "ages right": "",
    "intents, macro-F1": ">= 0.95",
}


def main() -> None:
    """Measure all parts, print, and write."""
    reader, content, model = Reader.load(), Content.load(), train()
    figures: dict[str, dict[str, float]] = {}
    counts: dict[str, str] = {}
    for part in PARTS:
        sets = {path.stem: rows_of([path]) for path in sorted((HERE / part).glob("*.jsonl"))}
        labelled = [row for rows in sets.values() for row in rows if "level" in row]
        timed = sets.get("duration", [])
        read = measure(reader, content, [*labelled, *timed])
        triaged = triage_all(labelled, reader, content)
        intents = intent_report(model, sets["intents"]) if "intents" in sets else None
        figures[part] = _figures(read, triaged, intents)
        counts[part] = (
            f"{len(labelled)} messages ({triaged.emergencies} emergencies), {len(timed)} durations, "
            f"{len(sets.get('intents', []))} for intents"
        )
        if part == "development" and intents:
            _print_misses(triaged, read, intents)
    table = _table(figures, counts)
    sys.stdout.write(table)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_MARK.sub(lambda m: m[1] + table + m[2], page), encoding="utf-8")
    _chart(figures)


def _figures(read: Result, triaged: Triaged, intents: dict[str, Any] | None) -> dict[str, float]:
    numbers = {name: hit / max(total, 1) for name, (hit, total) in read.numbers.items()}
    known = {"intents, macro-F1": intents["macro_f1"]} if intents else {}
    return {
        **known,
        **triaged.rates(),
        "present F1": read.status["present"].f1,
        "absent F1": read.status["absent"].f1,
        "durations right": numbers["duration"],
        "severities right": numbers["severity"],
        "ages right": numbers["age"],
    }


def _table(figures: dict[str, dict[str, float]], counts: dict[str, str]) -> str:
    lines = [f"{part.capitalize()}: {count}." for part, count in counts.items()]
    lines += ["", f"| | aim | {' | '.join(PARTS)} |", "|---|---|" + "---|" * len(PARTS)]
    for name, aim in _AIMS.items():
        cells = [_cell(name, figures[part].get(name)) for part in PARTS]
        lines.append(f"| {name} | {aim} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if "F1" in name else f"{100 * value:.1f} %"


def _print_misses(triaged: Triaged, read: Result, intents: dict[str, Any]) -> None:
    for title, rows in (
        ("Emergencies missed", triaged.missed),
        ("False emergencies", triaged.cried_wolf),
        ("Read wrongly", read.misses),
        ("Intents taken for others", intents["wrong"]),
    ):
        sys.stdout.write(f"\n{title} ({len(rows)})\n" + "".join(f"  - {row}\n" for row in rows))


def _chart(figures: dict[str, dict[str, float]]) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    names = [name for name in _AIMS if "under" not in name]
    figure, axis = pyplot.subplots(figsize=(9, 4))
    for offset, (part, colour) in enumerate(zip(PARTS, ("#9aa5b1", "#0b6e6e", "#d98c2b"), strict=True)):
        places = [place + 0.27 * offset for place in range(len(names))]
        values = [figures[part].get(name, 0) for name in names]
        axis.barh(places, values, height=0.25, color=colour, label=part)
    axis.set_yticks([place + 0.27 for place in range(len(names))], names)
    axis.invert_yaxis()
    axis.legend()
    figure.tight_layout()
    CHART.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(CHART, metadata={"Date": None})


if __name__ == "__main__":
    main()
