"""Worker processes: their environment, what they are told, and what they answer."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


class WorkerError(RuntimeError):
    """A worker process ended before its job was done."""


def environment(threads: int) -> dict[str, str]:
    """The environment in which a worker has so many threads, and no core of its own.

    Threads that wait are put to sleep where there are several, so that one framework's do not spin
    while the other works. Binding them is left out: it once held torch to one core.
    """
    kept = {name: value for name, value in os.environ.items() if name != "OMP_PROC_BIND"}
    pinned = dict.fromkeys(COUNTS, str(threads)) | {"TF_NUM_INTEROP_THREADS": "1"}
    waiting = {"OMP_WAIT_POLICY": "PASSIVE"} if threads > 1 else {}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2"}
    return {**kept, **pinned, **waiting, **quiet, "PYTHONPATH": str(ROOT)}


def _hidden(job):
    """No GPU where the processor is timed: TensorFlow would compute there whatever it is given."""
    return {"CUDA_VISIBLE_DEVICES": ""} if job.get("device") == "cpu" else {}


class Workers:
    """All workers that are at work, so that none is left behind."""

    def __init__(self, threads: int):
        self.environment = environment(threads)
        self._alive, self._ended = set(), False

    def lines(self, job: dict) -> Iterator[dict]:
        """What a worker answers to a job, line by line.

        Raises WorkerError, with the end of what it said, if it fails.
        """
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(
                [sys.executable, "-m", "parity_tests.timings.worker"],
                cwd=ROOT,
                env=self.environment | _hidden(job),
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            ) as process,
        ):
            self._alive.add(process)
            try:
                if self._ended:
                    raise WorkerError("the measurement was ended before this worker began")
                process.stdin.write(json.dumps(job))
                process.stdin.close()
                yield from map(json.loads, process.stdout)
                status = process.wait()
            finally:
                self._end(process)
            if status:
                said.seek(0)
                end = "".join(said.readlines()[-8:]).strip()
                raise WorkerError(f"a worker process ended with status {status}: {end}")

    def end(self) -> None:
        """End all workers, and let none begin any more."""
        self._ended = True
        for process in [*self._alive]:
            self._end(process)

    def _end(self, process):
        if process.poll() is None:
            process.kill()
        self._alive.discard(process)
