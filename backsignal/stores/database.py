"""The database: one way to reach it for everything that is kept.

BACKSIGNAL_DATABASE is a file, which SQLite keeps, or the URL of a PostgreSQL server. A file on this machine
answers in less time than a thread needs to begin, so it is asked at once. A server may hang: it is asked from
threads, so that the service goes on meanwhile, and each call ends at a deadline.
"""

import asyncio
import logging
import os
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg2
import psycopg2.extensions
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from backsignal.stores import UnavailableError

logger = logging.getLogger(__name__)

DATABASE_VARIABLE: Final = "BACKSIGNAL_DATABASE"
CALLS_VARIABLE: Final = "BACKSIGNAL_ASSIST_DATABASE"
_CALLS_FILE = Path(__file__).resolve().parents[2] / "var" / "assist.db"
# A person waits: one call, with the wait for a connection and all of its statements, has this long.
DEADLINE_SECONDS: Final = 3.0
# Connections of one process: those that stay open, and those for a rush.
_CONNECTIONS, _MORE = 5, 3
# Of a command, for which nobody waits, and of a part of a server's regular work.
_LEISURE_SECONDS = 86_400.0
_PART_SECONDS = 60.0
# Calls that wait for a thread. More than the deadline lets through would only fill the memory.
_MOST_WAITING = 200
# A process that is stopped in the middle of a transaction may keep others out for so long.
_IDLE_SECONDS = 10
_TIMEOUTS = {"statement_timeout": DEADLINE_SECONDS, "idle_in_transaction_session_timeout": _IDLE_SECONDS}
# Writing SQLite's log back holds up who writes, so it waits for those who read only a little, but again.
_TRIES, _READERS_SECONDS, _BETWEEN_SECONDS = 5, 0.1, 0.2
# The name of the lock under which tables are made.
_TABLES = "backsignal tables"
# Made once, as making it costs more than carrying it out.
_LOCK = sa.select(
    sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("name", type_=sa.String), 0))
)

Result = TypeVar("Result")
_of_thread = threading.local()


def address(setting: str) -> URL:
    """The address in a setting: a URL, or the file of an SQLite database. Raises ValueError."""
    if "://" not in setting:
        return URL.create("sqlite", database=setting)
    url = sa.engine.make_url(setting)
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError(
            f"{DATABASE_VARIABLE} begins with '{url.drivername}://'. Give it the path of a file, or an "
            "address like postgresql://name:password@server/database."
        )
    return url


def set_address() -> URL | None:
    """The address in BACKSIGNAL_DATABASE, None where it is not set. Raises ValueError."""
    setting = os.environ.get(DATABASE_VARIABLE)
    return address(setting) if setting else None


def calls_address() -> URL:
    """Where calls are kept: a file of their own, or on the server where everything is. Raises ValueError."""
    setting = os.environ.get(CALLS_VARIABLE)
    everything = set_address()
    if setting is None and everything and everything.host:
        return everything
    return address(setting or str(_CALLS_FILE))


@lru_cache(maxsize=8)
def database_at(url: URL) -> "Database":
    """The database of an address; all who ask for the same one share its connections."""
    return Database(url)


class Database:
    """A database, its pool of connections and its deadlines. Making it asks nothing of the database yet."""

    def __init__(self, url: URL) -> None:
        self.url = url
        server = url.get_backend_name() == "postgresql"
        self._threads = ThreadPoolExecutor(_CONNECTIONS + _MORE, "database") if server else None
        self._engine = _server_engine(url) if server else _file_engine(url)
        self._waiting = 0
        self._tables: dict[sa.MetaData, bool] = {}
        #: Whether something that was erased may still stand in a file.
        self.traces_left = False

    def keep(self, *tables: sa.MetaData) -> "Database":
        """Have tables made, where they are not there yet, before the next call."""
        for metadata in tables:
            self._tables.setdefault(metadata, False)
        return self

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do some work in a transaction, and commit it.

        Raises what the work raises, and then nothing was kept; UnavailableError where the database does not
        answer in time. `work` may run in another thread.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        if self._threads is None:
            return self._work(work, deadline)
        if self._waiting >= _MOST_WAITING:
            raise UnavailableError("too many wait for the database")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._work, work, deadline)
        finally:
            self._waiting -= 1

    async def in_background(self, work: Callable[[Connection], Result]) -> Result:
        """Do some work as `run` does, but in a thread and with more time: for what nobody waits for."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.at_leisure, work, _PART_SECONDS)

    def at_leisure(self, work: Callable[[Connection], Result], seconds: float = _LEISURE_SECONDS) -> Result:
        """Do some work as `run` does, but at once and for as long as it takes: for commands."""

        def unhurried(connection: Connection) -> Result:
            if self._threads:
                for setting in _TIMEOUTS:
                    connection.execute(sa.text(f"SET LOCAL {setting} = {seconds * 1000:.0f}"))
            return work(connection)

        return self._work(unhurried, time.monotonic() + seconds)

    async def leave_no_trace(self) -> None:
        """Take what was erased out of the files as well; where that fails, `traces_left` says so.

        SQLite's log holds it until it is written back, for which nobody may be reading an older state.
        """
        self.traces_left = True
        for _ in range(_TRIES):
            self.traces_left = not await self.in_background(_written_back)
            if not self.traces_left:
                return
            await asyncio.sleep(_BETWEEN_SECONDS)
        logger.warning("erasure.traces_left")

    def close(self) -> None:
        """Let go of the database; the next call reaches it anew."""
        self._engine.dispose()

    def _work(self, work: Callable[[Connection], Result], deadline: float) -> Result:
        _of_thread.deadline = deadline
        try:
            if not all(self._tables.values()):
                self._make_tables()
            with self._engine.begin() as connection:
                return work(connection)
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeoutError) as error:
            # Without the error's own words, as they may hold what a person wrote.
            raise UnavailableError(type(error).__name__) from error
        finally:
            _of_thread.deadline = None

    def _make_tables(self) -> None:
        missing = [each for each, made in self._tables.items() if not made]
        with self._engine.begin() as connection:
            # Servers that start together would make the same table twice.
            one_at_a_time(connection, _TABLES)
            for metadata in missing:
                metadata.create_all(connection)
        self._tables.update(dict.fromkeys(missing, True))


def one_at_a_time(connection: Connection, name: str) -> None:
    """Until this transaction ends, let nobody else come past here with the same name.

    On a server that also makes rows become visible in the order of their numbers, which are given when a
    row is added and not when it is committed. An SQLite file has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"name": name})


def _written_back(connection: Connection) -> bool:
    """Write SQLite's log back and empty it; False where somebody reads or writes, and nothing was raised."""
    if connection.dialect.name != "sqlite":
        return True
    connection.execute(sa.text(_waiting(_READERS_SECONDS)))
    try:
        return not connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)")).one().busy
    finally:
        connection.execute(sa.text(_waiting(DEADLINE_SECONDS)))


def _waiting(seconds: float) -> str:
    """Have SQLite wait so long for a file that somebody else writes to."""
    return f"PRAGMA busy_timeout={seconds * 1000:.0f}"


def _file_engine(url: URL) -> sa.engine.Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # Connections are kept: closing the last one writes the whole log back into the file. The one used last is
    # taken first, as it has in memory what it wrote.
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_use_lifo=True,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    sa.event.listen(engine, "connect", _write_ahead)
    return engine


def _write_ahead(connection: Any, _: Any) -> None:
    # What is erased is overwritten; otherwise the words would stand in the file until their place is needed.
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute(_waiting(DEADLINE_SECONDS))


def _server_engine(url: URL) -> sa.engine.Engine:
    psycopg2.extensions.set_wait_callback(_wait)
    options = [f"-c {name}={seconds * 1000:.0f}" for name, seconds in _TIMEOUTS.items()]
    return sa.create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE,
        pool_timeout=DEADLINE_SECONDS,
        # A connection that the server closed meanwhile is replaced before it is used.
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "application_name": "backsignal",
            "connect_timeout": int(DEADLINE_SECONDS),
            "options": " ".join([str(url.query.get("options", "")), *options]),
        },
        hide_parameters=True,
    )


def _wait(connection: Any) -> None:
    """Wait for the server's answer until the thread's deadline; psycopg2 itself would wait for ever.

    Raising closes the connection.
    """
    deadline = getattr(_of_thread, "deadline", None) or time.monotonic() + DEADLINE_SECONDS
    events = {psycopg2.extensions.POLL_READ: select.POLLIN, psycopg2.extensions.POLL_WRITE: select.POLLOUT}
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        # Not select(): it knows no file beyond the thousandth.
        waiting = select.poll()
        waiting.register(connection.fileno(), events[state])
        if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise psycopg2.OperationalError("no answer in time")
