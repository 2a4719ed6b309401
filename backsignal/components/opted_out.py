"""Who told a messaging channel to STOP: kept until START and through an erasure, as it is their wish."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from backsignal.stores.database import Database

metadata = sa.MetaData()
table = sa.Table("opted_out", metadata, sa.Column("sender", sa.String(255), primary_key=True))
# Made once, as making it costs more than carrying it out.
_THEIRS = sa.select(table.c.sender).where(table.c.sender == sa.bindparam("of"))


class OptedOut:
    """The senders that are not to be written to."""

    def __init__(self, database: Database) -> None:
        self._database = database.keep(metadata)

    async def holds(self, sender: str) -> bool:
        """Whether they stopped."""
        return await self._database.run(
            lambda connection: connection.execute(_THEIRS, {"of": sender}).first() is not None
        )

    async def add(self, sender: str) -> None:
        """Note that they stopped; again is the same as once."""

        def adding(connection: Connection) -> None:
            _remove(connection, sender)
            connection.execute(sa.insert(table).values(sender=sender))

        await self._database.run(adding)

    async def remove(self, sender: str) -> None:
        """Note that they started again."""
        await self._database.run(lambda connection: _remove(connection, sender))


def _remove(connection: Connection, sender: str) -> None:
    connection.execute(sa.delete(table).where(table.c.sender == sender))
