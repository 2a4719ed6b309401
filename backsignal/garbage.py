"""Spares Python's garbage collector what never becomes garbage."""

import gc

# New objects, more than goes, before the youngest are looked through: a turn makes a few thousand.
_OBJECTS = 20_000


def leave_out_what_stays() -> None:
    """Leave what is loaded now out of every later collection, and collect less often.

    A million objects of libraries and content would be looked through again and again: 7 % of a turn.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
