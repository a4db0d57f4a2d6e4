"""Programs, each run in a process of its own that has imported the frameworks and no more.

Importing them takes seconds, so one interpreter does it once and is forked for every program.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

PROJECT = ("parity_tests", "reports", "shared", "tf_impl", "torch_impl")


class Interpreter:
    """An interpreter that knows nothing of the project, as a context manager.

    Nothing is seeded, no folder of the project is on its path, and what one program sets no other
    one sees. Not where a process cannot be forked (Windows).
    """

    def __enter__(self) -> Interpreter:
        command = [sys.executable, "-I", "-W", "ignore", __file__]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def run(self, path: Path) -> str:
        """The error that the program of a file ends in; empty if it comes to its end."""
        self._process.stdin.write(json.dumps(str(path)).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _ending(path):
    """How a program ends, in a process forked for it."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.write(writing, _run(path).encode()[:4096])
        os._exit(0)  # without what an interpreter does at its end
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        words = said.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    return words if status == 0 else f"ended by signal or status {status}"


def _run(path):
    os.dup2(2, 1)  # what it prints is not taken for an answer
    try:
        runpy.run_path(path, run_name="__main__")
    except BaseException as error:  # also one that asks to exit
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    of_project = {name.partition(".")[0] for name in sys.modules} & {*PROJECT}
    return f"imports {', '.join(sorted(of_project))}" if of_project else ""


def _serve():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import keras  # noqa: F401
    import tensorflow  # noqa: F401
    import torch  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(_ending(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
