"""The action server: the custom actions over HTTP, for a Rasa server elsewhere.

In place of the SDK's own, which listens on every address, answers pages of any website and sends the
conversation back where an action fails.
"""

import argparse
import logging

from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from sanic import Request, Sanic, response
from sanic.response import HTTPResponse

import actions
from backsignal.channels.guard import guard
from backsignal.telemetry import logs

logger = logging.getLogger(__name__)
# A conversation of a thousand turns travels with each call.
_MOST_BYTES = 16_000_000


def make_app() -> Sanic:
    """The server's app: POST /webhook runs an action, GET /health tells that it is there."""
    app = Sanic("backsignal_actions", configure_logging=False)
    guard(app, most_bytes=_MOST_BYTES)
    executor = ActionExecutor()
    executor.register_package(actions)

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return response.json({"status": "ok"})

    @app.post("/webhook")
    async def run(request: Request) -> HTTPResponse:
        call = request.json
        if not isinstance(call, dict):
            return response.json({"error": "Send an action call as a JSON object."}, status=400)
        try:
            return response.json(await executor.run(call))
        except ActionExecutionRejection as error:
            return response.json({"error": "rejected", "action_name": error.action_name}, status=400)
        except ActionNotFoundException as error:
            return response.json({"error": "no such action", "action_name": error.action_name}, status=404)

    return app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m backsignal.action_server", description=__doc__)
    parser.add_argument("--port", type=int, default=5055)
    parser.add_argument("--interface", default="127.0.0.1", help="the address to listen on")
    options = parser.parse_args()
    logs.keep_private()
    make_app().run(options.interface, options.port, access_log=False, motd=False)


if __name__ == "__main__":
    main()
