"""Agent assist over real HTTP: a server on a free port, and clients with tokens of their own."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
import yaml
from jsonschema import Draft7Validator

from backsignal.assist.access import Access, Person
from tests.conftest import PROJECT, free_port

SECRET = "0123456789abcdef0123456789abcdef"
ACCESS = Access(SECRET.encode())
DESCRIPTION: dict[str, Any] = yaml.safe_load((PROJECT / "docs" / "assist-openapi.yml").read_text("utf-8"))
_START_SECONDS = 60


def token(name: str, *roles: str, hours: float = 1) -> str:
    return ACCESS.token(Person(name, name.title(), frozenset(roles)), hours)


@dataclass
class Service:
    """A running server, and all that it wrote."""

    url: str
    process: subprocess.Popen[str]
    database: Path
    written: list[str] = field(default_factory=list)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def start(database: Path, port: int | None = None, **settings: Any) -> Service:
    """Start a server and wait until it answers."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.assist.bare", str(port), json.dumps(settings)],
        cwd=PROJECT,
        env={
            **os.environ,
            "BACKSIGNAL_ASSIST_DATABASE": f"sqlite:///{database}",
            "BACKSIGNAL_SECRET": SECRET,
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    service = Service(f"http://127.0.0.1:{port}", process, database)

    def read() -> None:
        assert process.stdout
        service.written.extend(process.stdout)

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            requests.get(f"{service.url}/assist/me", timeout=5)
            return service
        except requests.ConnectionError:
            assert process.poll() is None, "".join(service.written)
            time.sleep(0.05)
    raise AssertionError("the server did not answer: " + "".join(service.written))


class Client:
    """Somebody with a token. Every answer is held against the API's description."""

    def __init__(self, service: Service, bearer: str | None) -> None:
        self.url = service.url
        self.headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        if body is not None:
            options.setdefault("json", body)
        headers = {**self.headers, **options.pop("headers", {})}
        answer = requests.request(method, f"{self.url}{path}", headers=headers, timeout=30, **options)
        fits_description(method, path, answer)
        return answer

    def get(self, path: str) -> requests.Response:
        return self.send("GET", path)

    def open(self) -> str:
        answer = self.send("POST", "/assist/calls", {})
        assert answer.status_code == 201
        return str(answer.json()["id"])

    def say(self, call: str, role: str, text: str, **more: Any) -> requests.Response:
        body = {"role": role, "text": text, "request_id": uuid4().hex, **more}
        return self.send("POST", f"/assist/calls/{call}/turns", body)

    def tick(self, call: str, finding: str, status: str | None, **more: Any) -> requests.Response:
        return self.send("PATCH", f"/assist/calls/{call}/findings/{finding}", {"status": status, **more})

    def call(self, call: str) -> dict[str, Any]:
        answer = self.get(f"/assist/calls/{call}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def row(self, call: str, finding: str) -> dict[str, Any]:
        return next(row for row in self.call(call)["checklist"] if row["finding"] == finding)

    def events(self, call: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """The event stream, each event's data with its id."""
        headers = {**self.headers, "Last-Event-ID": str(after)}
        with requests.get(
            f"{self.url}/assist/calls/{call}/events", headers=headers, stream=True, timeout=30
        ) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            fields: dict[str, str] = {}
            for line in stream.iter_lines(decode_unicode=True):
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields.get("event"):
                    yield {"event_id": int(fields["id"]), **json.loads(fields["data"])}
                    fields = {}


def described(method: str, path: str) -> dict[str, Any] | None:
    """What the description says of a request's address."""
    parts = path.partition("?")[0].split("/")
    for template, operations in DESCRIPTION["paths"].items():
        pattern = template.split("/")
        if len(pattern) == len(parts) and all(_fits(p, part) for p, part in zip(pattern, parts, strict=True)):
            found: dict[str, Any] | None = operations.get(method.lower())
            if found:
                return found
    return None


def _fits(pattern: str, part: str) -> bool:
    if pattern.endswith(":complete"):
        return part.endswith(":complete")
    return pattern.startswith("{") or pattern == part


def fits_description(method: str, path: str, answer: requests.Response) -> None:
    """The answer has the status and the shape that the description gives it."""
    operation = described(method, path)
    if operation is None or answer.status_code in (401, 405):
        return
    status = str(answer.status_code)
    assert status in operation["responses"], (
        f"{method} {path}: {status} is not described: {answer.text[:300]}"
    )
    described_answer = operation["responses"][status]
    if "$ref" in described_answer:
        described_answer = DESCRIPTION["components"]["responses"][described_answer["$ref"].rpartition("/")[2]]
    content = described_answer["content"]
    media = answer.headers["content-type"].partition(";")[0]
    assert media in content, f"{method} {path}: {media}"
    if media == "application/json":
        schema = {**content[media]["schema"], "components": DESCRIPTION["components"]}
        problems = list(Draft7Validator(_local(schema)).iter_errors(answer.json()))
        assert not problems, f"{method} {path}: {problems[0].message} at {list(problems[0].absolute_path)}"


def _local(schema: dict[str, Any]) -> dict[str, Any]:
    # A $ref beside other keys hides them, so the reference goes into an allOf of its own.
    if "$ref" in schema:
        return {"allOf": [{"$ref": schema["$ref"]}], "components": schema["components"]}
    return schema
