"""However long a conversation is, a side question is answered once and the interview goes on where it was."""

import pytest

from tests.conftest import Server
from tests.conversation.chat import Chat

# Side questions make turns of many events: enough for a server to leave out the oldest.
_BEFORE = ("back spasm since this morning", "why do you ask that", "what does that mean", "ok no")


@pytest.mark.parametrize("answers", range(7))
def test_goodbye_after_any_number_of_turns(answers: int, server: Server) -> None:
    chat = Chat(server.url)
    for text in (*_BEFORE, *["no"] * answers):
        asked = chat.say(text)
    if answers >= 5:
        # The form is as old as can be: more side questions come on top.
        for _ in range(4):
            assert chat.say("why do you ask that").payload("question") == asked.payload("question")
    bye = chat.say("goodbye")
    assert [message["text"].partition(".")[0] for message in bye.messages] == ["Take care"]
    assert chat.say("what does that mean").text.count("I did not follow") == 0
    assert chat.say("no").payload("question")
