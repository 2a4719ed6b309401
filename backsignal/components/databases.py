"""The database of the conversations, for commands that work on it beside the servers."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from backsignal.components import audit, check_ins, inbox, opted_out
from backsignal.stores.database import address, set_address

_DATABASE = Path(__file__).resolve().parents[2] / "var" / "conversations.db"


def open_database(given: str | None = None) -> Engine:
    """The database at a path or a URL, else the one that the servers use.

    Raises FileNotFoundError where there is no such file.
    """
    url = address(given) if given else set_address() or address(str(_DATABASE))
    if url.get_backend_name() == "sqlite" and not Path(url.database).is_file():
        raise FileNotFoundError(f"there is no database at {url.database}. Name it with --database.")
    return sa.create_engine(url, hide_parameters=True)


def make_tables(connection: Connection) -> None:
    """Make the tables that no server has needed yet."""
    for module in (audit, check_ins, inbox, opted_out):
        module.metadata.create_all(connection)
