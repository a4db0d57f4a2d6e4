"""The figure of the worst errors by binade: a panel for each function and gradient that rounds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parity_tests.accuracy.judging import ULPS
from reports.accuracy_frame import BUILT_IN
from reports.panels import BLUE, DASHES, OVER, SAID, UNDER, VERMILION, legend, overlay, png, quiet
from shared.floats import FLOAT32

EXPONENTS = range(-30, 9)  # of the binades that are drawn, of each sign
FLOOR, CEILING = 0.05, 1e8  # ULP
ROUNDS = 1.0  # worst ULP from which on a function is drawn
COLUMNS = 4
HALVES = ("TensorFlow", "torch")


def draw(worst: pd.DataFrame) -> bytes:
    """A PNG of the float32 lines of `accuracy_frame.by_binade`."""
    single = worst[worst["dtype"] == FLOAT32.name]
    panels = [
        (name, table)
        for name, table in single.groupby(["concept", "tensor"], sort=False)
        if table["worst"].max() > ROUNDS
    ]
    rows = -(-max(len(panels), 1) // COLUMNS)

    def paint(figure: Figure) -> None:
        axes = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
        for panel, (name, table) in zip(axes, panels, strict=False):
            _panel(panel, *name, table)
        for panel in axes[len(panels) :]:
            panel.axis("off")
        words = {
            "TensorFlow, ours": {**UNDER, "color": BLUE.pale},
            "torch, ours": {"color": BLUE.dark, **DASHES},
            "TensorFlow built-in": {**UNDER, "color": VERMILION.pale},
            "torch built-in": {"color": VERMILION.dark, **DASHES},
            f"{ULPS} ULP": {**OVER, "linewidth": 0.6},
        }
        legend(
            figure, words, f"float32; functions that are nowhere {ROUNDS:g} ULP off are left out"
        )

    return png((2.5 * COLUMNS, 1.75 * rows + 0.5), paint)


def _panel(panel: Axes, concept: str, tensor: str, table: pd.DataFrame) -> None:
    panel.set_title(f"{concept}, {'gradient' if tensor == 'g_x' else 'value'}",
                    loc="left", fontsize=8.5, fontweight="bold")  # fmt: skip
    panel.axhline(ULPS, color=OVER["color"], linewidth=0.6)
    for label, ink in ((BUILT_IN, VERMILION), ("", BLUE)):
        overlay(panel, [_curve(table[table["party"] == f"{half}{label}"]) for half in HALVES], ink)
    ticks = [*(-_place(e) for e in (8, -10, -30)), 0, *(_place(e) for e in (-30, -10, 8))]
    names = ["−2⁸", "", "", "0", "", "", "2⁸"]
    panel.set_yscale("log")
    quiet(panel, ylim=(FLOOR, CEILING), yticks=[1e-1, 1e1, 1e3, 1e5, 1e7])
    panel.set_xticks(ticks, names)
    panel.set_xlabel("x by binade", fontsize=7)
    panel.axvline(0, color="#dddddd", linewidth=0.6, zorder=0)
    panel.set_ylabel("ULP", fontsize=7, color=SAID)
    panel.tick_params(labelleft=True)


def _curve(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(place, worst ULP) of each binade, from left to right; a gap in the middle, around 0."""
    worst = table.set_index("binade")["worst"]
    exponents = {b: FLOAT32.exponent_of(b) for b in worst.index}
    places = {
        (-1 if b >= FLOAT32.binades // 2 else 1) * _place(e): max(worst[b], FLOOR)
        for b, e in exponents.items()
        if e in EXPONENTS
    }
    x = np.array(sorted([*places, 0]))
    return x, np.array([places.get(place, np.nan) for place in x])


def _place(exponent: int) -> float:
    return exponent - EXPONENTS.start + 2
