"""Findings that follow from a number: how long it has lasted, how old the patient is."""

from pathlib import Path

from pydantic import StrictStr

from backsignal.clinical.content_files import ContentModel, read_content


class Derivation(ContentModel):
    """A finding and what it takes; `needs` names a concept that the text must hold besides."""

    finding: StrictStr
    days_from: float | None
    age_from: int | None
    age_below: int | None
    needs: StrictStr | None

    def holds(self, days: float | None, age: int | None, concepts: frozenset[str]) -> bool:
        """Whether the numbers of a text make the finding."""
        if self.needs is not None and self.needs not in concepts:
            return False
        if self.days_from is not None:
            return days is not None and days >= self.days_from
        if age is None:
            return False
        return (self.age_from is None or age >= self.age_from) and (
            self.age_below is None or age < self.age_below
        )


class DerivedFile(ContentModel):
    """content/lexicon/derived.yml."""

    about: str = ""
    derived: list[Derivation]


def load_derivations(content: Path) -> list[Derivation]:
    """Read content/lexicon/derived.yml; raises ContentError naming file and field."""
    return read_content(content / "lexicon" / "derived.yml", DerivedFile).derived
