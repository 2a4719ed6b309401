"""The web channel over real HTTP: who is let in, what is handled once, what is refused, what is erased."""

import http.client
import json
import sqlite3
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from rasa.shared.core.events import UserUttered

from backsignal.channels.web_limits import Limiter
from backsignal.channels.web_requests import RefusedError, allowed_origin
from backsignal.channels.web_sessions import NoSessionError, Sessions, load_secret
from backsignal.components.turns import safe_reply
from tests.channels.web_client import TIMEOUT, Web, error_of, new_id, patiently
from tests.conftest import Server, free_port, start_server, stop_server
from tests.loops import run

STORY = "my back locked up two days ago when I lifted a box"


@pytest.fixture
def web(server: Server) -> Web:
    return Web(server.url)


# Sessions


def test_a_session_opens_with_the_first_words(web: Web) -> None:
    [welcome] = web.opened["messages"]
    assert welcome["from"] == "assistant"
    assert "999" in welcome["text"]


def test_the_introduction_is_said_once(web: Web) -> None:
    texts = " ".join(entry["text"] for entry in web.send(STORY).json()["messages"])
    assert "I am software" not in texts


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "x",
        lambda token: "é.ü",
        lambda token: token.split(".")[0],
        lambda token: token.split(".")[0] + ".",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "W10" + token[3:],
        lambda token: token + "=",
        lambda token: token * 2000,
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/web/messages"),
        ("POST", "/web/messages"),
        ("DELETE", "/web/session"),
        ("GET", "/web/events"),
        ("POST", "/web/session"),
    ],
)
def test_a_forged_session_is_refused(method: str, path: str, spoil: Any, server: Server) -> None:
    sound = Sessions(load_secret(), 3600)
    forged = spoil(sound.token(sound.new()))
    headers = {"Authorization": f"Bearer {forged}".encode()}
    body = {"id": new_id(), "text": "hello"}
    response = requests.request(method, f"{server.url}{path}", headers=headers, json=body, timeout=TIMEOUT)
    # A header beyond the server's limit is refused before the channel sees it.
    assert response.status_code in ((401,) if len(forged) < 4000 else (401, 413, 431, 400))


@pytest.mark.parametrize(("method", "path"), [("GET", "/web/messages"), ("DELETE", "/web/session")])
def test_without_a_session_nothing_is_given(method: str, path: str, server: Server) -> None:
    response = requests.request(method, f"{server.url}{path}", timeout=TIMEOUT)
    assert (response.status_code, error_of(response)) == (401, "no_session")


def test_an_expired_session_is_refused(server: Server) -> None:
    old = Sessions(load_secret(), -1)
    response = Web(server.url, old.token(old.new())).call("GET", "/web/messages")
    assert (response.status_code, error_of(response)) == (401, "no_session")


def test_a_session_signed_for_something_else_is_refused(server: Server) -> None:
    other = Sessions(b"another secret, as long as it has to be", 3600)
    response = Web(server.url, other.token(other.new())).send("hello")
    assert (response.status_code, error_of(response)) == (401, "no_session")


def test_two_people_never_see_each_other(server: Server) -> None:
    one, other = Web(server.url), Web(server.url)
    one.send("my back hurts, and my name is Ottoline")
    assert "Ottoline" in json.dumps(one.history())
    assert "Ottoline" not in json.dumps(other.history())


def test_nothing_a_client_says_chooses_the_conversation(server: Server) -> None:
    one, other = Web(server.url), Web(server.url)
    one.send(STORY)
    names = {"sender": "web-x-0", "sender_id": "web-x-0", "session_id": one.token, "input_channel": "rest"}
    before = one.history()
    response = other.call("POST", "/web/messages", {"id": new_id(), "text": "hello", **names})
    assert response.status_code == 200
    assert one.history() == before


def test_a_token_in_the_address_is_worth_nothing(web: Web, server: Server) -> None:
    response = requests.get(
        f"{server.url}/web/messages", params={"token": web.token, "auth_token": web.token}, timeout=TIMEOUT
    )
    assert response.status_code == 401


def test_a_renewed_session_is_the_same_conversation(web: Web) -> None:
    web.send(STORY)
    renewed = web.call("POST", "/web/session", {}).json()
    assert renewed["messages"] == web.history()
    assert Web(web.url, renewed["token"]).history() == web.history()


def test_starting_again_is_a_new_conversation_and_forgetting_erases_both(web: Web, server: Server) -> None:
    first, second = new_id(), new_id()
    web.send(f"my back hurts, and my name is {first}")
    again = patiently(lambda: web.call("POST", "/web/session", {"restart": True})).json()
    assert len(again["messages"]) == 1
    later = Web(server.url, again["token"])
    later.send(f"my name is {second}")
    assert rows_with(server.database, first) > 0
    assert later.call("DELETE", "/web/session").json() == {"erased": True}
    assert rows_with(server.database, first) == rows_with(server.database, second) == 0


def test_an_erased_session_cannot_be_replayed(web: Web, server: Server) -> None:
    web.send(STORY)
    web.call("DELETE", "/web/session")
    for response in (
        web.send("hello"),
        web.call("GET", "/web/messages"),
        web.call("GET", "/web/events"),
        web.call("POST", "/web/session", {}),
    ):
        assert (response.status_code, error_of(response)) == (401, "session_over")


def rows_with(database: Path, word: str) -> int:
    with sqlite3.connect(database) as connection:
        found = connection.execute("select count(*) from events where data like ?", (f"%{word}%",)).fetchone()
    return int(found[0])


def test_the_secret_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSIGNAL_SECRET", raising=False)
    file = tmp_path / "var" / "secret"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: load_secret(file), range(32)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSIGNAL_SECRET", "short")
    with pytest.raises(ValueError, match="at least 32"):
        load_secret()


def test_a_token_has_one_spelling() -> None:
    sessions = Sessions(b"a secret of this test, long enough", 60)
    token = sessions.token(sessions.new())
    body, signature = token.split(".")
    # The last character of 43 carries four bits: three others decode to the same bytes.
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != signature[-1]:
            with pytest.raises(NoSessionError):
                sessions.read(f"{body}.{signature[:-1]}{last}")


# Messages


def test_a_message_is_answered_with_its_place_in_the_conversation(web: Web) -> None:
    answer = web.send(STORY).json()["messages"]
    assert [entry["n"] for entry in answer] == list(range(1, 1 + len(answer)))
    assert answer[0]["from"] == "person"
    assert answer[-1]["custom"]["data"]["type"] == "question"
    assert web.history()[1:] == answer


def test_an_answer_that_is_kept_is_given_whatever_fails_after_it(web: Web, server: Server) -> None:
    with sqlite3.connect(server.database) as connection:
        connection.execute("ALTER TABLE check_ins RENAME TO away")
    try:
        answer = web.send("I have wet myself and I can't feel it when I wipe")
    finally:
        with sqlite3.connect(server.database) as connection:
            connection.execute("ALTER TABLE away RENAME TO check_ins")
    assert answer.status_code == 200
    assert answer.json()["messages"][-1]["custom"]["data"]["type"] == "emergency"


def test_a_message_sent_again_is_answered_again_and_handled_once(web: Web) -> None:
    message_id = new_id()
    first = web.send(STORY, message_id).json()
    web.send("no")
    assert web.send(STORY, message_id).json() == first
    assert sum(entry.get("id") == message_id for entry in web.history()) == 1


def test_a_message_sent_many_times_at_once_is_handled_once(web: Web) -> None:
    message_id = new_id()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: web.send(STORY, message_id).json(), range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert sum(entry["from"] == "person" for entry in web.history()) == 1


def test_different_messages_at_once_are_all_handled(web: Web) -> None:
    texts = ["my back hurts", "since two days", "I am 40 years old"]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(web.send, texts))
    assert all(len(answer.json()["messages"]) > 1 for answer in answers)
    assert sorted(e["text"] for e in web.history() if e["from"] == "person") == sorted(texts)


def test_a_message_that_was_left_without_an_answer_gets_the_safe_message(web: Web, server: Server) -> None:
    sender, message_id = Sessions(load_secret(), 0).read(web.token).sender, new_id()
    left = UserUttered(STORY, message_id=message_id)
    # As where the database went away before the safe message could be kept.
    with closing(sqlite3.connect(server.database, timeout=10)) as connection:
        values = (sender, "user", left.timestamp, json.dumps(left.as_dict()))
        connection.execute(
            "INSERT INTO events (sender_id, type_name, timestamp, data) VALUES (?, ?, ?, ?)", values
        )
        connection.commit()
    first = web.send(STORY, message_id).json()
    assert first["messages"][-1]["text"] == safe_reply().text
    assert web.send(STORY, message_id).json() == first
    assert web.send(STORY).json()["messages"][-1]["custom"]["data"]["type"] == "question"


def test_a_message_is_handled_even_if_its_sender_goes_away(web: Web) -> None:
    message_id = new_id()
    host = web.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    body = json.dumps({"id": message_id, "text": STORY})
    headers = {"Authorization": f"Bearer {web.token}", "Content-Type": "application/json"}
    connection.request("POST", "/web/messages", body, headers)
    connection.close()
    answer = web.send(STORY, message_id).json()["messages"]
    assert [entry.get("id") for entry in web.history()].count(message_id) == 1
    assert answer[-1]["custom"]["data"]["type"] == "question"


@pytest.mark.parametrize(
    "text",
    [
        "/emergency",
        '/inform{"finding": "leg_numbness"}',
        "  //restart",
        "\u2028/session_start",
        "/ /start_over",
        "\x00/emergency",
    ],
)
def test_commands_are_only_words(text: str, web: Web, server: Server) -> None:
    message_id = new_id()
    answer = web.send(text, message_id)
    assert answer.status_code == 200
    assert not answer.json()["messages"][0]["text"].startswith("/")
    # A command would go round the reading of the text.
    assert "reading" in parse_data(server.database, message_id)


def parse_data(database: Path, message_id: str) -> dict[str, Any]:
    with sqlite3.connect(database) as connection:
        [[data]] = connection.execute(
            "select data from events where type_name = 'user' and data like ?", (f"%{message_id}%",)
        )
    parsed: dict[str, Any] = json.loads(data)["parse_data"]
    return parsed


def test_answers_on_offer_are_taken_and_others_are_not(web: Web) -> None:
    question = web.send(STORY).json()["messages"][-1]["custom"]["data"]
    titles = [option["payload"] for option in question["options"]]
    for refused in (["/emergency"], ["Something else"], [titles[0], "Something else"], [titles[0].lower()]):
        response = web.choose(*refused)
        assert (response.status_code, error_of(response)) == (409, "not_offered")
    answer = web.choose("None of these").json()["messages"]
    assert answer[0]["text"] == "None of these"
    stale = web.choose(titles[0])
    assert (stale.status_code, error_of(stale)) == (409, "not_offered")


def test_several_ticks_are_one_message(web: Web) -> None:
    question = web.send(STORY).json()["messages"][-1]["custom"]["data"]
    assert question["multiple"]
    two = [option["payload"] for option in question["options"][:2]]
    answer = web.choose(*two).json()["messages"]
    assert answer[0]["text"] == "; ".join(two)
    assert answer[1]["custom"]["data"]["type"] == "emergency"


def test_one_answer_where_only_one_is_asked_for(web: Web) -> None:
    web.send(STORY)
    question: dict[str, Any] = {"multiple": True}
    while question["multiple"]:
        question = web.choose("None of these").json()["messages"][-1]["custom"]["data"]
    two = [option["payload"] for option in question["options"][:2]]
    assert error_of(web.choose(*two)) == "not_offered"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b"[" * 60_000, 400),
        (b'{"text": "hello"}', 400),
        (b'{"id": "short", "text": "hello"}', 400),
        (b'{"id": "../../../../etc", "text": "hello"}', 400),
        (b'{"id": "abcdefgh1", "text": 1}', 400),
        (b'{"id": "abcdefgh1", "text": null}', 400),
        (b'{"id": "abcdefgh1", "payloads": "Yes"}', 400),
        (b'{"id": "abcdefgh1", "payloads": [1]}', 400),
        (b'{"id": "abcdefgh1", "payloads": [], "text": null}', 400),
        (b'{"id": "abcdefgh1", "payloads": ["Yes"], "text": "hello"}', 400),
        (b'{"id": "abcdefgh1", "text": "' + b"a" * 2001 + b'"}', 413),
        (b" " * 70_000, 413),
        (b" " * 2_000_000, 413),
    ],
)
def test_broken_requests_are_refused_in_words(body: bytes, status: int, web: Web) -> None:
    headers = {"Authorization": f"Bearer {web.token}", "Content-Type": "application/json"}
    response = requests.post(f"{web.url}/web/messages", data=body, headers=headers, timeout=TIMEOUT)
    assert response.status_code == status
    error_of(response)
    assert len(web.history()) == 1


def test_two_megabytes_without_a_length_are_refused(web: Web) -> None:
    headers = {"Authorization": f"Bearer {web.token}", "Content-Type": "application/json"}
    parts = (b" " * 65_536 for _ in range(32))
    response = requests.post(f"{web.url}/web/messages", data=parts, headers=headers, timeout=TIMEOUT)
    assert (response.status_code, error_of(response)) == (413, "too_large")


def test_a_form_of_another_page_is_refused(web: Web) -> None:
    headers = {"Authorization": f"Bearer {web.token}", "Content-Type": "text/plain"}
    body = json.dumps({"id": new_id(), "text": "hello"})
    response = requests.post(f"{web.url}/web/messages", data=body, headers=headers, timeout=TIMEOUT)
    assert response.status_code == 415


@pytest.mark.parametrize(
    "text", ["", "   ", "\n", "🙂" * 100, "a" * 2000, "\x00\x07", "<script>alert(1)</script>"]
)
def test_odd_texts_are_answered(text: str, web: Web) -> None:
    response = web.send(text)
    assert response.status_code == 200
    assert len(response.json()["messages"]) > 1


# Origins and headers


def test_other_websites_are_refused(web: Web) -> None:
    for method, path in (("GET", "/web/messages"), ("POST", "/web/session"), ("OPTIONS", "/web/messages")):
        response = web.call(method, path, Origin="https://evil.example")
        assert (response.status_code, error_of(response)) == (403, "origin")
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "origin", ["null", "https://", "", "http://127.0.0.1", "http://127.0.0.1.evil.example"]
)
def test_near_misses_of_an_origin_are_refused(origin: str, web: Web) -> None:
    assert web.call("GET", "/web/messages", Origin=origin).status_code == 403


def test_a_website_on_the_list_is_let_in() -> None:
    listed = frozenset({"https://clinic.example"})
    request = SimpleNamespace(headers={"origin": "https://clinic.example"}, host="chat.example")
    assert allowed_origin(request, listed) == "https://clinic.example"
    for near in (
        "http://clinic.example",
        "https://clinic.example.evil.example",
        "https://clinic.example:444",
    ):
        with pytest.raises(RefusedError):
            allowed_origin(SimpleNamespace(headers={"origin": near}, host="chat.example"), listed)


def test_the_servers_own_pages_are_let_in(web: Web) -> None:
    response = web.call("OPTIONS", "/web/messages", Origin=web.url)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == web.url
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_answers_are_not_kept_by_anybody(web: Web) -> None:
    for response in (web.call("GET", "/web/messages"), web.send("hello"), web.call("GET", "/web/none")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_front_page_is_ours_and_locked_down(server: Server) -> None:
    page = requests.get(f"{server.url}/", timeout=TIMEOUT)
    assert "<backsignal-chat" in page.text
    assert "Hello from Rasa" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"


def test_the_widget_is_one_small_file(server: Server) -> None:
    response = requests.get(f"{server.url}/widget.js", stream=True, timeout=TIMEOUT)
    packed = response.raw.read()
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) <= 25_000
    again = requests.get(
        f"{server.url}/widget.js", headers={"If-None-Match": response.headers["ETag"]}, timeout=TIMEOUT
    )
    assert again.status_code == 304


# Limits


def test_a_flood_of_messages_is_slowed_and_nothing_else_is(web: Web, server: Server) -> None:
    answers = [web.send("hello") for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert error_of(refused[0]) == "too_fast"
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 10
    assert Web(server.url).send(STORY).status_code == 200


def test_a_flood_of_sessions_is_slowed(server: Server) -> None:
    def start(_: int) -> requests.Response:
        return requests.post(f"{server.url}/web/session", json={}, timeout=TIMEOUT)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(start, range(60)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert patiently(lambda: start(0)).status_code == 200


def test_starting_again_does_not_get_round_the_limits(web: Web) -> None:
    token, restarts = web.token, []
    for _ in range(60):
        restarts.append(web.call("POST", "/web/session", {"restart": True}))
        web.token = restarts[-1].json().get("token", web.token)
    assert 429 in {answer.status_code for answer in restarts}
    # Nor do the messages of one person begin anew with each conversation.
    answers = [Web(web.url, it).send("hello") for it in (token, web.token) for _ in range(20)]
    assert 429 in {answer.status_code for answer in answers}


def test_an_address_cannot_be_made_up_to_get_round_the_limits(server: Server) -> None:
    def start(number: int) -> requests.Response:
        made_up = {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.1.{number}"}
        return requests.post(f"{server.url}/web/session", json={}, headers=made_up, timeout=TIMEOUT)

    with ThreadPoolExecutor(8) as pool:
        assert any(answer.status_code == 429 for answer in pool.map(start, range(60)))


def test_a_limit_recovers_with_time() -> None:
    now = [0.0]
    limiter = Limiter("test", 60, burst=2, clock=lambda: now[0])
    assert [run(limiter.wait("a")) for _ in range(3)] == [0, 0, 1]
    assert run(limiter.wait("b")) == 0
    now[0] = 1.0
    assert run(limiter.wait("a")) == 0


# What comes later


def test_another_tab_hears_what_is_said_here(web: Web) -> None:
    with web_events(web, last=0) as events:
        answer = web.send(STORY).json()["messages"]
        assert [next(events) for _ in answer] == answer


def test_a_stream_goes_on_where_it_was_left(web: Web) -> None:
    answer = web.send(STORY).json()["messages"]
    with web_events(web, last=answer[-2]["n"]) as events:
        assert next(events) == answer[-1]


def test_a_stream_ends_when_the_conversation_is_erased(web: Web) -> None:
    with web_events(web, last=0) as events:
        web.call("DELETE", "/web/session")
        assert list(events) == [{}]


def test_a_person_cannot_hold_all_the_streams(web: Web) -> None:
    headers = {"Authorization": f"Bearer {web.token}"}
    streams = [
        requests.get(f"{web.url}/web/events", headers=headers, stream=True, timeout=TIMEOUT) for _ in range(7)
    ]
    assert [stream.status_code for stream in streams] == [200] * 6 + [429]
    for stream in streams:
        stream.close()


def test_a_session_lasts_until_the_last_check_in_was_seen(web: Web) -> None:
    sessions = Sessions(load_secret(), 0)
    answer = web.agree_to_check_ins()
    in_six_weeks = time.time() + 42 * 86_400
    assert sessions.read(answer["token"]).expires > in_six_weeks
    web.token = answer["token"]
    assert "token" not in web.send("thank you").json()
    assert sessions.read(web.call("POST", "/web/session", {}).json()["token"]).expires > in_six_weeks
    stopped = web.send("no more check-ins").json()
    assert "token" not in stopped
    assert sessions.read(web.call("POST", "/web/session", {}).json()["token"]).expires < in_six_weeks


def test_who_starts_again_is_asked_in_the_new_conversation(web: Web, server: Server) -> None:
    web.token = web.agree_to_check_ins()["token"]
    again = patiently(lambda: web.call("POST", "/web/session", {"restart": True})).json()
    before, now = Sessions(load_secret(), 0).read(again["token"]).senders()
    with sqlite3.connect(server.database) as connection:
        rows = connection.execute(
            "select sender from check_ins where sender in (?, ?)", (before, now)
        ).fetchall()
    assert rows == [(now,)] * 3


class web_events:  # noqa: N801 - reads as a function
    """The events of a stream after the entry numbered `last`; an error where it is silent for `seconds`."""

    def __init__(self, web: Web, last: int, seconds: float = TIMEOUT) -> None:
        headers = {"Authorization": f"Bearer {web.token}", "Last-Event-ID": str(last)}
        self.response = requests.get(f"{web.url}/web/events", headers=headers, stream=True, timeout=seconds)

    def __enter__(self) -> Iterator[dict[str, Any]]:
        assert self.response.headers["Content-Type"].startswith("text/event-stream")
        return self._events()

    def __exit__(self, *_: object) -> None:
        self.response.close()

    def _events(self) -> Iterator[dict[str, Any]]:
        for line in self.response.iter_lines(chunk_size=1):
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


# When something breaks


def test_a_stopped_server_forgets_nothing(tmp_path: Path) -> None:
    port = str(free_port())
    started = start_server(tmp_path, "--port", port)
    try:
        web = Web(f"http://127.0.0.1:{port}")
        message_id = new_id()
        answer = web.send(STORY, message_id).json()
        before = web.history()
        stop_server(started)
        started = start_server(tmp_path, "--port", port)
        assert web.history() == before
        assert web.send(STORY, message_id).json() == answer
        assert web.send("no").json()["messages"][-1]["custom"]["data"]["type"] == "question"
    finally:
        stop_server(started)
