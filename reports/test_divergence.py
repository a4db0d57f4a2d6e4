"""How far the halves part: what is drawn is what was measured, and one weight bent shows."""

from dataclasses import replace

import numpy as np
import pytest

from parity_tests import training_run
from reports import divergence, environment
from shared.catalogue import TRAINING

ROW = next(row for row in TRAINING if row.name == "adam")
DESCRIBED = environment.describe(["cpu"], seconds=1.0)


@pytest.fixture(scope="module")
def runs():
    """Six steps of Adam, by every schedule and on digits."""
    return divergence.measure([replace(ROW, steps=6)])


def test_every_schedule_and_problem_is_drawn_in_both_precisions(runs):
    found = {(run.schedule, run.problem, run.dtype) for run in runs}
    schedules = [divergence.CONSTANT, *divergence.SCHEDULES]
    problems = [*((s, "insurance") for s in schedules), (divergence.CONSTANT, "digits")]
    assert found == {(*problem, dtype) for problem in problems for dtype in divergence.INKS}
    assert {len(run.apart) for run in runs} == {6}


def test_the_halves_stay_within_their_bounds_and_float64_far_closer(runs):
    assert max(run.used for run in runs) <= 1
    far = {dtype: max(r.bound.max() for r in runs if r.dtype == dtype) for dtype in divergence.INKS}
    assert far["float64"] < 2.0**-24 * far["float32"]


def test_a_weight_that_is_bent_in_one_half_leaves_its_bound(monkeypatch):
    history = training_run.TrainingRun.history

    def bent(self, trainer, dtype, mode):
        found = history(self, trainer, dtype, mode)
        found["W1"][3:] *= 1 + 1e-9 if trainer.name == "torch" else 1
        return found

    monkeypatch.setattr(training_run.TrainingRun, "history", bent)
    run = training_run.TrainingRun(replace(ROW, steps=6), ROW.options[0])
    found = divergence.of_both(run, "float64")
    assert (found.apart > found.bound).tolist() == [False] * 3 + [True] * 3 and found.used > 1


def test_the_files_hold_the_same_numbers(runs):
    files = divergence.files(runs, DESCRIBED)
    assert files["divergence.png"].startswith(b"\x89PNG")
    lines = files["divergence.csv"].splitlines()
    assert len(lines) == 1 + len(runs)
    assert lines[0].startswith("optimizer,schedule,problem,precision,steps,largest distance")
    text = files["divergence.md"]
    assert text.count("| adam") == len(runs) and "ExponentialDecay" in text


def test_a_line_of_the_table_is_the_runs_largest_and_last(runs):
    line = divergence.table(runs[:1]).iloc[0]
    apart = runs[0].apart
    assert line["largest distance"] == apart[line["after step"]] == np.max(apart)
    assert line["last distance"] == apart[-1] and line["bound there"] == runs[0].bound[-1]
