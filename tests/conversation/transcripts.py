"""Writes three real conversations into the README: `python -m tests.conversation.transcripts`."""

import re
import tempfile
import textwrap
from pathlib import Path

from tests.conftest import PROJECT, start_server, stop_server
from tests.conversation.chat import Chat

README = PROJECT / "README.md"

CONVERSATIONS = {
    "A sign is volunteered in the middle of a story": [
        "been a rubbish week, back went on tuesday carrying the washing machine. wife says it's nothing but "
        "when I'm on the toilet I only know I'm going because I hear it",
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


def with_transcripts(page: str, url: str) -> str:
    """The page with what an assistant says today."""
    blocks = [
        f"**{title}**\n\n```text\n{transcript(url, messages)}\n```\n"
        for title, messages in CONVERSATIONS.items()
    ]
    return _MARKS.sub(lambda marks: marks[1] + "\n".join(blocks) + marks[2], page)


def main() -> None:
    """Start the assistant, talk and write."""
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder))
        try:
            page = with_transcripts(README.read_text(encoding="utf-8"), server.url)
        finally:
            stop_server(server)
    README.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
