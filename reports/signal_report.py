"""The report of signal sizes: what layers make of activations and gradients, drawn and told."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator
from tabulate import tabulate

from reports.activation_table import number
from reports.environment import Environment
from reports.panels import DENSE, STYLE, png
from reports.signal_sizes import (
    DEEPEST,
    DEPTHS,
    DRAWS,
    HALVES,
    NAMES,
    NETWORK,
    SIZES,
    distance,
    only,
)


def files(frame: pd.DataFrame, environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure, its tables, and the numbers shown in them."""
    shown = frame[(frame["depth"] == DEEPEST) | (frame["layer"] == 1)]
    table = shown.assign(time=environment.time)
    return {
        "signal_sizes.png": draw(frame),
        "signal_sizes.md": markdown(frame, environment),
        "signal_sizes.csv": table.to_csv(index=False, float_format="%.6g"),
    }


TEXT = """\
# Vanishing and exploding signals, measured

![Sizes by layer, activation and initializer](signal_sizes.png)

How large the outputs h of a layer are before any training, and the gradient ∂L/∂h that reaches it:
means of |h| and |∂L/∂h| over units and images. The factor is what one layer multiplies the
gradient by on its way back, on average.

{layers}

## The gradient ∂L/∂h in layer 1, by the number of hidden layers

{depths}

One entry in a cell is what both halves gave; where they differ, it is {halves}'s.
They are at most {apart:.0e} apart, relatively.

The networks: {network}

## Measured with

{environment}
"""


def markdown(frame: pd.DataFrame, environment: Environment) -> str:
    """The figure's numbers: both ends of the deepest network, and the gradient by depth."""
    ends = {
        f"{said}, layer {layer}": _size(frame, size, depth=DEEPEST, layer=layer)
        for said, size in zip(("h", "∂L/∂h"), SIZES, strict=True)
        for layer in (1, DEEPEST)
    }
    first, last = (ends[f"∂L/∂h, layer {layer}"] for layer in (1, DEEPEST))
    depths = {str(depth): _size(frame, SIZES[1], depth=depth, layer=1) for depth in DEPTHS}
    return TEXT.format(
        layers=_table({**ends, "factor": (first / last) ** (1 / (DEEPEST - 1))}),
        depths=_table(depths),
        halves=" / ".join(HALVES),
        apart=distance(frame),
        network=NETWORK,
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def _size(frame: pd.DataFrame, size: str, **where) -> pd.Series:
    return only(frame, **where).set_index(["half", *NAMES])[size]


def _table(columns: dict[str, pd.Series]) -> str:
    """A line for each activation and initializer; in a cell what both halves gave."""
    cells = pd.DataFrame(columns).map(number).groupby(NAMES, sort=False)
    lines = cells.agg(lambda cell: " / ".join(cell.unique())).reset_index()
    return tabulate(lines, "keys", "pipe", showindex=False, disable_numparse=True)


PANELS = {  # the figure's columns: title -> what lies along x, the lines shown, what lies along y
    f"mean |h| by layer, {DEEPEST} layers": ("layer", {"depth": DEEPEST}, SIZES[0]),
    f"mean |∂L/∂h| by layer, {DEEPEST} layers": ("layer", {"depth": DEEPEST}, SIZES[1]),
    "mean |∂L/∂h| in layer 1, by depth": ("depth", {"layer": 1}, SIZES[1]),
}
ALONG = {"layer": "layer, from the input", "depth": "hidden layers"}


def draw(frame: pd.DataFrame) -> bytes:
    """A PNG with a row for each activation: one half's sizes as lines, the other's as markers."""
    names = list(dict.fromkeys(frame["activation"]))

    def paint(figure):
        rows = figure.subplots(len(names), len(PANELS), sharex="col", sharey="row", squeeze=False)
        for name, row in zip(names, rows, strict=True):
            row[0].set_ylabel(name, fontsize=9.5, fontweight="bold", color=STYLE["text.color"])
            for panel, (x, where, y) in zip(row, PANELS.values(), strict=True):
                _panel(panel, only(frame, activation=name, **where), x, y)
        for top, bottom, title in zip(rows[0], rows[-1], PANELS, strict=True):
            top.set_title(title, loc="left", fontsize=9.5, pad=8)
            bottom.set_xlabel(ALONG[PANELS[title][0]], color=STYLE["text.color"])
        _explain(figure, distance(frame))

    return png((10, 1 + 2.4 * len(names)), paint, DENSE)


def _panel(panel: Axes, lines: pd.DataFrame, x: str, y: str) -> None:
    panel.set(yscale="log", xlim=(0, DEEPEST + 1.5))
    panel.yaxis.set_major_locator(LogLocator(1e5, numticks=8))
    panel.minorticks_off()
    panel.tick_params(length=2, width=0.6, labelsize=7)
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6)
    panel.axhline(1, color="#bbbbbb", linewidth=0.6)
    for place, (name, how) in enumerate(DRAWS.items()):
        one, other = (only(lines, initializer=name, half=half) for half in HALVES)
        # where curves coincide, their markers take turns
        every = (2 * place, 2 * len(DRAWS)) if x == "layer" else 1
        panel.plot(one[x], one[y], color=how.colour, linewidth=1.8, alpha=0.5)
        panel.plot(other[x], other[y], how.marker, color=how.colour, markersize=4, markevery=every)


def _explain(figure: Figure, apart: float) -> None:
    """The legend above the panels, and beneath them in small letters what was measured."""
    looks = {
        **{name: {"color": how.colour, "marker": how.marker} for name, how in DRAWS.items()},
        **dict(zip(HALVES, ({"linewidth": 1.8}, {"marker": "o", "linestyle": ""}), strict=True)),
    }
    keys = [
        Line2D([], [], **{"color": "#777777", "markersize": 4, "label": label, **look})
        for label, look in looks.items()
    ]
    figure.legend(handles=keys, loc="outside upper left", ncols=len(keys), frameon=False)
    words = f"{NETWORK} The two halves are at most {apart:.0e} apart, relatively."
    figure.supxlabel(words, x=0.01, ha="left", fontsize=6.5, color="#555555")
