"""What can be seen of a running server: metrics, one log line a turn, traces, and what is made of them."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from typing import Any

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from backsignal.channels.safety import log_failure
from backsignal.telemetry import logs
from tests.channels.web_client import Web
from tests.conftest import PROJECT, Server
from tests.conversation.chat import Chat
from tests.resilience.services import wait_for
from tests.resilience.watched import Watched

TIMEOUT = 30
DASHBOARD = PROJECT / "deploy" / "grafana" / "backsignal.json"
ALERTS = PROJECT / "deploy" / "prometheus" / "alerts.yml"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(url: str) -> Samples:
    """All samples by name and labels."""
    text = requests.get(f"{url}/metrics", timeout=TIMEOUT).text
    families = text_string_to_metric_families(text)
    return {
        (it.name, tuple(sorted(it.labels.items()))): it.value for family in families for it in family.samples
    }


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    """By how much a sample has grown."""
    key = (name, tuple(sorted(labels.items())))
    return after[key] - before.get(key, 0)


def ready(found: Samples) -> dict[str, float]:
    """The parts of the service that were asked, and whether each is ready."""
    return {
        dict(labels)["part"]: value for (name, labels), value in found.items() if name == "backsignal_ready"
    }


def test_a_conversation_is_counted_and_timed(server: Server) -> None:
    before = samples(server.url)
    chat = Chat(server.url)
    turn = chat.say("my back hurts since yesterday")
    chat.say("purple monkey dishwasher blah")
    chat.answer_rest(turn, {"default": "no", "age": "34"})
    Chat(server.url).say("I have wet myself and I can't feel it when I wipe")
    after = samples(server.url)
    assert grown(before, after, "backsignal_triages_total", level="self_care") == 1
    assert grown(before, after, "backsignal_triages_total", level="emergency") == 1
    assert grown(before, after, "backsignal_emergencies_total") == 1
    assert grown(before, after, "backsignal_not_understood_total") == 1
    handled = grown(before, after, "backsignal_messages_total", channel="rest")
    assert handled > 5
    assert grown(before, after, "backsignal_stage_seconds_count", stage="turn") == handled
    assert grown(before, after, "backsignal_stage_seconds_count", stage="parse") == handled
    for stage in ("policies", "action", "store"):
        assert grown(before, after, "backsignal_stage_seconds_count", stage=stage) >= handled
    whole = grown(before, after, "backsignal_stage_seconds_sum", stage="turn")
    stages = ("parse", "policies", "action", "store")
    parts = sum(grown(before, after, "backsignal_stage_seconds_sum", stage=it) for it in stages)
    assert whole / 4 < parts < whole
    assert after["backsignal_turns", (("state", "working"),)] == 0
    assert after["backsignal_turns", (("state", "waiting"),)] == 0
    assert ready(after) == {"model": 1, "store": 1, "actions": 1}


def test_check_ins_are_counted(server: Server) -> None:
    before = samples(server.url)
    Web(server.url).agree_to_check_ins()
    assert grown(before, samples(server.url), "backsignal_check_ins_total", event="agreed") == 1


def test_failing_actions_are_counted_by_name(watched: Watched) -> None:
    before = samples(watched.url)
    port = int(watched.url.rpartition(":")[2]) + 50
    stopped = _action_server(port)
    os.kill(stopped, 19)
    try:
        chat = Chat(watched.url)
        chat.say("my back hurts")
    finally:
        os.kill(stopped, 18)
    after = samples(watched.url)
    assert grown(before, after, "backsignal_action_failures_total", action="action_open_interview") == 1
    assert grown(before, after, "backsignal_errors_total", stage="action") == 1
    assert after["backsignal_emergencies_failed_total", ()] == 0
    chat.say("my back hurts")


def _action_server(port: int) -> int:
    """The process that listens on a port of ours."""
    listing = subprocess.run(
        ["pgrep", "-f", f"backsignal.action_server --port {port}"], capture_output=True, text=True, check=True
    )
    return int(listing.stdout.split()[0])


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
def test_metrics_are_not_for_whoever_comes_by_a_proxy(server: Server, header: str) -> None:
    answer = requests.get(f"{server.url}/metrics", headers={header: "192.0.2.7"}, timeout=TIMEOUT)
    assert answer.status_code == 401
    assert "backsignal_" not in answer.text


def test_a_turn_is_one_line_without_the_person(watched: Watched) -> None:
    request_id = "0123456789abcdef0123456789abcdef"
    body = {"sender": "line-test", "message": "my back hurts"}
    for _ in range(2):
        url = f"{watched.url}/webhooks/rest/webhook"
        requests.post(url, json=body, headers={"X-Request-ID": request_id}, timeout=TIMEOUT)
    lines = [json.loads(line) for line in watched.logged.splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("request") == request_id]
    assert len(mine) == 2
    assert mine[0]["event"] == "turn"
    assert mine[0]["outcome"] == "answered"
    assert mine[0]["conversation"] == mine[1]["conversation"] != "line-test"
    assert (
        0 < mine[0]["parse"] + mine[0]["policies"] + mine[0]["action"] + mine[0]["store"] < mine[0]["seconds"]
    )


def test_every_line_of_the_log_is_json_once_the_server_is_ready(watched: Watched) -> None:
    Chat(watched.url).say("my back hurts")
    lines = watched.logged[watched.begun :].splitlines()
    assert lines
    for line in lines:
        assert {"time", "level", "logger", "event"} <= json.loads(line).keys(), line


def test_a_failure_is_logged_with_its_kind_even_where_it_has_no_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logs._private_record)
    error = RuntimeError("outer")
    # A cause that was raised nowhere here.
    error.__cause__ = KeyError("inner")
    try:
        log_failure("web.turn.failed", error)
    finally:
        logging.setLogRecordFactory(before)
    line = json.loads(logs.JsonLines().format(caplog.records[-1]))
    assert (line["event"], line["error"], line["at"]) == ("web.turn.failed", "KeyError", "")


def test_a_turn_is_a_span_with_its_stages_below_it(watched: Watched) -> None:
    before = time.time_ns()
    Chat(watched.url).say("my back hurts")
    names = {"turn", "parse", "policies", "action", "store"}

    def spans() -> list[Any]:
        return [span for span in watched.traces.spans() if span.start_time_unix_nano > before]

    wait_for(lambda: names <= {span.name for span in spans()}, "all spans of the turn")
    (turn,) = [span for span in spans() if span.name == "turn"]
    below = [span for span in spans() if span.trace_id == turn.trace_id and span is not turn]
    assert {span.parent_span_id for span in below if span.name != "turn"} == {turn.span_id}
    attributes = {it.key: it.value.string_value for it in turn.attributes}
    assert attributes["backsignal.channel"] == "rest"


def test_without_its_variable_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import sys, backsignal.channels.service;"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry.sdk')))"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=PROJECT,
        env={**environment, "SQLALCHEMY_SILENCE_UBER_WARNING": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def names_in(expression: str) -> set[str]:
    """The metrics that a PromQL expression names."""
    return set(re.findall(r"\b(?:backsignal|process)_\w+", expression))


def expressions() -> dict[str, str]:
    """Every expression of the dashboard and of the alerts, by where it stands."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    found = {
        f"panel {panel['title']}": target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }
    alerts = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    return {**found, **{f"alert {rule['alert']}": rule["expr"] for rule in rules}}


@pytest.mark.parametrize("place", expressions())
def test_dashboard_and_alerts_name_metrics_that_are_there(place: str, server: Server) -> None:
    expression = expressions()[place]
    text = requests.get(f"{server.url}/metrics", timeout=TIMEOUT).text
    there = {name for name, _ in samples(server.url)} | set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    assert names_in(expression) <= there
    assert names_in(expression) or "up" in expression


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert rule["annotations"]["summary"].endswith(".")
            assert len(rule["annotations"]["description"].split()) > 8
