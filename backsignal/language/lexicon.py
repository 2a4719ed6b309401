"""Reads the lexicon (content/lexicon/*.yml) and the context rules, and compiles them into one matcher."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import StrictStr, validator

from backsignal.clinical.content import CONTENT_FOLDER, FindingsFile
from backsignal.clinical.content_files import ContentError, ContentModel, read_content
from backsignal.clinical.findings import Answer, Status
from backsignal.language.patterns import Matcher, PatternError, Symbols, inflections
from backsignal.language.spelling import Spelling, SpellingFile
from backsignal.language.tokens import tokenize

_OTHER_FILES = frozenset({"grammar.yml", "spelling.yml", "times.yml", "derived.yml"})

# Marks are written by name in patterns, since YAML and the pattern language use the marks themselves.
MARKS = {
    ",": "COMMA", ".": "STOP", "?": "QMARK", ":": "COLON", "-": "DASH", "/": "SLASH", "&": "AND", "+": "PLUS",
    "(": "OPEN", ")": "CLOSE", "\n": "LINE", "…": "DOTS", ";": "SEMICOLON", "!": "BANG", "%": "PERCENT",
    "~": "TILDE", "=": "EQUALS", ">": "MORE", "°": "DEGREE",
    '"': "QUOTE", "\u201c": "QUOTE", "\u201d": "QUOTE", "'": "TICK", "\u2018": "TICK", "\u2019": "TICK",
}  # fmt: skip

Category = Literal["negated", "hypothetical", "past", "other_person", "uncertain", "present"]
Voice = Literal["self", "third", "you"]
Direction = Literal["forward", "backward"]


def _patterns(lines: list[str]) -> list[str]:
    return [part.strip() for line in lines for part in line.split(";") if part.strip()]


class _Lines(ContentModel):
    @validator("*", pre=True, each_item=False)
    def _no_booleans(cls, value: object) -> object:  # noqa: N805 - pydantic's validators take the class
        if isinstance(value, list) and not all(isinstance(item, str | dict) for item in value):
            raise ValueError("put words that YAML takes for something else (no, on, off, yes, 5) in quotes")
        return value


class FindingEntry(_Lines):
    """How a finding is said."""

    present: list[StrictStr] = []
    absent: list[StrictStr] = []
    denied: list[StrictStr] = []  # counts only where it is denied ("no accidents", "no injury")
    fixed: list[StrictStr] = []  # present too, and no idiom takes a word of it ("chest infection")
    stubborn: bool = False  # the complaint itself: only denied by a word right at it
    lasting: bool = False  # a thing of the past that still counts ("had cancer ten years ago")
    of_patient: bool = False  # what the patient is: said of somebody else it says nothing


class Binding(_Lines):
    """Which finding a predicate (a concept) makes with each place (a concept); "" where no place is named."""

    places: dict[str, list[StrictStr]]
    order: Literal["any", "after"] = "any"  # after: only said behind the place ("my foot drags")
    reach: int = 7  # tokens between place and predicate
    unplaced: list[StrictStr] = []  # whatever is said of it
    unplaced_absent: list[StrictStr] = []  # only where it is denied


class Normal(_Lines):
    """Words that say a function is well, and the findings that they deny."""

    denies: list[StrictStr]
    patterns: list[StrictStr]


class Together(_Lines):
    """A finding, the concepts it takes (alternatives with "|"), those that speak against it, and how near."""

    finding: StrictStr
    all: list[StrictStr]
    none: list[StrictStr] = []
    within: int


class LexiconFile(_Lines):
    """One file of content/lexicon."""

    about: str = ""
    concepts: dict[str, list[StrictStr]] = {}
    places: list[StrictStr] = []
    paired: list[StrictStr] = []
    both_sides: list[StrictStr] = []  # findings that are of both sides by themselves
    bindings: dict[str, Binding] = {}
    findings: dict[str, FindingEntry] = {}
    normal: list[Normal] = []
    topics: list[Normal] = []  # what a question names, and what its answer denies ("Bladder? - Fine.")
    blockers: list[StrictStr] = []
    together: list[Together] = []


class GrammarFile(_Lines):
    """content/lexicon/grammar.yml: word forms and the little words."""

    about: str = ""
    irregular: dict[str, StrictStr]
    aliases: dict[str, list[StrictStr]]
    skippable: list[StrictStr]
    fillers: list[StrictStr]
    breaks: list[StrictStr]
    connectors: list[StrictStr]
    relations: dict[str, list[StrictStr]]
    little_words: StrictStr  # words that any English text of some length holds
    foreign_words: StrictStr  # words of other languages that are none in English: two of them tell
    number_ranges: dict[str, tuple[float, float]]
    voices: dict[Voice, list[StrictStr]]  # words that show whose signs a clause tells
    asks: list[StrictStr]  # labels of the turns that ask, in a dialogue
    replies: list[StrictStr]  # labels of the turns that answer
    answers: dict[Answer, list[StrictStr]]  # how a message answers a yes/no question
    refusals: list[StrictStr]  # what declines to answer it


class ContextRule(_Lines):
    """One kind of words that change how a finding near them is meant."""

    category: Category
    direction: Direction
    scope: int = 0  # tokens; 0 reaches to the end of the sentence
    stops: list[StrictStr] = []  # concepts that end its reach, beside the terminators
    over_clauses: bool = False  # "what if I start leaking and my legs go"
    reaches_back: bool = (
        False  # alone in its sentence it speaks of the sentence before ("It went, years ago.")
    )
    whole: bool = False  # speaks of all that its sentence, or the one before, has named ("no to all four")
    opens_story: bool = False  # what follows in the past tense is of that time too
    of_well: bool = False  # speaks only of what is said to be well ("my leg was fine until Monday")
    while_telling: bool = False  # reaches back also from a sentence that tells of something itself
    supposes: bool = False  # what stands under it stays supposed, also where it is denied afterwards
    patterns: list[StrictStr]


class ContextFile(_Lines):
    """content/context_rules.yml."""

    about: str = ""
    rules: list[ContextRule]
    terminate: list[StrictStr]
    new_clause: list[StrictStr]  # end the reach of most rules, but not of those that go over clauses
    pseudo: list[StrictStr]


class FindingOutput(NamedTuple):
    """A pattern says a finding, or denies it by saying that the function is well."""

    finding: str
    absent: bool
    denied: bool = False
    fixed: bool = False


class TopicOutput(NamedTuple):
    """A function is named; an answer that all is well denies the finding."""

    finding: str


@dataclass(frozen=True)
class ContextOutput:
    """A context rule's words."""

    rule: int
    category: Category
    direction: Direction
    scope: int
    stops: tuple[str, ...]
    over_clauses: bool
    reaches_back: bool
    whole: bool
    opens_story: bool
    of_well: bool
    while_telling: bool
    supposes: bool


class MarkOutput(NamedTuple):
    """Words that end a scope, are no trigger though they look like one, are an idiom, or name a relation."""

    kind: Literal["terminate", "new_clause", "pseudo", "block", "relation", "answer", "refusal", "voice"]
    name: str = ""


class Watched(NamedTuple):
    """Symbols any of which will do, and the bits by which a chart shows where they stand."""

    symbols: tuple[str, ...]
    bits: int


class TogetherRule(NamedTuple):
    """A rule of concepts that stand together; each with the bits by which the chart shows it."""

    finding: str
    all: list[Watched]
    none: list[Watched]
    within: int


@dataclass
class Lexicon:
    """The compiled content."""

    matcher: Matcher
    idioms: Matcher  # run apart: an idiom's words stand close ("put back" is not "put my back out")
    spelling: Spelling
    places: Watched
    predicates: Watched
    paired: frozenset[str]
    bindings: dict[str, Binding]
    lasting: frozenset[str]
    stubborn: frozenset[str]
    both_sides: frozenset[str]
    of_patient: frozenset[str]
    together: list[TogetherRule]
    little_words: frozenset[str]
    foreign_words: frozenset[str]
    asks: frozenset[str]
    replies: frozenset[str]
    _irregular: dict[str, str]
    _aliases: dict[str, list[str]]
    _number_ranges: dict[str, tuple[float, float]]
    _cache: dict[str, Symbols] = field(default_factory=dict)

    def symbols(self, norm: str) -> Symbols:
        """Symbols of one token's form."""
        known = self._cache.get(norm)
        if known is None:
            known = self._symbols(norm)
            if len(self._cache) < 50_000:
                self._cache[norm] = known
        return known

    def _ranges(self, norm: str) -> list[str]:
        try:
            value = float(norm.replace(",", "."))
        except ValueError:
            return []
        return [name for name, (low, high) in self._number_ranges.items() if low <= value <= high]

    def _symbols(self, norm: str) -> Symbols:
        mark = MARKS.get(norm)
        if mark:
            return self.matcher.symbols_of([norm, mark])
        if norm[:1].isdecimal():
            return self.matcher.symbols_of([norm, "=" + norm, "NUM", *self._ranges(norm)])
        word = self.spelling.correct(norm)
        forms = {norm, "=" + norm, word, "=" + word}
        for form in (norm, word):
            for alias in self._aliases.get(form, ()):
                forms |= {alias, "=" + alias}
        for form in [form for form in forms if form[0] != "="]:
            forms |= {base for base in inflections(form) if base in self.matcher.words}
            irregular = self._irregular.get(form)
            if irregular:
                forms.add(irregular)
        return self.matcher.symbols_of(sorted(forms))


def load_lexicon(content: Path = CONTENT_FOLDER) -> Lexicon:
    """Compile content/lexicon/*.yml and content/context_rules.yml; raises ContentError naming the file."""
    folder = content / "lexicon"
    grammar = read_content(folder / "grammar.yml", GrammarFile)
    spelling_file = read_content(folder / "spelling.yml", SpellingFile)
    matcher = Matcher()
    idioms = Matcher(beside=matcher)
    places: set[str] = set()
    paired: set[str] = set()
    bindings: dict[str, Binding] = {}
    lasting: set[str] = set()
    together: list[Together] = []
    stubborn: set[str] = set()
    both_sides: set[str] = set()
    of_patient: set[str] = set()
    concepts: set[str] = set()
    for path in sorted(folder.glob("*.yml")):
        if path.name in _OTHER_FILES:
            continue
        file = read_content(path, LexiconFile)
        try:
            _compile(file, matcher, idioms)
        except PatternError as error:
            raise ContentError(f"{path}: {error}") from error
        concepts |= file.concepts.keys()
        places |= set(file.places)
        paired |= set(file.paired)
        both_sides |= set(file.both_sides)
        bindings |= file.bindings
        stubborn |= {name for name, entry in file.findings.items() if entry.stubborn}
        lasting |= {name for name, entry in file.findings.items() if entry.lasting}
        of_patient |= {name for name, entry in file.findings.items() if entry.of_patient}
        together += file.together
    for finding in read_content(content / "findings.yml", FindingsFile).findings:
        for phrase in finding.phrases:
            matcher.add(FindingOutput(finding.id, absent=False), _as_pattern(phrase))
    _compile_grammar(grammar, matcher)
    _compile_context(read_content(content / "context_rules.yml", ContextFile), matcher)
    irregular = dict(grammar.irregular)
    spelling = Spelling(spelling_file, folder / "english_words.txt", matcher.words, set(irregular))
    return Lexicon(
        matcher=matcher,
        idioms=idioms,
        spelling=spelling,
        places=_watched(sorted({*places, "LEG_PAIR"}), matcher),
        predicates=_watched(bindings, matcher),
        paired=frozenset(paired),
        bindings=bindings,
        lasting=frozenset(lasting),
        stubborn=frozenset(stubborn),
        both_sides=frozenset(both_sides),
        of_patient=frozenset(of_patient),
        together=[_together(rule, matcher) for rule in together],
        little_words=frozenset(grammar.little_words.split()),
        foreign_words=frozenset(grammar.foreign_words.split()),
        asks=frozenset(grammar.asks),
        replies=frozenset(grammar.replies),
        _irregular=irregular,
        _aliases=grammar.aliases,
        _number_ranges={name: _of_today(bounds) for name, bounds in grammar.number_ranges.items()},
    )


def _of_today(bounds: tuple[float, float]) -> tuple[float, float]:
    """A range of numbers; an end below zero is a year so many before this one."""
    low, high = bounds
    return (low, date.today().year + high) if high < 0 else bounds


def _together(rule: Together, matcher: Matcher) -> TogetherRule:
    def watched(items: list[str]) -> list[Watched]:
        return [_watched(item.split("|"), matcher) for item in items]

    return TogetherRule(rule.finding, watched(rule.all), watched(rule.none), rule.within)


def _watched(symbols: Iterable[str], matcher: Matcher) -> Watched:
    return Watched(tuple(symbols), matcher.watch(symbols))


def _as_pattern(phrase: str) -> str:
    """A phrase as people write it, apostrophes and all, as a pattern."""
    return " ".join(token.norm for token in tokenize(phrase))


def _compile(file: LexiconFile, matcher: Matcher, idioms: Matcher) -> None:
    for name, lines in file.concepts.items():
        for pattern in _patterns(lines):
            matcher.add_concept(name, pattern)
    for finding, entry in file.findings.items():
        for pattern in _patterns(entry.present):
            matcher.add(FindingOutput(finding, absent=False), pattern)
        for pattern in _patterns(entry.fixed):
            matcher.add(FindingOutput(finding, absent=False, fixed=True), pattern)
        for pattern in _patterns(entry.absent):
            matcher.add(FindingOutput(finding, absent=True), pattern)
        for pattern in _patterns(entry.denied):
            matcher.add(FindingOutput(finding, absent=False, denied=True), pattern)
    for normal in file.normal:
        _compile_denying(normal, matcher, lambda finding: FindingOutput(finding, absent=True))
    for topic in file.topics:
        _compile_denying(topic, matcher, TopicOutput)
    for rule in file.together:
        for item in [*rule.all, *rule.none]:
            matcher.know(item)
    for pattern in _patterns(file.blockers):
        idioms.add(MarkOutput("block"), pattern)


def _compile_denying(entry: Normal, matcher: Matcher, output: Callable[[str], object]) -> None:
    for pattern in _patterns(entry.patterns):
        for finding in entry.denies:
            matcher.add(output(finding), pattern)


def _compile_grammar(grammar: GrammarFile, matcher: Matcher) -> None:
    for name, lines in {
        "SKIP": grammar.skippable,
        "FILL": grammar.fillers,
        "BREAK": grammar.breaks,
        "LINK": grammar.connectors,
    }.items():
        for pattern in _patterns(lines):
            matcher.add_concept(name, pattern)
    for relation, lines in grammar.relations.items():
        for pattern in _patterns(lines):
            matcher.add_concept("KIN", pattern)
            matcher.add(MarkOutput("relation", relation), pattern)
    for voice, lines in grammar.voices.items():
        for pattern in _patterns(lines):
            matcher.add(MarkOutput("voice", voice), pattern)
    for answer, lines in grammar.answers.items():
        for pattern in _patterns(lines):
            matcher.add(MarkOutput("answer", answer), pattern)
    for pattern in _patterns(grammar.refusals):
        matcher.add(MarkOutput("refusal"), pattern)


def _compile_context(file: ContextFile, matcher: Matcher) -> None:
    for number, rule in enumerate(file.rules):
        output = ContextOutput(
            number,
            rule.category,
            rule.direction,
            rule.scope,
            tuple(rule.stops),
            rule.over_clauses,
            rule.reaches_back,
            rule.whole,
            rule.opens_story,
            rule.of_well,
            rule.while_telling,
            rule.supposes,
        )
        for pattern in _patterns(rule.patterns):
            matcher.add(output, pattern)
    for pattern in _patterns(file.terminate):
        matcher.add(MarkOutput("terminate"), pattern)
    for pattern in _patterns(file.new_clause):
        matcher.add(MarkOutput("new_clause"), pattern)
    for pattern in _patterns(file.pseudo):
        matcher.add(MarkOutput("pseudo"), pattern)


STATUS_OF: dict[Category, Status] = {
    "negated": Status.ABSENT,
    "hypothetical": Status.HYPOTHETICAL,
    "past": Status.PAST,
    "other_person": Status.OTHER_PERSON,
    "uncertain": Status.UNCERTAIN,
    "present": Status.PRESENT,
}
