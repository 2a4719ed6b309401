"""How hard a text is to read: the Flesch-Kincaid grade (US school years; the reading age is about 5 more)."""

import re

_SILENT = re.compile(r"[^aeiouytd]ed$|[^aeiouylcgszx]es$|[^aeiouyl]e$|[aeiou]le$")


def syllables(word: str) -> int:
    """Syllables of an English word, by its vowel groups; a silent ending is not counted."""
    word = word.lower().replace("'", "")
    groups = len(re.findall(r"[aeiouy]+", word))
    return max(groups - bool(_SILENT.search(word)), 1)


def grade(text: str) -> float:
    """Flesch-Kincaid grade of a text."""
    words = re.findall(r"[A-Za-z][A-Za-z']*", text)
    sentences = max(len(re.findall(r"[.!?](?:\s|\"|$)", text)), 1)
    count = sum(syllables(word) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * count / len(words) - 15.59
