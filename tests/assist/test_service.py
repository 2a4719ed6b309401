"""Agent assist in the whole service, as `make run` starts it."""

import pytest

from tests.assist.service import Client, Service
from tests.conftest import Server


@pytest.fixture(scope="module")
def printed(server: Server) -> tuple[str, str]:
    """The address and the token that are printed once the service is ready."""
    assert server.process.stdout
    address = server.process.stdout.readline().removeprefix("Agents: ").strip()
    label, _, token = server.process.stdout.readline().rpartition(": ")
    assert label.startswith("Agent token")
    return address, token.strip()


def test_the_printed_token_opens_the_printed_address(server: Server, printed: tuple[str, str]) -> None:
    address, token = printed
    assert address == server.url.replace("127.0.0.1", "localhost") + "/assist/"
    agent = Client(Service(server.url, server.process, server.database), token)
    assert agent.get("/assist/").headers["content-security-policy"]
    call = agent.open()
    agent.say(call, "agent", "any trouble passing water?")
    agent.say(call, "caller", "no, he's fine with that, but his foot is sort of flapping")
    assert agent.row(call, "bladder_retention")["status"] == "absent"
    assert agent.call(call)["triage"]["level"] == "emergency"
    assert next(agent.events(call))["turns"]
    assert len(agent.get("/assist/recordings").json()["recordings"]) == 3
    done = agent.send("POST", f"/assist/calls/{call}:complete", {}).json()
    assert "Leg or foot weakness" in done["note"]
    assert agent.send("DELETE", f"/assist/calls/{call}").json() == {"erased": True}
