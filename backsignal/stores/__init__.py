"""What keeps things beyond one process: the database, and Redis between servers."""


class UnavailableError(Exception):
    """A store does not answer now: nothing was kept, or it is not known whether it was. Try again later."""


class OutrunError(Exception):
    """Somebody else, perhaps another server, added first: nothing was kept. Read it anew and try again."""
