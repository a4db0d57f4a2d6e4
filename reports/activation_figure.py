"""The figure of all activations: value and derivative, both halves' curves on top of each other."""

import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reports.activation_curves import SHOWN, Curve, line
from reports.panels import DENSE, DERIVATIVE, VALUE, png
from shared.catalogue import Concept

COLUMNS = 4
WIDTH, ROW_HEIGHT = 10.0, 1.95  # inches
HEIGHTS = (-1.5, 2.5)  # of every panel; what is unbounded leaves it
DOT = {"color": DERIVATIVE[1]["color"], "marker": "o", "markersize": 4, "linestyle": "none"}
RING = {**DOT, "markerfacecolor": "white"}
Pair = tuple[Curve, Curve]  # the two halves, the one to be drawn underneath first


def draw(curves: Sequence[tuple[Concept, Pair]], footnote: str = "") -> bytes:
    """A PNG with one panel for each concept and a last one for the legend.

    `footnote` is set in small grey letters beneath the legend.
    """
    rows = len(curves) // COLUMNS + 1  # always leaves at least one panel free

    def paint(figure):
        panels = figure.subplots(rows, COLUMNS).ravel()
        for panel, (concept, pair) in zip(panels, curves, strict=False):
            _panel(panel, concept, pair)
        for panel in panels[len(curves) :]:
            panel.axis("off")
        _legend(panels[len(curves)], footnote)

    return png((WIDTH, ROW_HEIGHT * rows), paint, DENSE)


def _panel(panel: Axes, concept: Concept, pair: Pair) -> None:
    panel.set_title(concept.name, loc="left", fontsize=9.5, fontweight="bold", pad=15)
    _note(panel, 0, 1.04, mathematical(concept.formula))
    _note(panel, 0.98, 0.04, line(concept).said, horizontalalignment="right")
    panel.axhline(0, color="#dddddd", linewidth=0.6, zorder=0)
    panel.axvline(0, color="#dddddd", linewidth=0.6, zorder=0)
    for curve, value, derivative in zip(pair, VALUE, DERIVATIVE, strict=True):
        panel.plot(*broken(curve), **derivative)
        panel.plot(curve.x, curve.value, **value)
    _mark_kinks(panel, pair[1])
    panel.set(
        xlim=(SHOWN[0], SHOWN[-1]), ylim=HEIGHTS, xticks=range(-4, 5, 2), yticks=(-1, 0, 1, 2)
    )
    panel.tick_params(length=2, width=0.6, labelsize=7)


def _mark_kinks(panel: Axes, curve: Curve) -> None:
    """A dot where the derivative is at a kink, and rings at the limits that it is not."""
    for kink in curve.kinks:
        for limit in (kink.before, kink.after):
            panel.plot(kink.x, limit, **RING)
        panel.plot(kink.x, kink.at, **DOT)


def broken(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """The derivative's points, with a gap at each kink between its two limits.

    >>> from reports.activation_curves import Kink
    >>> step = Curve(np.array([-1.0, 0, 1]), np.array([0.0, 0, 1]), np.array([0.0, 0, 1]),
    ...              (Kink(0, before=0, at=0, after=1),))
    >>> broken(step)[1]
    array([ 0.,  0., nan,  1.,  1.])
    """
    at = np.searchsorted(curve.x, [kink.x for kink in curve.kinks])
    slopes = curve.derivative.copy()
    slopes[at] = [kink.after for kink in curve.kinks]
    ends = [height for kink in curve.kinks for height in (kink.before, np.nan)]
    twice = np.repeat(at, 2)
    return np.insert(curve.x, twice, curve.x[twice]), np.insert(slopes, twice, ends)


def mathematical(formula: str) -> str:
    """A formula of the catalogue with its exponents raised, in matplotlib's markup.

    >>> mathematical("1/(1 + e^−x)")
    '1/(1 + e$^{−x}$)'
    >>> mathematical("e^xᵢ / Σ e^xⱼ")
    'e$^{x_i}$ / Σ e$^{x_j}$'
    """
    raised = re.sub(r"\^(−?\w[ᵢⱼ]?)", r"$^{\1}$", formula)
    return raised.replace("ᵢ", "_i").replace("ⱼ", "_j")


def _legend(panel: Axes, footnote: str) -> None:
    keys = {
        "value, TensorFlow": VALUE[0],
        "value, torch": VALUE[1],
        "derivative, TensorFlow": DERIVATIVE[0],
        "derivative, torch": DERIVATIVE[1],
        "derivative at a kink": DOT,
        "limit that it does not take there": RING,
    }
    handles = [Line2D([], [], label=label, **look) for label, look in keys.items()]
    legend = panel.legend(handles=handles, loc="upper left", frameon=False, borderaxespad=0)
    legend.set_in_layout(False)  # it may reach into the free panel beside it
    _note(panel, 0, 0, footnote, fontsize=6.5)


def _note(panel: Axes, x: float, y: float, text: str, **look) -> None:
    """Text at a place in the panel, which takes no part in how wide the panels are."""
    panel.text(x, y, text, transform=panel.transAxes, color="#555555", in_layout=False, **look)
