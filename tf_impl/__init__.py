"""The TensorFlow and Keras half. Importing it imports TensorFlow, quietly."""

import os
import subprocess
import sys

# Errors and fatal messages stay; information and warnings of TensorFlow's C++ start-up go.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
_CHATTER = (
    r"[IW]\d{4} |WARNING: All log messages before absl::InitializeLog"
    r"|E\d{4} .*failed call to cuInit"  # all that this one says is: no GPU here
)
_FILTER = """
import re, sys
for line in sys.stdin:
    if not re.match(sys.argv[1], line):
        sys.stderr.write(line)
"""


def _import_quietly() -> None:
    """Import TensorFlow with its C++ chatter filtered out; everything else still reaches stderr.

    The first messages are written before the log level above is read, straight to the file
    descriptor, so that is where they have to be caught. The filter is a process of its own, so that
    the last words of an import that aborts are not lost.
    """
    command = [sys.executable, "-SE", "-c", _FILTER, _CHATTER]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as listener:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(listener.stdin.fileno(), 2)
        try:
            import tensorflow

            tensorflow.config.list_physical_devices()
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


if "tensorflow" not in sys.modules:
    _import_quietly()
