#!/usr/bin/env python3
"""Writes three real conversations into README.md, between its marks: `scripts/transcripts http://localhost:5005`."""

import re
import sys
import textwrap
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.conversation.chat import Chat  # noqa: E402 - the project's folder must be on the path first

CONVERSATIONS = {
    "A sign is volunteered in the middle of a story": [
        "been a rubbish week, back went on tuesday carrying the washing machine. wife says it's nothing but when "
        "I'm on the toilet I only know I'm going because I hear it",
        "what do I tell them when I get there?",
        "heat or ice in the meantime?",
    ],
    "A sign is only suspected": [
        "hurt my back on sunday and my legs have gone a bit funny since",
        "no, they feel normal and they are strong",
    ],
    "Nothing to report": [
        "my back locked up yesterday lifting a bag of cement",
        "no none of that",
        "why do you ask?",
        "no",
    ],
}
_MARKS = re.compile(r"(<!-- transcripts: begin -->\n).*?(<!-- transcripts: end -->)", re.DOTALL)
_WIDTH = 100


def transcript(url: str, messages: list[str]) -> str:
    """One conversation as a block of text."""
    chat, lines = Chat(url), []
    for message in messages:
        lines += [textwrap.fill(message, _WIDTH, initial_indent="> ", subsequent_indent="> "), ""]
        for answer in chat.say(message).messages:
            lines += [textwrap.fill(line, _WIDTH) for line in answer.get("text", "").splitlines()]
            if answer.get("buttons"):
                titles = "".join(f"[{button['title']}] " for button in answer["buttons"])
                lines += [textwrap.fill(titles, _WIDTH, break_on_hyphens=False)]
            lines += [""]
    return "\n".join(lines).strip()


def main() -> None:
    """Talk and write."""
    blocks = [
        f"**{title}**\n\n```text\n{transcript(sys.argv[1], messages)}\n```\n"
        for title, messages in CONVERSATIONS.items()
    ]
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(_MARKS.sub(lambda m: m[1] + "\n".join(blocks) + m[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
