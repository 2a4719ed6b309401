"""Writes a run's figures between the marks of docs/resilience.md."""

import re

from deploy.local import PROJECT

PAGE = PROJECT / "docs" / "resilience.md"


def write_figures(name: str, lines: list[str]) -> None:
    """Put the lines between the marks of that name."""
    mark = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    text = "\n".join(lines) + "\n"
    PAGE.write_text(mark.sub(lambda found: found[1] + text + found[2], page), encoding="utf-8")
