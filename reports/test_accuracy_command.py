"""`make accuracy` as a command: what it measures, keeps, goes on from, refuses and returns."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parity_tests.accuracy import jobs as plan
from parity_tests.accuracy.jobs import Elementwise, Sum
from parity_tests.accuracy.oracle import TENSORS, reference
from reports import accuracy
from reports.accuracy_store import ROOT, Store
from reports.workers import WORKERS
from shared.evidence import FAIL, PASS
from shared.floats import FLOAT16
from shared.tallies import Truth, classes

NAMES = {"accuracy.csv", "accuracy.md", "accuracy.html", "accuracy.png", "accuracy_sums.csv"}
PARTIES = ("TensorFlow", "torch", "TensorFlow built-in", "torch built-in")
JOBS = [
    Elementwise(name, "float16", "eager", range(first, first + 16), 1024)
    for name in ("tanh", "relu")
    for first in range(0, 64, 16)
]
JOBS += [Sum("sum", 10, 1, "eager"), Sum("softmax", 10, 1, "eager")]


def kernels():
    return "torch AVX2"


def measures(job):
    """What parties that round each result once would give, without a framework."""
    if isinstance(job, Sum):
        found = {"worst": 0.5, "mean": 0.25, "used": 0.125, "draws": 1, "mode": "eager"}
        rows = [{"sum": job.name, "numbers": job.numbers, "party": p, **found} for p in PARTIES]
        return rows, 0.25
    return [row for binade in job.binades for row in rows_of(job, binade)], 0.25


def rows_of(job, binade):
    bits = FLOAT16.block(binade)
    for tensor, values in zip(TENSORS, reference(job.concept, FLOAT16.numbers(bits)), strict=True):
        rounded = values.astype(np.float16).view(np.uint16)
        for name, place in classes(FLOAT16, bits, values):
            tally = Truth(FLOAT16, bits[place], values[place]).tally(rounded[place])
            common = {"concept": job.concept, "dtype": job.dtype, "mode": job.mode,
                      "tensor": tensor, "binade": binade, "class": name,
                      "verdict": PASS, "why": "", **asdict(tally)}  # fmt: skip
            yield from ({**common, "party": party} for party in PARTIES)


def fails(job):
    rows, seconds = measures(job)
    return [{**row, "verdict": FAIL} if "class" in row else row for row in rows], seconds


def dies_at_softmax(job):
    if job == JOBS[-1]:
        time.sleep(2)  # until the others are kept
        os._exit(1)
    return measures(job)


def none_is_left(job):
    raise AssertionError(f"{job.key} was measured again")


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command on a few small jobs, with a stand-in for what the workers do of one."""

    def run(work=measures, *arguments, jobs=JOBS):
        monkeypatch.setattr(accuracy, "_kernels", kernels)
        monkeypatch.setattr(accuracy, "_run", work)
        monkeypatch.setattr(plan, "jobs", lambda *asked: jobs)
        return accuracy.main(["--output", str(tmp_path), *arguments])

    return run


def numbers(folder):
    """All that is measured of the report in a folder."""
    found = pd.read_csv(folder / "accuracy.csv"), pd.read_csv(folder / "accuracy_sums.csv")
    return [table.drop(columns=["time", "seconds"]).to_csv() for table in found]


def test_a_run_that_was_cut_short_goes_on_and_finds_the_same(command, tmp_path, capsys):
    assert command() == 0
    assert {path.name for path in tmp_path.iterdir()} == NAMES | {accuracy.STORE}
    uninterrupted = numbers(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()

    assert command(dies_at_softmax) == 3
    assert "worker process died" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {accuracy.STORE}
    with Store(tmp_path / accuracy.STORE, accuracy.made_with(kernels())) as store:
        measured = [job for job in JOBS if job.key in store.done]
    assert JOBS[-1] not in measured and measured

    left = [job for job in JOBS if job not in measured]
    assert command(jobs=left) == 0
    assert command(none_is_left) == 0
    assert numbers(tmp_path) == uninterrupted


def test_a_failure_is_the_exit_status(command, tmp_path):
    assert command(fails) == 1
    assert FAIL in (tmp_path / "accuracy.csv").read_text()


def test_another_version_is_refused_until_asked_to_start_anew(command, tmp_path, capsys):
    assert command() == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accuracy, "made_with", lambda kernels: {"torch": "other"})
        assert command() == 2
        assert "FRESH=1" in capsys.readouterr().err
        assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert command(measures, "--fresh") == 0


def test_an_unknown_name_lists_the_known_ones(capsys, tmp_path):
    assert accuracy.main(["--only", "rulu", "--output", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "'rulu'" in said and "activations" in said and "softmax" in said
    assert not list(tmp_path.iterdir())


def stays(job):
    """Leaves the number of its process, and never ends."""
    Path(f"{job.key}.pid").write_text(str(os.getpid()))
    time.sleep(600)


def for_ever():
    accuracy._kernels, accuracy._run = kernels, stays
    accuracy.measure(JOBS, Path("store"))


def ended(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def until(happened, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.1)
    return happened()


def test_a_killed_command_takes_its_workers_along(tmp_path):
    script = "from reports.test_accuracy_command import for_ever\nif __name__ == '__main__':\n"
    (tmp_path / "script.py").write_text(f"{script}    for_ever()\n")
    with subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as command:  # fmt: skip
        assert until(lambda: len([*tmp_path.glob("*.pid")]) == WORKERS)
        workers = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
        assert not any(map(ended, workers))
        command.send_signal(signal.SIGKILL)
    assert until(lambda: all(map(ended, workers)))
