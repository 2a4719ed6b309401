"""Rasa's own command line, without the deprecation notes that its libraries write to each other."""

import warnings

# Sanic sets a filter of its own when it is imported, so ours must come after it.
import sanic  # noqa: F401
from sqlalchemy.exc import SADeprecationWarning

for noise in (DeprecationWarning, SADeprecationWarning):
    warnings.filterwarnings("ignore", category=noise)

if __name__ == "__main__":
    from rasa.__main__ import main

    main()
