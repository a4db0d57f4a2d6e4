"""How far the two halves' weights part while they train, step by step, beside what rounding may do.

For each optimizer by each schedule on the insurance network, and each optimizer on digits: the
largest |W of TensorFlow − W of torch| of all weights after each step, in both precisions, and the
sum of both halves' bounds there. A run that computed another formula would leave its bound in
float64, where rounding is too small to hide it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tabulate import tabulate

from parity_tests.training_run import TrainingRun
from reports.environment import Environment
from reports.panels import BLUE, DASHES, SAID, VERMILION, Ink, legend, png, quiet
from reports.threads import one_thread
from shared.catalogue import TRAINING, Trajectory
from shared.catalogue.training import SCHEDULES

INKS = {"float32": VERMILION, "float64": BLUE}
RANGE = 1e-18, 1e-3  # of distances that are drawn
CONSTANT = "constant rate"
TEXT = """\
# How far the halves' weights part while they train

![Distance of the halves' weights, step by step](divergence.png)

The largest |W of TensorFlow − W of torch| of all weights after a step of `fit`, in eager mode, by
each optimizer in its first form. A bound is four times how far the float64 run moves when all that
its steps read is rounded, and 4 ULP, for both halves together; at most {used:.2f} of one is used.

{table}

## Measured with

{environment}
"""


class Run(NamedTuple):
    """One optimizer by one schedule on one problem, in one precision: a number for each step."""

    optimizer: str
    schedule: str
    problem: str
    dtype: str
    apart: np.ndarray  # largest distance of two weights
    bound: np.ndarray  # of that very weight

    @property
    def used(self) -> float:
        """The largest share of its bound that a distance takes."""
        return float(np.max(self.apart / self.bound))


def chosen(row: Trajectory) -> list[dict]:
    """The options of a row that are drawn: its first form, by every schedule and on digits."""
    form = {n: v for n, v in row.options[0].items() if n not in ("problem", "schedule")}
    return [options for options in row.options if form.items() <= options.items()]


@one_thread()
def measure(rows: Iterable[Trajectory] = TRAINING) -> list[Run]:
    """Every run of these rows, in both halves."""
    return [
        of_both(TrainingRun(row, options), dtype)
        for row in rows
        for options in chosen(row)
        for dtype in INKS
    ]


def of_both(run: TrainingRun, dtype: str) -> Run:
    """The distance of both halves' weights at the weight that uses most of its bound."""
    ours = [trainer for trainer in run.trainers if not trainer.label]
    left, right = (run.history(trainer, dtype, "eager") for trainer in ours)
    weights = [name for name in run.tensors if name[0] in "Wb"]
    apart = _flat(np.abs(left[name] - right[name]) for name in weights)
    bound = _flat(2 * run.bound(name, dtype) for name in weights)
    worst = np.arange(len(apart)), np.argmax(apart / bound, axis=1)
    schedule = run.options.get("schedule", CONSTANT)
    return Run(run.row.name, schedule, run.sample, dtype, apart[worst], bound[worst])


def _flat(tensors):
    return np.concatenate([values.reshape(len(values), -1) for values in tensors], axis=1)


def files(runs: Sequence[Run], described: Environment) -> dict[str, str | bytes]:
    """The figure, and its numbers as CSV and Markdown."""
    return {
        "divergence.png": draw(runs),
        "divergence.csv": csv(runs, described),
        "divergence.md": markdown(runs, described),
    }


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """A line for each run: the largest distance, where, and how much of the bound was used."""
    return pd.DataFrame([
        {
            "optimizer": run.optimizer, "schedule": run.schedule, "problem": run.problem,
            "precision": run.dtype, "steps": len(run.apart), "largest distance": run.apart.max(),
            "after step": int(run.apart.argmax()), "last distance": run.apart[-1],
            "bound there": run.bound[-1], "bound used": run.used,
        }
        for run in runs
    ])  # fmt: skip


def csv(runs: Sequence[Run], described: Environment) -> str:
    """The table, with the environment as further, constant columns."""
    return table(runs).assign(**asdict(described)).to_csv(index=False)


def markdown(runs: Sequence[Run], described: Environment) -> str:
    """The table for a reader."""
    return TEXT.format(
        table=tabulate(table(runs), "keys", "pipe", showindex=False, floatfmt=".2g"),
        used=max(run.used for run in runs),
        environment="\n".join(f"- {k}: {v}" for k, v in described.labelled().items()),
    )


def draw(runs: Sequence[Run]) -> bytes:
    """A PNG: a panel for each run, optimizers downward, schedules and digits from left to right."""
    rows = list(dict.fromkeys(run.optimizer for run in runs))
    columns = [("insurance", schedule) for schedule in (CONSTANT, *SCHEDULES)]
    columns.append(("digits", CONSTANT))
    worst = max(runs, key=lambda run: run.used)

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(rows), len(columns), sharey=True, sharex="col", squeeze=False)
        for run in runs:
            place = rows.index(run.optimizer), columns.index((run.problem, run.schedule))
            _curves(panels[place], run, INKS[run.dtype])
        for panel, column in zip(panels[0], columns, strict=True):
            panel.set_title("\n".join(column), fontsize=7.5, color=SAID)
        for row, name in zip(panels, rows, strict=True):
            row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8.5, color="k")
        for panel in panels[-1]:
            panel.set_xlabel("step", fontsize=7)
        words = {}
        for dtype, ink in INKS.items():
            words[f"|W of TensorFlow − W of torch|, {dtype}"] = {"color": ink.dark}
            words[f"bound, {dtype}"] = {"color": ink.dark, **DASHES}
        footnote = (
            f"Nothing is drawn where the halves are equal. At most {worst.used:.2f} of a bound is "
            f"used:\n{worst.optimizer}, {worst.schedule}, {worst.problem}, {worst.dtype}."
        )
        legend(figure, words, footnote)

    return png((1.35 * len(columns) + 1.2, 0.95 * len(rows) + 1.1), paint)


def _curves(panel: Axes, run: Run, ink: Ink) -> None:
    steps, apart = np.arange(len(run.apart)), np.where(run.apart > 0, run.apart, np.nan)
    panel.plot(steps, apart, color=ink.dark, linewidth=1, marker=".", markersize=2.5)
    panel.plot(steps, run.bound, color=ink.dark, **DASHES)
    panel.set_yscale("log")
    quiet(panel, ylim=RANGE, yticks=[1e-16, 1e-8])
    panel.grid(axis="y", color="#e6e6e6", linewidth=0.6)
