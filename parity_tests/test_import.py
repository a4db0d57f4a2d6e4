"""Importing the TensorFlow half is silent, and yet no error is lost."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def fresh(code, *paths):
    """A fresh interpreter's exit status, and what it prints on stdout and on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def test_tensorflow_is_imported_in_silence():
    assert fresh("import tf_impl.activations") == (0, "", "")


NOISY = """
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called go to STDERR\\n")
os.write(2, b"I0000 00:00 a.cc:31] Could not find cuda drivers\\n")
os.write(2, b"W0000 00:00 a.cc:32] a warning\\nE0000 00:00 a.cc:33] an error\\n")
os.write(2, b"E0000 00:00 b.cc:52] failed call to cuInit: UNKNOWN ERROR (303)\\n")
os.write(2, b"words of someone else\\n")
"""
HEARD = "E0000 00:00 a.cc:33] an error\nwords of someone else\n"


def test_errors_are_heard_while_tensorflow_is_imported(tmp_path):
    quiet = "class config:\n    list_physical_devices = list"
    (tmp_path / "tensorflow.py").write_text(NOISY + quiet)
    code = "import os, tf_impl; os.write(2, b'afterwards')"
    assert fresh(code, tmp_path) == (0, "", HEARD + "afterwards")


def test_a_tensorflow_that_cannot_be_imported_says_why(tmp_path):
    (tmp_path / "tensorflow.py").write_text(NOISY + "raise ImportError('a library is missing')")
    status, _, said = fresh("import tf_impl", tmp_path)
    assert status == 1
    assert said.startswith(HEARD + "Traceback")
    assert said.endswith("ImportError: a library is missing\n")
