"""The TensorFlow and Keras half. Importing it imports TensorFlow, quietly."""

import os
import re
import sys
import tempfile

# Errors and fatal messages stay; information and warnings of TensorFlow's C++ start-up go.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
_CHATTER = re.compile(
    r"^([IW]\d{4} |WARNING: All log messages before absl::InitializeLog"
    r"|E\d{4} .*failed call to cuInit)"  # all that this one says is: no GPU here
)


def _import_quietly() -> None:
    """Import TensorFlow with its C++ chatter filtered out; everything else still reaches stderr.

    The first messages are written before the log level above is read, straight to the file
    descriptor, so that is where they have to be caught.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile("w+", errors="replace") as caught:
        os.dup2(caught.fileno(), 2)
        try:
            import tensorflow

            tensorflow.config.list_physical_devices()
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            sys.stderr.writelines(line for line in caught if not _CHATTER.match(line))


if "tensorflow" not in sys.modules:
    _import_quietly()
