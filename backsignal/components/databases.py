"""The database of the conversations, for commands that work on it beside the servers."""

import os
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

DATABASE_VARIABLE = "BACKSIGNAL_DATABASE"
_DATABASE = Path(__file__).resolve().parents[2] / "var" / "conversations.db"


def open_database(given: str | None = None) -> Engine:
    """The database at a path or a URL, else the one that the servers use.

    Raises FileNotFoundError where there is no such file.
    """
    place = given or os.environ.get(DATABASE_VARIABLE) or str(_DATABASE)
    if "://" in place:
        return sa.create_engine(place, hide_parameters=True)
    if not Path(place).is_file():
        raise FileNotFoundError(f"there is no database at {place}. Name it with --database.")
    return sa.create_engine(f"sqlite:///{place}", hide_parameters=True)
