"""A short chaos run: real PostgreSQL, Redis and nginx, two of each server, each part in turn disturbed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from deploy.local import Cluster, missing_programs
from tests.channels.web_client import Web
from tests.loops import run
from tests.resilience.chaos import run_chaos
from tests.resilience.disturbances import one_of_each
from tests.resilience.services import wait_for
from tests.resilience.soak import Quarter, not_flat, soak

# At least so many, so that one round of disturbances outlasts their beginning; more come until it is over.
_CONVERSATIONS = 50
# Seconds in which a person thinks.
_PAUSE = 1.5


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    lacking = missing_programs()
    if lacking and os.environ.get("CI") != "true":
        pytest.skip(f"THE CHAOS SUITE DID NOT RUN: {', '.join(lacking)} are not installed on this machine")
    # Not pytest's own folder: PostgreSQL's user may not come through there.
    with tempfile.TemporaryDirectory(prefix="backsignal-") as folder, Cluster(Path(folder)) as started:
        yield started


def servers_of(cluster: Cluster, path: str, least: int) -> list[str]:
    """The servers that answered the requests to a path, of which there were at least so many."""

    def servers() -> list[str]:
        lines = (cluster.folder / "nginx.log").read_text().splitlines()
        return [line.partition('"server":"')[2].rstrip('"}') for line in lines if f'"path":"{path}"' in line]

    # nginx writes its line after the answer has gone out.
    wait_for(lambda: len(servers()) >= least, f"lines of {least} requests")
    return servers()


def test_all_messages_of_a_conversation_reach_one_server(cluster: Cluster) -> None:
    people = [Web(cluster.url) for _ in range(8)]
    used = set()
    for number, web in enumerate(people):
        for text in ("my back hurts", "no", "no"):
            assert web.send(text).status_code == 200
        # A renewed token is the same person's.
        web.token = web.call("POST", "/web/session", {}).json()["token"]
        assert web.history()
        mine = set(servers_of(cluster, "/web/messages", 4 * (number + 1))[4 * number :])
        assert len(mine) == 1
        used |= mine
    assert len(used) == 2


def test_what_is_not_for_strangers_is_not_reached(cluster: Cluster) -> None:
    for path in ("/metrics", "/webhooks/rest/webhook", "/webhooks/rest/"):
        assert requests.get(cluster.url + path, timeout=10).status_code == 404
    body = {"sender": "a", "message": "hello"}
    assert requests.post(f"{cluster.url}/webhooks/rest/webhook", json=body, timeout=10).status_code == 404
    assert requests.post(f"{cluster.url}/web/session", data=b"x" * 2_000_000, timeout=10).status_code == 413


def test_security_headers_come_once(cluster: Cluster) -> None:
    answer = requests.get(f"{cluster.url}/web/clinic", timeout=10)
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Cache-Control"):
        assert answer.headers[name].count(",") == 0, name
    assert "nginx/" not in answer.headers.get("Server", "")


def test_events_come_through_as_they_happen(cluster: Cluster) -> None:
    web = Web(cluster.url)
    headers = {"Authorization": f"Bearer {web.token}", "Last-Event-ID": "0"}
    with requests.get(f"{cluster.url}/web/events", headers=headers, stream=True, timeout=10) as stream:
        lines = stream.iter_lines(chunk_size=1)
        assert next(lines) == b": "
        web.send("my back hurts")
        # Far less than the time after which the stream would look by itself.
        assert any(b"my back hurts" in line for line in lines)


def test_a_client_cannot_choose_its_address(cluster: Cluster) -> None:
    def status(number: int) -> int:
        claimed = f"10.0.0.{number}"
        headers = {"X-Forwarded-For": claimed, "X-Real-IP": claimed, "Forwarded": f"for={claimed}"}
        return requests.post(f"{cluster.url}/web/session", json={}, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(16) as people:
        answers = list(people.map(status, range(200)))
    # All from one address, which begins so many sessions too fast.
    assert set(answers) == {200, 429}


def test_the_soak_tells_what_grew(cluster: Cluster) -> None:
    _, lines = run(soak(cluster, 0.2, step=2.0))
    assert lines[0].startswith("Measured")
    assert len(lines) == 8
    flat = Quarter(memory=900, database=10, redis=4, files=60, p50=40, p95=80)
    assert not_flat([flat] * 4) == []
    grown = Quarter(memory=990, database=20, redis=4, files=60, p50=40, p95=160)
    assert not_flat([flat, flat, flat, grown]) == ["memory", "connections to the database", "latency"]


def test_nothing_is_lost_whatever_happens_to_a_part(cluster: Cluster) -> None:
    found, told = run_chaos(cluster, _CONVERSATIONS, rounds=1, pause=_PAUSE)
    assert found == []
    assert told["acknowledged"] == 10 * told["conversations"]
    assert told["disturbances"] == len(one_of_each())
    # It was a disturbance, and there were people who could not wait.
    assert told["safe"] + told["refused"] + told["unanswered"] > 0
    assert told["emergencies_during"] > 0
    assert told["other_ways"] < 0.1 * told["conversations"]
