"""`make report` as a command: exit status, unknown names, a run that is stopped or fails."""

import math
from dataclasses import replace

import pytest

from parity_tests import timings
from parity_tests.timings.processes import WorkerError
from reports import performance
from reports.test_performance_report import ROWS, TORCH
from shared.evidence import FAIL

COMPLAINED = replace(TORCH, concept="elu", complaint="work dropped: nothing was done")


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command with a stand-in for the measurement, which is told what it was asked."""
    asked = []

    def run(outcome, *arguments):
        def measure(only, settings, store, progress, say):
            asked.append((only, settings, store))
            progress(1, 2, 30.0)
            say("Going on from 7 readings.")
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(timings, "measure", measure)
        return performance.main(["--output", str(tmp_path), *arguments])

    run.asked = asked
    return run


@pytest.mark.parametrize(
    "rows, status",
    [
        (ROWS, 0),
        ([*ROWS, COMPLAINED], 1),
        ([*ROWS, replace(TORCH, concept="elu", verdict=FAIL, median=math.nan)], 1),
    ],
)
def test_the_exit_status_says_whether_a_check_failed(command, tmp_path, rows, status):
    assert command(rows) == status
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "1 for each process that was timed" in text
    assert ("torch: elu" in text) is (status == 1)


def test_what_is_asked_is_measured(command, tmp_path, capsys):
    command(ROWS)
    command(ROWS, "--only", "relu", "--quick")
    store = tmp_path / performance.STORE
    assert command.asked == [(None, timings.FULL, store), ("relu", timings.QUICK, store)]
    assert "Going on from 7 readings." in capsys.readouterr().err


@pytest.mark.parametrize(
    "outcome, status, sentence",
    [
        (KeyError("nothing that is timed is called 'rulu'"), 2, "'rulu'"),
        (WorkerError("a worker process ended with status -9: killed"), 3, "goes on from there"),
        (KeyboardInterrupt(), 130, "the same command goes on from it"),
    ],
)
def test_a_run_that_ends_early_leaves_the_last_report_and_says_so(
    command, tmp_path, capsys, outcome, status, sentence
):
    command(ROWS)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    capsys.readouterr()
    assert command(outcome) == status
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
