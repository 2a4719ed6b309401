"""What is done from time to time by one server, however many there are."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from backsignal.components import clock
from backsignal.stores.database import one_at_a_time

metadata = sa.MetaData()
table = sa.Table(
    "jobs",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("taken", sa.Float, nullable=False),
)


def take(name: str, every_seconds: float, connection: Connection) -> bool:
    """Whether a job is to be done now, and by us: then it is nobody else's until its time comes again."""
    one_at_a_time(connection, name)
    now = clock.now()
    due = sa.and_(table.c.name == name, table.c.taken <= now - every_seconds)
    if connection.execute(sa.update(table).where(due).values(taken=now)).rowcount:
        return True
    if connection.execute(sa.select(table.c.taken).where(table.c.name == name)).first():
        return False
    connection.execute(sa.insert(table).values(name=name, taken=now))
    return True
