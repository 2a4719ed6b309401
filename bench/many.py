"""Our server with the stores of many machines: PostgreSQL and Redis, as `make cluster` starts them."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.servers import Bot, load, running
from deploy.local import Cluster, missing_programs


def on_postgres_and_redis(bot: Bot, users: int, seconds: float) -> dict[str, Any] | None:
    """The load of so many users; None on a machine without these programs."""
    if missing_programs():
        return None
    # A folder of its own, as PostgreSQL's user has to come through to it.
    with (
        tempfile.TemporaryDirectory(prefix="backsignal-") as folder,
        Cluster(Path(folder), servers=1) as cluster,
    ):
        stores = {"BACKSIGNAL_DATABASE": cluster.database, "BACKSIGNAL_REDIS": cluster.redis}
        there = replace(bot, environment={**bot.environment, **stores})
        with running(there) as server:
            return load(there, server, users, seconds)
