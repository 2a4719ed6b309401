"""Cuts a text into tokens with offsets and into sentences; knows no word's meaning."""

import re
from bisect import bisect_right
from typing import NamedTuple

# A hyphen inside a word ("stop-start") is no token: its halves are matched like two words.
_TOKEN = re.compile(
    r"""
    (?P<short>\b(?:w/o|c/o|h/o|o/e|r/o|y/o|b/l|b/o|n/a)\b  # clinicians' signs
        |(?<![\w])[+-]\s?ve\b|(?<!\w)\+\+?(?!\w))
  | (?P<word>[^\W\d_]+(?:['’‘`´][^\W\d_]+)*)
  | (?P<number>\d+(?:[.,]\d+)?)
  | (?P<line>\r?\n[\s]*)
  | (?P<dots>\.{2,}|…)
  | (?P<mark>[^\w\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_APOSTROPHES = re.compile("['’‘`´]")
_POSSESSIVE = re.compile("['’‘`´]s$")
_HYPHENS = frozenset("-‐‑–—")
_SENTENCE_ENDS = frozenset({".", "!", "?", "…", ";", "\n", "..", "•", "*"})
# After these "'s" is a verb or a fixed word, so it stays; elsewhere it is cut off ("back's", "mum's").
_KEEPS_S = frozenset(
    ["it", "that", "what", "he", "she", "there", "here", "let", "who", "how", "where", "when"]
)
_ABBREVIATED = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "st",
        "approx",
        "eg",
        "ie",
        "vs",
        "wk",
        "wks",
        "mo",
        "mos",
        "yr",
        "yrs",
        "hr",
        "hrs",
        "no",
        "pt",
        "hx",
        "c",
        "s",
        "p",
    ]
)
_WRAPPED_LINE = 55


class Token(NamedTuple):
    """A word, number or mark: its text, its offsets, and the form that is looked up."""

    text: str
    start: int
    end: int
    norm: str


def tokenize(text: str) -> list[Token]:
    """Tokens of a text in order; a line break is a token where it seems to end a sentence."""
    tokens: list[Token] = []
    line_start = 0
    for match in _TOKEN.finditer(text):
        raw, start, end = match.group(), match.start(), match.end()
        kind = match.lastgroup
        if kind == "word":
            norm = _norm(raw)
        elif kind == "line":
            # A long line followed by a small letter was only wrapped.
            wrapped = (
                start - line_start > _WRAPPED_LINE and raw.count("\n") == 1 and text[end : end + 1].islower()
            )
            line_start = end
            if wrapped:
                continue
            norm = "\n"
        elif (
            kind == "mark"
            and raw in _HYPHENS
            and text[start - 1 : start].isalnum()
            and text[end : end + 1].isalpha()
        ):
            continue
        elif kind == "dots":
            norm = "…"
        elif kind == "mark" and raw in _HYPHENS:
            norm = "-"
        else:
            norm = raw.lower().replace(" ", "")
        tokens.append(Token(raw, start, end, norm))
    return tokens


def closed(tokens: list[Token]) -> list[Token]:
    """The tokens with a last full stop, so that patterns need not tell it from the end of the text."""
    if not tokens or tokens[-1].norm in _SENTENCE_ENDS:
        return tokens
    end = tokens[-1].end
    return [*tokens, Token("", end, end, ".")]


def sentences(tokens: list[Token]) -> list[tuple[int, int]]:
    """Token ranges (start, end) of the sentences; the closing mark belongs to its sentence."""
    ranges: list[tuple[int, int]] = []
    start = 0
    for index, token in enumerate(tokens):
        if token.norm not in _SENTENCE_ENDS:
            continue
        if token.norm == "." and index and tokens[index - 1].norm in _ABBREVIATED and index + 1 < len(tokens):
            following = tokens[index + 1]
            if not following.text[:1].isupper() or tokens[index - 1].norm in {"dr", "mr", "mrs", "ms", "st"}:
                continue
        if index == start and ranges:
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            ranges.append((start, index + 1))
        start = index + 1
    if start < len(tokens):
        ranges.append((start, len(tokens)))
    return ranges


def sentence_at(ranges: list[tuple[int, int]], index: int) -> tuple[int, int]:
    """The sentence that holds a token."""
    return ranges[bisect_right(ranges, index, key=lambda sentence: sentence[0]) - 1]


def _norm(raw: str) -> str:
    if _POSSESSIVE.search(raw) and raw[:-2].lower() not in _KEEPS_S:
        raw = raw[:-2]
    return _APOSTROPHES.sub("", raw).lower()
