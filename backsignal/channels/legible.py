"""A person's text without signs that nobody sees or that only look like letters: they would hide words."""

import unicodedata

# Between the pictures of one emoji, which would fall apart without it.
_JOINER = "\u200d"


def legible(text: str) -> str:
    """The text as a reader sees it.

    Control characters become spaces. Invisible ones go, for copied text has them inside of words. Letters of
    other shapes (wide, bold, joined) become plain ones.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_sign(sign, text[place - 1 : place]) for place, sign in enumerate(text))


def _sign(sign: str, before: str) -> str:
    kind = unicodedata.category(sign)
    if kind in ("Cc", "Cs"):
        return sign if sign in "\n\t" else " "
    if kind == "Cf":
        return sign if sign == _JOINER and unicodedata.category(before or " ") == "So" else ""
    if kind.startswith("L") and not sign.isascii():
        plain = unicodedata.normalize("NFKC", sign)
        return plain if plain.isascii() else sign
    return sign
