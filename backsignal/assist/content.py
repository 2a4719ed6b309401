"""The content of agent assist (content/calls.yml): how agents ask, and what their words mean."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import StrictStr

from backsignal.clinical.content import CONTENT_FOLDER, Content, Measure, Question
from backsignal.clinical.content_files import ContentError, ContentModel, line_of, read_content
from backsignal.clinical.levels import Level

# An agent asks whatever comes up, across the content's questions; these two stand for such a question.
ANY_MEANS_ALL: Final = "agent_asks_all"
ANY_MEANS_WHICH: Final = "agent_asks_which"
_GAP: Final = r"(?:\w+ ){0,3}?"


class _AskedFinding(ContentModel):
    term: StrictStr
    say: StrictStr
    asked_as: list[StrictStr] = []
    well_as: list[StrictStr] = []
    instead_of: list[str] = []
    by_phrases_alone: bool = False


class _Measured(ContentModel):
    say: StrictStr
    asked_as: list[StrictStr]


class Together(ContentModel):
    """Findings asked in one breath, while all of them are open."""

    findings: list[str]
    say: StrictStr


class NoteGroups(ContentModel):
    """Groups of findings by where the note has them."""

    complaint: list[str]
    history: list[str]


class _CallsFile(ContentModel):
    together: list[Together]
    measures: dict[Measure, _Measured]
    findings: dict[str, _AskedFinding]
    keeps_question_open: list[StrictStr]
    advising: list[StrictStr]
    asking_if: list[StrictStr]
    question_starts: list[StrictStr]
    answer_first: list[StrictStr]
    fillers: list[StrictStr]
    statement_starts: list[StrictStr]
    negators: list[StrictStr]
    well: list[StrictStr]
    unwell: list[StrictStr]
    refuses: list[StrictStr]
    second_thoughts: list[StrictStr]
    unfinished: list[StrictStr]
    continues: list[StrictStr]
    groups: dict[str, str]
    note_groups: NoteGroups
    levels: dict[Level, str]
    why_unknown: dict[str, str]
    number_why: str
    disposition: dict[Level, str]
    note: dict[str, str]


def plain(text: str) -> str:
    """Words as the phrases are compared: lower case, no apostrophes, every other mark a space."""
    return re.sub(r"[^\w]+", " ", re.sub(r"['’`´]", "", text.lower())).strip()


class Phrases:
    """A list of phrases as one pattern; `a|b` is either word, `..` up to three words of any kind."""

    def __init__(self, lines: Iterable[str]) -> None:
        phrases = [part.strip() for line in lines for part in line.split(";") if part.strip()]
        self._pattern = "|".join(_pattern(phrase) for phrase in phrases) or r"(?!)"
        self._anywhere = re.compile(rf"\b(?:{self._pattern})\b")
        self._at_end = re.compile(rf"\b(?:{self._pattern})$")

    def find(self, words: str, start: int = 0) -> re.Match[str] | None:
        """Where one of the phrases first stands in plain words from `start` on, None where none does."""
        return self._anywhere.search(words, start)

    def spans(self, words: str) -> list[tuple[int, int]]:
        """Everywhere that one of the phrases stands in plain words, the longest reading at each place."""
        return [found.span() for found in self._anywhere.finditer(words)]

    def starts(self, words: str) -> bool:
        """Whether plain words begin with one of the phrases."""
        return bool(self._anywhere.match(words))

    def ends(self, words: str) -> bool:
        """Whether plain words end with one of the phrases."""
        return bool(self._at_end.search(words))


def _pattern(phrase: str) -> str:
    parts = []
    for word in phrase.split():
        if word == "..":
            parts.append(_GAP)
        else:
            parts.append(f"(?:{'|'.join(plain(part) for part in word.split('|'))}) ")
    return "".join(parts).rstrip()


@dataclass(frozen=True)
class Words:
    """How agents and callers speak in a call, as compiled phrases."""

    asked: dict[str, Phrases]
    asked_well: dict[str, Phrases]
    instead_of: dict[str, list[str]]
    by_phrases_alone: frozenset[str]
    measures: dict[Measure, Phrases]
    advising: Phrases
    asking_if: Phrases
    question_starts: Phrases
    answer_then_statement: re.Pattern[str]
    negators: Phrases
    well: Phrases
    unwell: Phrases
    refuses: Phrases
    second_thoughts: Phrases
    unfinished: Phrases
    continues: Phrases
    small_talk: frozenset[str]


@dataclass(frozen=True)
class CallContent:
    """All that agent assist knows: the clinical content, and what is said in calls."""

    clinical: Content
    words: Words
    together: tuple[Together, ...]
    terms: dict[str, str]
    singles: dict[str, str]
    measures: dict[Measure, str]
    groups: dict[str, str]
    note_groups: NoteGroups
    levels: dict[Level, str]
    why_unknown: dict[str, str]
    number_why: str
    disposition: dict[Level, str]
    note: dict[str, str]

    @cached_property
    def suggested(self) -> dict[str, tuple[tuple[str, ...], tuple[Measure, ...]]]:
        """What the suggested questions ask, by their plain words, the longest first."""
        asked: dict[str, tuple[tuple[str, ...], tuple[Measure, ...]]] = {
            plain(say): ((finding,), ()) for finding, say in self.singles.items()
        }
        asked |= {plain(item.say): (tuple(item.findings), ()) for item in self.together}
        asked |= {plain(say): ((), (measure,)) for measure, say in self.measures.items()}
        return dict(sorted(asked.items(), key=lambda item: -len(item[0])))

    @classmethod
    def load(cls, clinical: Content | None = None, folder: Path = CONTENT_FOLDER) -> "CallContent":
        """Read calls.yml beside the clinical content. Raises ContentError where anything is wrong."""
        path = folder / "calls.yml"
        file = read_content(path, _CallsFile)
        clinical = clinical or Content.load(folder)
        _check(file, clinical, path)
        return cls(
            clinical=_with_agents_questions(clinical),
            words=_words(file),
            together=tuple(sorted(file.together, key=lambda item: -len(item.findings))),
            # A finding that this file does not know yet is asked and named as patients are asked.
            terms={f.id: f.option for f in clinical.findings.values()}
            | {finding: asked.term for finding, asked in file.findings.items()},
            singles={f.id: f.question for f in clinical.findings.values()}
            | {finding: asked.say for finding, asked in file.findings.items()},
            measures={measure: asked.say for measure, asked in file.measures.items()},
            groups=file.groups
            | {
                f.group: f.group.replace("_", " ")
                for f in clinical.findings.values()
                if f.group not in file.groups
            },
            note_groups=file.note_groups,
            levels=file.levels,
            why_unknown=file.why_unknown,
            number_why=file.number_why,
            disposition=file.disposition,
            note=file.note,
        )


def _with_agents_questions(clinical: Content) -> Content:
    agents = (
        Question(id=ANY_MEANS_ALL, opening="", on_yes="present"),
        Question(id=ANY_MEANS_WHICH, opening="", on_yes="which"),
    )
    return replace(clinical, advice_questions=(*clinical.advice_questions, *agents))


def _words(file: _CallsFile) -> Words:
    return Words(
        asked={finding: Phrases(asked.asked_as) for finding, asked in file.findings.items()},
        asked_well={finding: Phrases(asked.well_as) for finding, asked in file.findings.items()},
        instead_of={finding: asked.instead_of for finding, asked in file.findings.items()},
        by_phrases_alone=frozenset(f for f, asked in file.findings.items() if asked.by_phrases_alone),
        measures={measure: Phrases(asked.asked_as) for measure, asked in file.measures.items()},
        advising=Phrases(file.advising),
        asking_if=Phrases(file.asking_if),
        question_starts=Phrases(file.question_starts),
        answer_then_statement=_answer_then_statement(file),
        negators=Phrases(file.negators),
        well=Phrases(file.well),
        unwell=Phrases(file.unwell),
        refuses=Phrases(file.refuses),
        second_thoughts=Phrases(file.second_thoughts),
        unfinished=Phrases(file.unfinished),
        continues=Phrases(file.continues),
        small_talk=frozenset(word for line in file.keeps_question_open for word in line.split("|")),
    )


def _answer_then_statement(file: _CallsFile) -> re.Pattern[str]:
    answers, fillers, starts = (
        "|".join(lines) for lines in (file.answer_first, file.fillers, file.statement_starts)
    )
    begin = rf"^\s*((?:{answers})(?:\s+(?:{answers}|{fillers}))*)"
    return re.compile(rf"{begin}\s+(?=(?:{starts})(?:['’]\w+)?\b)", re.IGNORECASE)


def _check(file: _CallsFile, clinical: Content, path: Path) -> None:
    problems: list[tuple[tuple[int | str, ...], str]] = []
    for finding in file.findings.keys() - clinical.findings.keys():
        problems.append((("findings", finding), f"'{finding}' is no finding of findings.yml"))
    for finding, asked in file.findings.items():
        for other in set(asked.instead_of) - clinical.findings.keys():
            problems.append((("findings", finding, "instead_of"), f"'{other}' is no finding of findings.yml"))
    for number, item in enumerate(file.together):
        for finding in set(item.findings) - clinical.findings.keys():
            problems.append((("together", number), f"'{finding}' is no finding of findings.yml"))
    known = {finding.group for finding in clinical.findings.values()}
    for group in {*file.note_groups.complaint, *file.note_groups.history} - known:
        problems.append((("note_groups",), f"'{group}' is no group of findings.yml"))
    for level in set(Level) - file.levels.keys():
        problems.append((("levels",), f"no word for '{level.value}'"))
    if problems:
        text = path.read_text(encoding="utf-8")
        raise ContentError("\n".join(f"{path}:{line_of(text, place)}: {says}" for place, says in problems))
