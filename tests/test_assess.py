"""Texts assessed offline: whatever stands in a line, the others are answered."""

import io
import json
from typing import Any

import pytest

from backsignal.assess import assess_lines

TELLS = b'{"id": "%s", "text": "I can\'t feel it when I wipe"}'


def assessed(*lines: bytes) -> tuple[int, list[Any]]:
    """Status and rows, written as to a pipe."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    status = assess_lines(lines, out)
    out.seek(0)
    return status, [json.loads(line) for line in out]


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b', "text": "x"}',
        b'{"id": NaN, "text": "x"}',
        b'{"id": "x", "text": "\xff"}',
        b'{"id": "x", "text": 5}',
    ],
    ids=["nested", "nested id", "no number", "no UTF-8", "no text"],
)
def test_a_bad_line_gets_an_error_and_the_others_an_answer(line: bytes) -> None:
    status, rows = assessed(TELLS % b"a", line, TELLS % b"b")
    assert status == 1
    assert [row["id"] for row in rows] == ["a", None, "b"]
    assert rows[1]["error"]
    assert line[:1] == b"{" or rows[1]["error"].startswith("not a line of JSON")
    assert rows[0]["level"] == rows[2]["level"] == "emergency"


@pytest.mark.parametrize(
    "half", [r'{"id": "\ud800", "text": "numb bum"}', r'{"id": 1, "text": "I have a numb bum \ud800"}']
)
def test_half_a_surrogate_pair_is_no_error(half: str) -> None:
    status, rows = assessed(half.encode(), TELLS % b"b")
    assert status == 0
    assert rows[0]["id"] == json.loads(half)["id"]
    assert [row["level"] for row in rows] == ["emergency"] * 2
