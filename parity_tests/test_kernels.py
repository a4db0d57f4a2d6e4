"""A framework takes other kernels on other processors, and what they do is said of them alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOFTMAX = """
from parity_tests import suite
rows = [row for job in suite.jobs("softmax", modes=("eager",)) for row in suite.run(job)]
rows = suite.conclude(rows, "softmax", modes=("eager",))
print(suite.kernels())
print({row.verdict for row in rows if row.verdict not in ("pass", "absent")})
print({row.note for row in rows if row.verdict == "known"})
"""


@pytest.mark.parametrize("asked", ["0", "1"])
def test_softmax_is_green_with_onednn_which_drops_nan_and_without_it(asked):
    found = subprocess.run(
        [sys.executable, "-c", SOFTMAX],
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": asked, "PYTHONPATH": "."},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    taken, verdicts, notes = found.stdout.splitlines()[-3:]
    assert ("TensorFlow oneDNN" in taken) == (asked == "1")
    assert verdicts == ("{'known'}" if asked == "1" else "set()")
    assert ("oneDNN gives 0" in notes) == (asked == "1")
