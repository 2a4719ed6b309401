"""The database or Redis gone, hanging, slow or flapping: emergencies are answered, nothing is forgotten."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
import requests

from backsignal.channels.load import MOST_TURNS
from tests.channels.web_client import Web, error_of, new_id
from tests.conftest import Server, start_server, stop_server
from tests.conversation.chat import Chat
from tests.messaging.conftest import settings
from tests.messaging.people import TelegramUser, Texter, data_of
from tests.messaging.stub import Platforms, Sent, platforms
from tests.resilience.services import Link, Service, postgres_server, redis_server, wait_for

EMERGENCY = "I have wet myself and I can't feel it when I wipe"
SLOW_SECONDS = 5.0


@dataclass
class Part:
    """A store as the server reaches it, and its name in the readiness."""

    name: str
    service: Service
    link: Link

    @contextmanager
    def failing(self, fault: str) -> Iterator[None]:
        """The part gone (killed), hanging (paused) or slow (each answer) while the context lasts."""
        if fault == "gone":
            self.service.kill()
        elif fault == "hangs":
            self.service.pause()
        else:
            self.link.delay = SLOW_SECONDS
        try:
            yield
        finally:
            self.link.delay = 0
            self.service.resume()
            if fault == "gone":
                self.service.start()


@dataclass
class Stage:
    """A server with PostgreSQL and Redis."""

    server: Server
    parts: dict[str, Part]
    platforms: Platforms

    @property
    def url(self) -> str:
        return self.server.url

    def ready(self) -> requests.Response:
        return requests.get(f"{self.url}/health/ready", timeout=15)

    def wait_until_ready(self) -> None:
        wait_for(lambda: self.ready().status_code == 200, "readiness")

    def wait_until_idle(self) -> None:
        """Wait until every accepted event is answered."""
        with closing(psycopg2.connect(self.parts["postgres"].service.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:

                def idle() -> bool:
                    cursor.execute("SELECT count(*) FROM inbox WHERE NOT done")
                    return cursor.fetchone() == (0,)

                wait_for(idle, "the answers")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with postgres_server() as postgres, redis_server() as redis, platforms() as stub:
        parts = {
            "postgres": Part("store", postgres, Link(postgres.port)),
            "redis": Part("redis", redis, Link(redis.port)),
        }
        server = start_server(
            tmp_path_factory.mktemp("stage"),
            BACKSIGNAL_DATABASE=parts["postgres"].link.of(postgres.url),
            BACKSIGNAL_REDIS=parts["redis"].link.of(redis.url),
            **settings(stub),
        )
        yield Stage(server, parts, stub)
        stop_server(server)


@pytest.fixture(autouse=True)
def _recovered(stage: Stage) -> Iterator[None]:
    yield
    stage.wait_until_ready()


PARTS = ("postgres", "redis")


@pytest.mark.parametrize("fault", ["gone", "hangs", "slow"])
@pytest.mark.parametrize("part", PARTS)
def test_emergencies_are_answered_the_rest_is_safe_and_nothing_is_forgotten(
    part: str, fault: str, stage: Stage
) -> None:
    asked, hurt, waiting = Chat(stage.url), Chat(stage.url), Chat(stage.url)
    first = asked.say("my back hurts since yesterday").payload("question")
    assert waiting.say("my back hurts").payload("question")
    with stage.parts[part].failing(fault):
        emergency = hurt.say(EMERGENCY).payload("emergency")
        assert emergency["level"] == "emergency"
        assert emergency["stored"] is False
        # What was asked before is remembered on this server.
        assert waiting.say("yes").payload("emergency")["call"] == "999"
        safe = asked.say("no")
        assert "999" in safe.text
        assert safe.payload("failed") == {"type": "failed", "stored": False}
        not_ready = stage.ready()
        assert not_ready.status_code == 503
        assert not_ready.json()["missing"] == [stage.parts[part].name]
    stage.wait_until_ready()
    again = asked.say("no").payload("question")
    assert again
    assert again["id"] != first["id"]
    rest = asked.answer_rest(asked.say("no"), {"default": "no", "age": "34"})
    assert rest.payload("triage")["level"] == "self_care"
    assert hurt.say(EMERGENCY).payload("emergency").get("stored", True)


@pytest.mark.parametrize("fault", ["hangs", "slow"])
@pytest.mark.parametrize("part", PARTS)
def test_the_server_lives_while_a_store_hangs(part: str, fault: str, stage: Stage) -> None:
    chats = [Chat(stage.url) for _ in range(4)]
    with stage.parts[part].failing(fault):
        talking = [threading.Thread(target=chat.say, args=("my back hurts",)) for chat in chats]
        for thread in talking:
            thread.start()
        while any(thread.is_alive() for thread in talking):
            assert requests.get(f"{stage.url}/health/live", timeout=2).status_code == 200
        for thread in talking:
            thread.join()


@pytest.mark.parametrize("part", PARTS)
def test_the_widget_is_told_what_to_do_and_its_retry_counts_once(part: str, stage: Stage) -> None:
    web, message_id = Web(stage.url), new_id()
    with stage.parts[part].failing("gone"):
        refused = web.send(EMERGENCY, message_id)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert error_of(refused) == "emergency"
        assert "999" in refused.json()["error"]["message"].split(".")[0]
        assert error_of(web.send("hello")) == "failed"
    stage.wait_until_ready()
    answers = [web.send(EMERGENCY, message_id) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert [entry["text"] for entry in web.history() if entry["from"] == "person"] == [EMERGENCY]


@pytest.mark.parametrize("part", PARTS)
def test_a_flapping_store_loses_no_acknowledged_message(part: str, stage: Stage) -> None:
    web, link, stop = Web(stage.url), stage.parts[part].link, threading.Event()

    def flap() -> None:
        while not stop.wait(0.4):
            link.cut()
            stop.wait(0.3)
            link.mend()

    flapping = threading.Thread(target=flap)
    flapping.start()
    texts = [f"my back hurts since {number} days" for number in range(1, 7)]
    try:
        for text in texts:
            message_id = new_id()
            wait_for(lambda: web.send(text, message_id).status_code == 200, text)  # noqa: B023 - called at once
    finally:
        stop.set()
        flapping.join()
    stage.wait_until_ready()
    assert [entry["text"] for entry in web.history() if entry["from"] == "person"] == texts


def test_who_writes_from_a_telephone_is_told_what_to_do_while_the_database_is_gone(stage: Stage) -> None:
    texter = Texter(stage.server, stage.platforms)
    event = texter.request(texter.text(EMERGENCY))
    with stage.parts["postgres"].failing("gone"):
        # The platform is to send it again; the person is told at once, and once.
        assert [texter.post(*event).status_code for _ in range(2)] == [503, 503]
        wait_for(lambda: stage.platforms.to(texter.address), "what to do")
    stage.wait_until_ready()
    [told] = stage.platforms.to(texter.address)
    assert "999" in told.text.split(".")[0]
    assert texter.post(*event).status_code == 200
    wait_for(lambda: len(stage.platforms.to(texter.address)) > 1, "the answer")


def test_what_was_accepted_from_a_telephone_is_answered_when_redis_is_back(stage: Stage) -> None:
    hurt, other = (Texter(stage.server, stage.platforms) for _ in range(2))
    with stage.parts["redis"].failing("gone"):
        assert hurt.post(*hurt.request(hurt.text(EMERGENCY))).status_code == 200
        assert other.post(*other.request(other.text("my back hurts since yesterday"))).status_code == 200
        wait_for(
            lambda: stage.platforms.to(hurt.address) and stage.platforms.to(other.address), "the first word"
        )
        assert "999" in stage.platforms.to(hurt.address)[0].text.split(".")[0]
        assert "999" in stage.platforms.to(other.address)[0].text
    stage.wait_until_ready()
    wait_for(lambda: "?" in stage.platforms.to(other.address)[-1].text, "the question")
    wait_for(lambda: len(stage.platforms.to(hurt.address)) > 1, "the answer")


def test_who_writes_again_while_redis_is_gone_is_told_each_time_and_answered_in_order(stage: Stage) -> None:
    texter = Texter(stage.server, stage.platforms)

    def told() -> list[str]:
        return [message.text for message in stage.platforms.to(texter.address)]

    with stage.parts["redis"].failing("gone"):
        for number, text in enumerate(("my back hurts since yesterday", EMERGENCY, "hello"), 1):
            assert texter.post(*texter.request(texter.text(text))).status_code == 200
            wait_for(lambda: len(told()) == number, text)  # noqa: B023 - called at once
        assert "999" in told()[1].split(".")[0]
        assert all("999" in text for text in told())
    stage.wait_until_ready()
    stage.wait_until_idle()
    answers = told()[3:]
    assert "not secret" in answers[0]
    question = next(place for place, text in enumerate(answers) if "?" in text)
    assert "999" in answers[question + 1].split(".")[0]


def test_a_database_that_goes_in_the_middle_of_an_answer_holds_up_no_later_message(stage: Stage) -> None:
    texter = Texter(stage.server, stage.platforms)
    stage.platforms.slow = 1.0
    assert texter.post(*texter.request(texter.text("my back hurts since yesterday"))).status_code == 200
    wait_for(lambda: stage.platforms.to(texter.address), "the first part of the answer")
    with stage.parts["postgres"].failing("gone"):
        wait_for(lambda: len(stage.platforms.to(texter.address)) > 1, "the rest, or what to do")
        stage.platforms.slow = 0.0
    stage.wait_until_ready()
    before = len(stage.platforms.to(texter.address))
    assert texter.post(*texter.request(texter.text(EMERGENCY))).status_code == 200
    wait_for(
        lambda: any("999" in it.text.split(".")[0] for it in stage.platforms.to(texter.address)[before:]),
        "the answer",
    )


@pytest.mark.parametrize("part", PARTS)
def test_buttons_are_answered_while_a_store_is_gone(part: str, stage: Stage) -> None:
    stub = stage.platforms
    hurt, well = (TelegramUser(stage.server, stub) for _ in range(2))
    for user in (hurt, well):
        assert user.post(*user.request(user.text("my back hurts since yesterday"))).status_code == 200
    stage.wait_until_idle()
    asked = {user.address: stub.to(user.address) for user in (hurt, well)}
    question = asked[hurt.address][-1]

    def press(user: TelegramUser, shown: Sent, data: str) -> None:
        taken = user.post(*user.request(user.press(shown, data)))
        assert taken.status_code == (503 if part == "postgres" else 200)

    def answer(user: TelegramUser) -> str:
        wait_for(lambda: len(stub.to(user.address)) > len(asked[user.address]), "what to do")
        return stub.to(user.address)[len(asked[user.address])].text

    with stage.parts[part].failing("gone"):
        press(hurt, question, question.buttons[0][1])
        wait_for(lambda: stub.calls("editMessageReplyMarkup", hurt.address), "the tick")
        ticked = stub.calls("editMessageReplyMarkup", hurt.address)[-1]
        press(hurt, ticked, data_of(ticked, "Send"))
        assert "999" in answer(hurt).split(".")[0]
        press(well, question, data_of(question, "None of these"))
        assert "999" in answer(well)
    stage.wait_until_ready()
    stage.wait_until_idle()


def test_more_turns_than_a_server_takes_on_are_sent_away_at_once(stage: Stage) -> None:
    def say(_: int) -> requests.Response:
        body = {"sender": new_id(), "message": EMERGENCY}
        return requests.post(f"{stage.url}/webhooks/rest/webhook", json=body, timeout=60)

    with stage.parts["postgres"].failing("hangs"), ThreadPoolExecutor(MOST_TURNS + 40) as many:
        answers = list(many.map(say, range(MOST_TURNS + 40)))
    assert {answer.status_code for answer in answers} == {200, 503}
    for answer in answers:
        assert "999" in answer.json()[0]["text"]
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
    assert sum(answer.status_code == 200 for answer in answers) >= MOST_TURNS


def test_connections_to_the_database_stay_few(stage: Stage) -> None:
    threads = [threading.Thread(target=Chat(stage.url).say, args=("my back hurts",)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg2.connect(stage.parts["postgres"].service.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backsignal'")
        assert cursor.fetchone()[0] <= 8
