"""The databases, for what works on them beside the conversations: commands, and the regular work."""

from pathlib import Path

from sqlalchemy.engine import URL

from backsignal.components import check_ins, inbox, jobs, opted_out
from backsignal.stores import audit
from backsignal.stores.database import Database, address, calls_address, database_at, set_address

_DATABASE = Path(__file__).resolve().parents[2] / "var" / "conversations.db"


def open_database(given: str | None = None) -> Database:
    """The database at a path or a URL, else the one that the servers keep conversations in.

    Raises FileNotFoundError where there is no such file.
    """
    url = address(given) if given else set_address() or address(str(_DATABASE))
    return _opened(url).keep(audit.metadata, check_ins.metadata, inbox.metadata, opted_out.metadata)


def open_calls_database(given: str | None = None) -> Database:
    """The database at a path or a URL, else the one that the servers keep calls in.

    Raises FileNotFoundError where there is no such file.
    """
    return _opened(address(given) if given else calls_address())


def with_audit(conversations: Database) -> list[Database]:
    """The databases that hold a part of the audit: the conversations', and the calls' where it is another."""
    calls = calls_address()
    own = calls != conversations.url and _is_there(calls)
    found = [conversations, database_at(calls)] if own else [conversations]
    return [database.keep(audit.metadata, jobs.metadata) for database in found]


def _opened(url: URL) -> Database:
    if not _is_there(url):
        raise FileNotFoundError(f"there is no database at {url.database}. Name it with --database.")
    return database_at(url)


def _is_there(url: URL) -> bool:
    return url.get_backend_name() != "sqlite" or (bool(url.database) and Path(url.database).is_file())
