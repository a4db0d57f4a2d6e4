"""The report of vanishing gradients: how far back through time they reach, drawn and told."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator
from tabulate import tabulate

from reports.activation_table import number
from reports.environment import Environment
from reports.panels import (
    BLUE,
    DASHES,
    GREEN,
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
from reports.signal_sizes import only
from reports.vanishing import HALVES, SCALES, SETTING, STEPS, apart

INKS = dict(zip(SCALES, (BLUE, GREEN, VERMILION), strict=True))
SHOWN = (1, 4, 16, STEPS)  # distances in the table
LOW, HIGH = 1e-25, 1e5
LINE = 1.4  # decades that a line of words is high


def files(frame: pd.DataFrame, environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure, its table, and the numbers shown in them."""
    return {
        "vanishing.png": draw(frame),
        "vanishing.md": markdown(frame, environment),
        "vanishing.csv": frame.assign(time=environment.time).to_csv(
            index=False, float_format="%.6g"
        ),
    }


TEXT = """\
# The vanishing gradient through time, measured

![The gradient's size by distance in time, layer and scale of the weights](vanishing.png)

‖∂L/∂s‖ at the state s so many steps before the loss, as a share of its size at the last step.
σ√U is the scale of the recurrent weights, drawn normal with standard deviation σ for U units. The
factor is what one step multiplies the gradient by on its way back, on average. The state of an
LSTM is h beside c: in the first step its gradient passes from h to c through the output gate, and
shrinks; from there on the forget gate multiplies it, σ(1) = 0.73 or σ(4) = 0.98 at rest, and what
comes back through h is added.

{table}

One entry in a cell is what both halves gave; where they differ, it is {halves}'s.
They are at most {apart:.0e} apart, relatively.

Measured on: {setting}

## Measured with

{environment}
"""


def markdown(frame: pd.DataFrame, environment: Environment) -> str:
    """The sizes at some distances, and the mean factor of a step."""
    by_network = frame.set_index(["half", "cell", "scale"])
    at = {d: by_network[by_network["distance"] == d]["size"] for d in SHOWN}
    columns = {f"{d} back": sizes for d, sizes in at.items()}
    columns["factor"] = at[STEPS] ** (1 / STEPS)
    cells = pd.DataFrame(columns).map(number).groupby(["cell", "scale"], sort=False)
    lines = cells.agg(lambda cell: " / ".join(cell.unique())).reset_index()
    lines = lines.rename(columns={"cell": "layer", "scale": "σ√U"})
    return TEXT.format(
        setting=SETTING,
        table=tabulate(lines, "keys", "pipe", showindex=False, disable_numparse=True),
        halves=" / ".join(HALVES),
        apart=apart(frame),
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def draw(frame: pd.DataFrame) -> bytes:
    """A PNG with a panel for each layer: one half's sizes as lines, the other's dashed on them."""
    names = list(dict.fromkeys(frame["cell"]))

    def paint(figure):
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for panel, name in zip(panels, names, strict=True):
            lines = only(frame, cell=name)
            one = only(lines, half=next(iter(HALVES)), distance=STEPS)
            factors = ", ".join(f"×{f:.2f}" for f in one["size"] ** (1 / STEPS))
            title(panel, name, f"{factors} a step")
            _panel(panel, lines)
        panels[0].set_ylabel("‖∂L/∂s‖, as a share of that at distance 0")
        words = dict(zip(HALVES, (UNDER, {**OVER, **DASHES}), strict=True))
        legend(figure, words, f"{SETTING}\nThe two halves are at most {apart(frame):.0e} apart.")

    return png((2.7 * len(names), 3.6), paint)


def _panel(panel: Axes, lines: pd.DataFrame) -> None:
    quiet(panel, yscale="log", ylim=(LOW, HIGH), xlim=(0, STEPS), xticks=range(0, STEPS + 1, 16),
          xlabel="distance in time, steps")  # fmt: skip
    panel.yaxis.set_major_locator(LogLocator(1e5, numticks=8))
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6)
    panel.axhline(1, color="#bbbbbb", linewidth=0.6)
    above = math.log10(LOW)
    for scale, ink in INKS.items():
        curves = [only(lines, scale=scale, half=half) for half in HALVES]
        overlay(panel, [(c["distance"], c["size"]) for c in curves], ink)
        # where curves end close together, their labels stand above each other
        above = max(above, math.log10(curves[0]["size"].iloc[-1]))
        label(panel, (STEPS, 10**above), f"σ√U = {scale:g}", ink, offset=(4, 0), fontsize=7)
        above += LINE
