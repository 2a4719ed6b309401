"""Writes the benchmark's table and chart into `docs/performance.md` and `docs/images/performance.svg`."""

import re
from pathlib import Path
from statistics import median
from typing import Any

from bench.servers import PROJECT

PAGE = PROJECT / "docs" / "performance.md"
CHART = PROJECT / "docs" / "images" / "performance.svg"
_MARK = re.compile(r"(<!-- bench: begin -->\n).*?(<!-- bench: end -->)", re.DOTALL)
_AIMS = {
    "latency_p50": "<= 0.4",
    "latency_p95": "<= 0.4",
    "throughput": ">= 3",
    "startup": "<= 0.42",
    "memory": "<= 0.6",
    "train": "<= 0.4",
    "growth_messages": "<= 1.2",
    "growth_stored": "<= 1.1",
}


def write_report(result: dict[str, Any]) -> None:
    """Put the table between the page's marks, and draw the chart beside it."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_MARK.sub(lambda m: m[1] + _table(result) + m[2], page), encoding="utf-8")
    _chart(result, CHART)


def _table(result: dict[str, Any]) -> str:
    machine = result["machine"]
    lines = [f"Measured {result['when']} on {machine['cores']} cores, {machine['memory_gb']} GB.", ""]
    rounds = len(result["bots"]["ours"])
    lines += [
        f"| ours over stock | ratio | lowest and highest of {rounds} rounds | aim |",
        "|---|---|---|---|",
    ]
    for name, value in result["ratio"].items():
        spread = " to ".join(map(str, result["spread"].get(name, ())))
        lines.append(f"| {name} | {value} | {spread} | {_AIMS.get(name, '')} |")
    lines += ["", "| | stock | ours |", "|---|---|---|"]
    for label, path, unit in (
        ("start to first answer", ("startup",), "s"),
        ("training", ("train",), "s"),
        ("memory, peak", ("rss_mb",), "MB"),
        *((f"p50 with {n} user(s)", ("load", n, "p50"), "ms") for n in ("1", "4", "16")),
        *((f"p95 with {n} user(s)", ("load", n, "p95"), "ms") for n in ("1", "4", "16")),
        ("messages a second with 16 users", ("load", "16", "per_second"), ""),
    ):
        stock, ours = (_value(result["bots"][bot], path) for bot in ("stock", "ours"))
        lines.append(f"| {label} | {stock:.1f} {unit} | {ours:.1f} {unit} |")
    lines += ["| parse alone, a chat message | {stock:.1f} ms | {ours:.1f} ms |".format(**result["parse"])]
    lines += ["", "| ours alone | |", "|---|---|"]
    lines += [
        f"| message {at} of one conversation | {ms:.1f} ms |"
        for at, ms in result["growth"]["messages"].items()
    ]
    stored = result["growth"]["stored"]
    lines += [f"| a message, nothing stored | {median(stored['without']):.1f} ms |"]
    lines += [f"| a message, {stored['stored']} conversations stored | {median(stored['with']):.1f} ms |"]
    lines += [f"| {name.replace('_', ' ')} | {value} |" for name, value in result["offline"].items()]
    if many := result["postgres_and_redis"]:
        lines += [f"| p50 with 16 users, PostgreSQL and Redis | {many['p50']:.1f} ms |"]
        lines += [f"| messages a second with 16 users, PostgreSQL and Redis | {many['per_second']:.1f} |"]
    if widget := result["widget"]:
        lines += [f"| first load of the demonstration page | {widget['kilobytes']} kB |"]
        lines += [f"| until the chat's button is there | {widget['launcher_ms']} ms |"]
        lines += [f"| until its first words, button pressed at once | {widget['first_words_ms']} ms |"]
    floor = result["floor"]["load"]
    lines += ["", "| Rasa's floor: an empty pipeline and one rule | |", "|---|---|"]
    lines += [f"| p50 with {n} user(s) | {floor[n]['p50']:.1f} ms |" for n in ("1", "16")]
    lines += [f"| messages a second with 16 users | {floor['16']['per_second']:.1f} |"]
    return "\n".join(lines) + "\n"


def figure(row: dict[str, Any], path: tuple[str, ...]) -> float:
    """The figure at a path in what a round gave."""
    value: Any = row
    for step in path:
        value = value[step]
    return float(value)


def _value(rows: list[dict[str, Any]], path: tuple[str, ...]) -> float:
    return median(figure(row, path) for row in rows)


def _chart(result: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    users = ["1", "4", "16"]
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4))
    for bot, colour in (("stock", "#9aa5b1"), ("ours", "#0b6e6e")):
        axes[0].plot(
            users,
            [_value(result["bots"][bot], ("load", n, "p50")) for n in users],
            "o-",
            color=colour,
            label=bot,
        )
        axes[0].plot(
            users, [_value(result["bots"][bot], ("load", n, "p95")) for n in users], "o--", color=colour
        )
    axes[0].set(
        yscale="log", xlabel="users at once", ylabel="ms a message", title="p50 (line) and p95 (dashes)"
    )
    axes[0].legend()
    names = ["startup", "memory", "train", "latency_p50", "latency_p95"]
    axes[1].barh(names, [result["ratio"][name] for name in names], color="#0b6e6e")
    axes[1].axvline(1, color="#9aa5b1")
    axes[1].set(title="ours over stock (lower is better)")
    figure.tight_layout()
    figure.savefig(path)
