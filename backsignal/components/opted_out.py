"""Who told a messaging channel to STOP: kept until START and through an erasure, as it is their wish."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

metadata = sa.MetaData()
table = sa.Table("opted_out", metadata, sa.Column("sender", sa.String(255), primary_key=True))


class OptedOut:
    """The senders that are not to be written to."""

    def __init__(self, engine: Engine) -> None:
        metadata.create_all(engine)
        self._engine = engine

    def __contains__(self, sender: object) -> bool:
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(table.c.sender).where(table.c.sender == sender))
            return found.first() is not None

    def add(self, sender: str) -> None:
        """Note that they stopped; again is the same as once."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.sender == sender))
            connection.execute(sa.insert(table).values(sender=sender))

    def remove(self, sender: str) -> None:
        """Note that they started again."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.sender == sender))
