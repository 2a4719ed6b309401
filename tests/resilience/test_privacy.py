"""Nothing that a person wrote, and no number, name or token, gets where logs, metrics and traces are read."""

import json
import sqlite3
from contextlib import closing

import pytest
import requests

from backsignal.assist.access import Access, Person
from backsignal.channels.web_sessions import load_secret
from tests.channels.web_client import Web, new_id
from tests.conversation.chat import Chat
from tests.messaging.people import MessengerUser, SlackUser, TelegramUser, Texter, WhatsAppUser
from tests.messaging.stub import Platforms
from tests.resilience.services import wait_for
from tests.resilience.watched import Watched

WORD = "Xanthippe"
TEXT = f"my name is {WORD} and my back hurts"
BROKEN = f'{{"sender": "{WORD}", "message": "{TEXT}'
TIMEOUT = 30


@pytest.fixture(scope="module")
def secrets_of(watched: Watched, stub: Platforms) -> list[str]:
    """Whatever must not be seen, after it went every way that there is."""
    secrets = [WORD]
    secrets += _through_chats(watched)
    secrets += _through_messaging(watched, stub)
    secrets += _through_assist(watched)
    _through_failing_actions(watched)
    _through_a_failing_database(watched)
    return secrets


def _through_chats(watched: Watched) -> list[str]:
    chat = Chat(watched.url, sender=f"{WORD}-1")
    chat.answer_rest(chat.say(TEXT), {"default": "no", "age": "34"})
    chat.say(f"I have wet myself, says {WORD}")
    rest = f"{watched.url}/webhooks/rest/webhook"
    for body in (BROKEN, "[1]", json.dumps({"sender": [WORD], "message": TEXT})):
        assert requests.post(rest, data=body, timeout=TIMEOUT).status_code == 400
    web = Web(watched.url)
    assert web.send(TEXT).status_code == 200
    assert web.send(TEXT, message_id=f"{WORD}!").status_code == 400
    assert web.choose(TEXT).status_code == 409
    headers = {"Authorization": f"Bearer {web.token}", "Content-Type": "application/json"}
    messages = f"{watched.url}/web/messages"
    assert requests.post(messages, data=BROKEN, headers=headers, timeout=TIMEOUT).status_code == 400
    for address in (f"/web/{WORD}", f"/{WORD}?token={web.token}", f"/?hub.verify_token={WORD}"):
        requests.get(f"{watched.url}{address}", headers={"X-Request-ID": WORD}, timeout=TIMEOUT)
    return [web.token, web.token.partition(".")[2]]


def _through_messaging(watched: Watched, stub: Platforms) -> list[str]:
    secrets = []
    for kind in (Texter, WhatsAppUser, TelegramUser, SlackUser, MessengerUser):
        person = kind(watched.server, stub)
        assert person.say(TEXT)
        headers, body = person.request(person.text(TEXT), secret=WORD)
        assert person.post(headers, body).status_code in (401, 403)
        assert person.post(headers, BROKEN.encode()).status_code in (400, 401, 403)
        secrets.append(person.id)
    stub.failures.append((500, {}, {"error": WORD}))
    assert TelegramUser(watched.server, stub).say(TEXT)
    return [*secrets, "telegram-token", "twilio-token", "xoxb-slack-token", "messenger-token"]


def _through_assist(watched: Watched) -> list[str]:
    token = Access(load_secret()).token(Person("agent-7", WORD, frozenset({"agent"})), 1)
    headers = {"Authorization": f"Bearer {token}"}
    calls = f"{watched.url}/assist/calls"
    call = requests.post(calls, json={}, headers=headers, timeout=TIMEOUT).json()["id"]
    said = {"role": "caller", "text": TEXT, "request_id": new_id()}
    turns = f"{calls}/{call}/turns"
    assert requests.post(turns, json=said, headers=headers, timeout=TIMEOUT).status_code == 201
    broken = {**headers, "Content-Type": "application/json"}
    assert requests.post(turns, data=BROKEN, headers=broken, timeout=TIMEOUT).status_code == 400
    return [token, token.partition(".")[2]]


def _through_failing_actions(watched: Watched) -> None:
    """A call that the action server cannot carry out, as its own SDK answers it."""
    port = int(watched.url.rpartition(":")[2]) + 50
    call = {"next_action": "action_conclude", "sender_id": WORD, "tracker": {"slots": {"interview": TEXT}}}
    answer = requests.post(f"http://127.0.0.1:{port}/webhook", json=call, timeout=TIMEOUT)
    assert answer.status_code == 500


def _through_a_failing_database(watched: Watched) -> None:
    """The database refuses the row that holds the text, and its error quotes it."""
    web = Web(watched.url)
    with closing(sqlite3.connect(watched.server.database)) as connection:
        connection.execute("ALTER TABLE audit RENAME TO away")
        chat = Chat(watched.url, sender=f"{WORD}-2")
        chat.say(TEXT)
        assert web.send(TEXT).status_code == 503
        connection.execute("ALTER TABLE away RENAME TO audit")
    assert chat.say(TEXT).payload("question")


def test_no_log_line_holds_anything_of_a_person(watched: Watched, secrets_of: list[str]) -> None:
    logged = watched.logged
    assert "processor.message.parse" in logged, "Rasa's own lines are among them"
    assert '"error": "KeyError"' in logged, "so are failures"
    lines = logged.splitlines()
    found = {(secret, line[:300]) for secret in secrets_of for line in lines if secret in line}
    assert not found


def test_no_metric_holds_anything_of_a_person(watched: Watched, secrets_of: list[str]) -> None:
    metrics = requests.get(f"{watched.url}/metrics", timeout=TIMEOUT).text
    assert "backsignal_triages_total" in metrics
    assert not [secret for secret in secrets_of if secret in metrics]


def test_no_trace_holds_anything_of_a_person(watched: Watched, secrets_of: list[str]) -> None:
    wait_for(lambda: any(span.name == "turn" for span in watched.traces.spans()), "a trace")
    told = b"".join(watched.traces.received)
    assert not [secret for secret in secrets_of if secret.encode() in told]
    assert WORD not in str(watched.traces.spans())
