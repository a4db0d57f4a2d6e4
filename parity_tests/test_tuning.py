"""Searches: what they try, what they keep, how they stop; and both halves are searched alike."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from parity_tests import logistic_run
from shared.data import load_insurance
from shared.early_stopping import EarlyStopping
from shared.tuning import STRATEGIES, search, table

ROOT = Path(__file__).parents[1]
LISTS = {"rate": [0.1, 0.5, 1.0], "steps": [1, 2]}
DRAWN = {"rate": FloatDistribution(1e-4, 1.0, log=True), "steps": IntDistribution(1, 9)}


def distance(parameters, report):
    return (np.log10(parameters["rate"]) + 1) ** 2 + parameters["steps"] / 10


def tried(study):
    return [trial.params for trial in study.trials if trial.state.name == "COMPLETE"]


def space(strategy):
    return LISTS if strategy == "grid" else DRAWN


def test_a_grid_tries_every_combination_once_and_in_order():
    study = search(distance, LISTS, strategy="grid")
    assert tried(study) == [
        {"rate": rate, "steps": steps} for rate in LISTS["rate"] for steps in LISTS["steps"]
    ]
    assert study.best_params == {"rate": 0.1, "steps": 1}
    assert study.best_value == 0.1


def test_a_grid_may_be_cut_to_its_first_trials_but_not_made_longer():
    assert tried(search(distance, LISTS, strategy="grid", trials=2)) == [
        {"rate": 0.1, "steps": 1}, {"rate": 0.1, "steps": 2},
    ]  # fmt: skip
    assert len(search(distance, LISTS, strategy="grid", trials=99).trials) == 6


def test_random_search_draws_evenly_in_log_space():
    study = search(distance, DRAWN, strategy="random", trials=200)
    decades = np.floor(np.log10([p["rate"] for p in tried(study)])).astype(int)
    counts = np.bincount(decades + 4, minlength=4)
    # a decade has 200 draws with probability 1/4: mean 50, and 6 standard deviations of 6.1
    assert counts.sum() == 200 and (np.abs(counts - 50) < 6 * np.sqrt(200 * 3) / 4).all()


def test_a_seed_repeats_a_search_and_another_does_not():
    runs = [tried(search(distance, DRAWN, strategy="random", trials=4, seed=s)) for s in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]
    assert len({p["rate"] for p in runs[0]}) == 4


def test_bayesian_search_comes_closer_than_random_search():
    lowest = {
        strategy: np.mean([
            search(distance, DRAWN, strategy=strategy, trials=40, seed=seed).best_value
            for seed in range(3)
        ])
        for strategy in ("random", "bayesian")
    }  # fmt: skip
    assert lowest["bayesian"] < lowest["random"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_search_in_two_sittings_is_the_search_in_one(tmp_path, strategy):
    whole = search(distance, space(strategy), strategy=strategy, trials=6)
    storage = str(tmp_path / "trials.db")
    for trials in (2, 6, 6):  # the third finds nothing left to do
        study = search(distance, space(strategy), strategy=strategy, trials=trials, storage=storage)
    assert tried(study) == tried(whole)
    assert [t.value for t in study.trials] == [t.value for t in whole.trials]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ctrl_c_gives_back_the_study_so_far_and_its_trial_is_made_once_more(tmp_path, strategy):
    storage, calls = str(tmp_path / "trials.db"), []

    def interrupted(parameters, report):
        calls.append(parameters)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return distance(parameters, report)

    again = {"strategy": strategy, "trials": 5, "storage": storage}
    study = search(interrupted, space(strategy), **again)
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE", "FAIL"]
    study = search(interrupted, space(strategy), **again)
    assert tried(study) == tried(search(distance, space(strategy), strategy=strategy, trials=5))
    assert calls[2] == calls[3]


KILLED = """
import os, signal
from optuna.distributions import FloatDistribution
from shared.tuning import search

def objective(parameters, report):
    if {when} == len(open({log!r}).readlines()):
        os.kill(os.getpid(), signal.SIGKILL)
    with open({log!r}, "a") as log:
        print(repr(parameters["x"]), file=log)
    return parameters["x"]

search(objective, {{"x": {space}}}, strategy={strategy!r}, trials=4, storage={storage!r})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("strategy", ["grid", "random"])
def test_a_killed_search_goes_on_where_it_was(tmp_path, strategy):
    log, storage = tmp_path / "log", tmp_path / "trials.db"
    log.touch()
    choices = "[3.0, 1.0, 4.0, 1.5]" if strategy == "grid" else "FloatDistribution(0.0, 1.0)"
    for when in (2, -1):
        code = KILLED.format(
            when=when, log=str(log), space=choices, strategy=strategy, storage=str(storage)
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], env=environment, check=False
        )
        assert ended.returncode == (-signal.SIGKILL if when == 2 else 0)
    distributions = {"x": [3.0, 1.0, 4.0, 1.5]} if strategy == "grid" else {
        "x": FloatDistribution(0.0, 1.0)
    }  # fmt: skip
    whole = search(lambda p, report: p["x"], distributions, strategy=strategy, trials=4)
    assert log.read_text().splitlines() == [repr(p["x"]) for p in tried(whole)]


def test_a_run_stops_early_where_report_says_so():
    reported = []

    def objective(parameters, report):
        metrics = [5.0, 4.0, 4.5, 4.2, 1.0]
        made = next((n for n, metric in enumerate(metrics, 1) if report(metric)), len(metrics))
        reported.append(made)
        return min(metrics[:made])

    study = search(objective, {"x": [1]}, strategy="grid", early_stopping=EarlyStopping(2))
    assert reported == [4] and study.best_value == 4.0
    assert table(study)[0]["epochs"] == 4
    search(objective, {"x": [1]}, strategy="grid")
    assert reported == [4, 5]


def test_a_trial_that_diverges_has_failed_and_the_search_goes_on():
    def objective(parameters, report):
        if parameters["rate"] == 1.0:
            raise FloatingPointError("the loss is nan in epoch 2")
        return float("nan") if parameters["rate"] == 0.5 else 7.0

    rows = table(search(objective, {"rate": [1.0, 0.5, 0.1]}, strategy="grid"))
    assert [(row["rate"], row["state"], row["why"]) for row in rows] == [
        (1.0, "fail", "the loss is nan in epoch 2"),
        (0.5, "fail", "it returned NaN"),
        (0.1, "complete", ""),
    ]
    assert np.isnan(rows[0]["value"]) and rows[2]["value"] == 7.0


def test_other_errors_end_the_search():
    def objective(parameters, report):
        raise LookupError("no such file")

    with pytest.raises(LookupError, match="no such file"):
        search(objective, {"x": [1, 2]}, strategy="grid")


@pytest.mark.parametrize(
    "space, options, message",
    [
        (LISTS, {"strategy": "guess"}, "strategy must be one of grid, random, bayesian, got 'gue"),
        ({}, {"trials": 3}, "the space is empty"),
        ({"x": []}, {"trials": 3}, "parameter 'x' has no choices"),
        (DRAWN, {"strategy": "grid"}, "a grid needs a list of choices for 'rate'"),
        (DRAWN, {"trials": 0}, "trials must be a whole number of at least 1, got 0"),
        (DRAWN, {}, "trials must be a whole number of at least 1, got None"),
    ],
)
def test_what_cannot_be_searched_is_refused(space, options, message):
    with pytest.raises(ValueError, match=message):
        search(distance, space, **options)


def test_the_bar_shows_trials_and_the_lowest_value(capsys):
    search(distance, LISTS, strategy="grid", progress=True)
    shown = capsys.readouterr().out
    assert "6/6" in shown and "lowest 0.1" in shown


def test_nothing_is_said_unless_a_bar_is_asked_for(capsys, caplog):
    caplog.set_level(optuna.logging.INFO, "optuna")
    optuna.logging.enable_propagation()
    try:
        search(distance, LISTS, strategy="grid", trials=1)
    finally:
        optuna.logging.disable_propagation()
    assert capsys.readouterr().out == caplog.text == ""
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_a_trial_that_another_process_left_unfinished_has_failed(tmp_path):
    storage = tmp_path / "trials.db"
    left = optuna.create_study(storage=f"sqlite:///{storage}", study_name="search")
    left.ask()
    (row,) = table(left)
    assert row["state"] == "running" and np.isnan(row["seconds"])
    rows = table(search(distance, LISTS, strategy="grid", trials=1, storage=str(storage)))
    assert [row["state"] for row in rows] == ["fail", "complete"]
    assert rows[1]["seconds"] >= 0


def loss_of(framework, module):
    """The loss of the insurance table after training at a rate, in float64."""
    x, y = (framework.tensor(values) for values in load_insurance(("affordability",)))

    def objective(parameters, report):
        model = module.LogisticRegression(1, dtype=x.dtype)
        steps = 2 ** parameters["doublings"]
        return module.gradient_descent(model, x, y, parameters["rate"], steps)["loss"][-1]

    return objective


RATES = {"rate": FloatDistribution(1e-2, 10.0, log=True), "doublings": IntDistribution(0, 4)}


@pytest.mark.parametrize("strategy", ["random", "bayesian"])
def test_both_halves_are_searched_alike(strategy):
    left, right = (
        tried(search(loss_of(framework, module), RATES, strategy=strategy, trials=14))
        for framework, module, _ in logistic_run.HALVES
    )
    assert left == right
