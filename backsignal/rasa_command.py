"""Rasa's own command line, without the deprecation notes that its libraries write to each other.

Where people write to it, that is in all but the training, its logs hold nothing that they wrote. TensorFlow
is loaded where something needs it.
"""

import os
import sys
import warnings
from pathlib import Path

# Sanic sets a filter of its own when it is imported, so ours must come after it.
import sanic  # noqa: F401
from sqlalchemy.exc import SADeprecationWarning

from backsignal.components.deferred_tensorflow import defer_tensorflow, leave_networks_out

for noise in (DeprecationWarning, SADeprecationWarning):
    warnings.filterwarnings("ignore", category=noise)

# Databases with what people told, and models, are for nobody else on the machine to read or change.
os.umask(0o077)
# The SDK's action server would listen on every address.
os.environ.setdefault("SANIC_HOST", "127.0.0.1")

if __name__ == "__main__":
    training = sys.argv[1:2] == ["train"]
    defer_tensorflow(serving=sys.argv[1:2] in (["run"], ["shell"]))
    config = Path("config.yml")
    # Another one that is named may have networks.
    if training and config.is_file() and not any(it.startswith(("-c", "--config")) for it in sys.argv):
        leave_networks_out(config)

    import coloredlogs  # type: ignore[import-untyped] # it has no types
    import rasa.__main__

    if training:
        from backsignal.components import training_patches

        training_patches.apply()
    else:
        from backsignal.telemetry import logs

        # Rasa's reports of errors carry the variables of each frame.
        os.environ["RASA_TELEMETRY_ENABLED"] = "false"
        logs.keep_private()
        # With these Rasa and its SDK would set up logging anew.
        coloredlogs.install = rasa.__main__.configure_structlog = logs.configure
    rasa.__main__.main()
