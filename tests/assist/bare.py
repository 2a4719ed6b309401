"""The API and the console on a bare Sanic server: `python -m tests.assist.bare PORT SETTINGS`."""

import json
import sys

from sanic import Blueprint, Sanic

from backsignal.channels.assist_api import AssistApi
from backsignal.channels.guard import guard

if __name__ == "__main__":
    app = Sanic("bare_assist")
    guard(app)
    blueprint = Blueprint("assist")
    AssistApi.from_settings(json.loads(sys.argv[2])).add_to(blueprint)
    app.blueprint(blueprint)
    app.run("127.0.0.1", int(sys.argv[1]), access_log=False, motd=False)
