"""The schedules' curves as a figure, Markdown and CSV, with the rates that the notes print."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tabulate import tabulate

from parity_tests.schedule_cases import INITIAL
from reports.activation_table import number
from reports.decays import HALVES, LOSSES, Curve, Plateau
from reports.environment import Environment
from reports.panels import (
    BLUE,
    DASHES,
    OVER,
    UNDER,
    VERMILION,
    label,
    legend,
    overlay,
    png,
    quiet,
    title,
)

SIZE, COLUMNS = (10.0, 5.2), 4  # inches; panels in a row
RING = {"color": VERMILION.dark, "marker": "o", "markersize": 5, "markerfacecolor": "white"}

TEXT = """\
# Learning rate decay

![Every schedule's curve](decays.png)

The rate of the updates in epoch t, counted from 0, as the Keras schedule and the torch scheduler
give it, in float64; the first rate α₀ is 0.1. Shown are t = 0, the last t of the figure's curve,
and those of which the notes print a rate.

{table}

One entry in a cell is what both halves gave; where they differ, it is {halves}'s.
"apart" is relative to the rate; "of the bound" is the largest share that a difference along the
whole curve has of what rounding may cost both halves. Keras keeps a rate that a callback changes,
as PlateauDecay does, in float32, so that its bound is that of float32.

The losses that PlateauDecay was given: {losses}.

## Measured with

{environment}
"""


def files(curves: Sequence[Curve], environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure and its tables."""
    return {
        "decays.png": draw(curves),
        "decays.md": markdown(curves, environment),
        "decays.csv": csv(curves, environment),
    }


def markdown(curves: Sequence[Curve], environment: Environment) -> str:
    """A line for each schedule and epoch shown."""
    rows = [
        _cells(curve, t)
        for curve in curves
        for t in sorted({0, *curve.decay.printed, curve.decay.epochs})
    ]
    return TEXT.format(
        table=tabulate(rows, "keys", "pipe", disable_numparse=True),
        halves=" / ".join(HALVES),
        losses=", ".join(map(number, LOSSES)),
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def _cells(curve: Curve, t: int) -> dict[str, str]:
    found = dict.fromkeys(f"{rates[t]:.7g}" for rates in curve.rates)
    return {
        "schedule": curve.decay.name,
        "rate": curve.decay.formula,
        "t": f"{t}",
        "measured": " / ".join(found),
        "in the notes": number(curve.decay.printed[t]) if t in curve.decay.printed else "",
        "apart": number(curve.apart),
        "of the bound": f"{curve.difference.used:.1%}",
    }


def csv(curves: Sequence[Curve], environment: Environment) -> str:
    """A line for each epoch of each schedule, with both halves' rates."""
    frames = [
        pd.DataFrame({
            "schedule": curve.decay.name, "epoch": np.arange(curve.decay.epochs + 1),
            **dict(zip(HALVES, curve.rates, strict=True)), "time": environment.time,
        })
        for curve in curves
    ]  # fmt: skip
    return pd.concat(frames).to_csv(index=False)


def draw(curves: Sequence[Curve]) -> bytes:
    """A PNG with a panel for each schedule."""
    words = {
        HALVES[0]: UNDER,
        HALVES[1]: {**OVER, **DASHES},
        "printed in the notes": {**RING, "linestyle": "none"},
    }
    apart = {curve.decay.name: curve.apart for curve in curves}
    wide = {name: apart.pop(name) for name in list(apart) if name == "PlateauDecay"}
    footnote = f"Relatively, the two halves are at most {max(apart.values(), default=0):.0e} apart"
    footnote += "".join(f", in {name} {size:.0e}" for name, size in wide.items()) + "."

    def paint(figure: Figure) -> None:
        rows = -(-len(curves) // COLUMNS)
        panels = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False)
        for panel, curve in zip(panels.flat, curves, strict=False):
            _panel(panel, curve)
        for panel in panels[:, 0]:
            panel.set_ylabel("learning rate")
        legend(figure, words, footnote)

    return png(SIZE, paint)


def _panel(panel: Axes, curve: Curve) -> None:
    epochs = np.arange(curve.decay.epochs + 1)
    # the rate of an epoch holds until the next one
    style = "steps-post" if curve.decay.jumps else "default"
    paths = [(epochs, rates) for rates in curve.rates]
    overlay(panel, paths, BLUE, drawstyle=style)
    for t, printed in curve.decay.printed.items():
        rate = curve.rates[1][t]
        panel.plot(t, rate, zorder=4, **RING)
        if t:
            words = f"α$_{{{t}}}$ = {rate:.4g}\nnotes: {printed:g}"
            label(panel, (t, rate), words, VERMILION, (7, 9), fontsize=7)
    if isinstance(curve.decay, Plateau):
        _losses(panel)
    quiet(panel, xlabel="epoch t", xlim=(0, curve.decay.epochs), ylim=(0, 1.12 * INITIAL))
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6)
    title(panel, curve.decay.name, curve.decay.formula)


def _losses(panel: Axes) -> None:
    """The losses that a plateau is found in, on a scale of their own."""
    beside = panel.twinx()
    beside.plot(LOSSES, color="#9a9a9a", linewidth=0.9, marker="o", markersize=2.2)
    beside.set(ylim=(0, 1.12), yticks=[])
    beside.spines["right"].set_visible(False)
    label(beside, (3, LOSSES[3]), "validation loss", offset=(0, -9), fontsize=7, ha="center")
