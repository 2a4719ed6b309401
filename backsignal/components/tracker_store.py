"""Where conversations are kept."""

import os
from pathlib import Path
from typing import Any

import sqlalchemy
import sqlalchemy.orm
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from sqlalchemy.pool import QueuePool

DATABASE_VARIABLE = "BACKSIGNAL_DATABASE"


class ConversationStore(SQLTrackerStore):
    """Rasa's SQL store on an SQLite file that readers and a writer can share (write-ahead log).

    Connections are kept: Rasa's own store closes the last one after each query, and each time that
    writes the whole log back into the file and waits for the disk.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: EventBroker | None = None, **kwargs: Any
    ) -> None:
        kwargs["db"] = os.environ.get(DATABASE_VARIABLE, kwargs.get("db"))
        Path(kwargs["db"]).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain=domain, event_broker=event_broker, **kwargs)
        url = f"sqlite:///{kwargs['db']}"
        engine = sqlalchemy.create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})
        sqlalchemy.event.listen(engine, "connect", _write_ahead)
        self.engine = engine
        self.sessionmaker = sqlalchemy.orm.sessionmaker(bind=engine)


def _write_ahead(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=5000")
