"""What figures of many panels have in common: inks, titles, labels, a legend, the way to a PNG."""

import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

DOTS_PER_INCH = 200
# Blue and vermilion of Okabe and Ito, told apart with any colour vision: pale for the half that is
# drawn underneath, dark for the one on top. Where value and derivative coincide, the derivative's
# pale line shows on both sides of the value's, and its dashes in the gaps between the value's.
VALUE = (
    {"color": "#a6cee9", "linewidth": 2.8},
    {"color": "#004c7a", "linewidth": 1.2, "linestyle": (0, (3, 3))},
)
DERIVATIVE = (
    {"color": "#f7c59c", "linewidth": 5.2},
    {"color": "#a34700", "linewidth": 1.2, "linestyle": (3, (3, 3))},
)
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine has it
    "mathtext.fontset": "dejavusans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b0b0b0",
    "axes.linewidth": 0.6,
    "text.color": "#222222",
    "xtick.color": "#666666",
    "ytick.color": "#666666",
    "font.size": 8,
}
AIRY = {"w_pad": 0.08, "h_pad": 0.08}  # inches around panels
DENSE = {"w_pad": 0.06, "h_pad": 0.07}  # where there are many

SAID = "#555555"  # what is written beside the data
DASHES = {key: VALUE[1][key] for key in ("linewidth", "linestyle")}
DOTS = {"linestyle": "none", "marker": "o", "markersize": 2.6}


class Ink(NamedTuple):
    """A colour of Okabe and Ito: pale for the half drawn underneath, dark for the one on top."""

    pale: str
    dark: str


BLUE, VERMILION = (Ink(*(look["color"] for look in pair)) for pair in (VALUE, DERIVATIVE))
GREEN = Ink("#9fdcc8", "#00664b")
PURPLE = Ink("#e3bcd6", "#80396a")
AMBER = Ink("#f3d48b", "#7d5700")


def png(size: tuple[float, float], paint: Callable[[Figure], None], pads: Mapping = AIRY) -> bytes:
    """The PNG of a figure of this size, in inches, that `paint` has drawn on."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.get_layout_engine().set(**pads)
        paint(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def overlay(panel: Axes, halves, ink: Ink, over: Mapping = DASHES, **look) -> None:
    """Both halves' curves, (x, y) each: the first as a pale line, the other over it."""
    one, other = halves
    panel.plot(*one, color=ink.pale, **{"linewidth": VALUE[0]["linewidth"], **look})
    panel.plot(*other, color=ink.dark, **{**look, **over})


def title(panel: Axes, name: str, note: str) -> None:
    """A bold name above the panel, and what is to be seen in it beneath the name."""
    lines = note.count("\n") + 1
    panel.set_title(name, loc="left", fontsize=9.5, fontweight="bold", pad=7 + 11 * lines)
    said = panel.annotate(
        note, (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points",
        color=SAID, annotation_clip=False,
    )  # fmt: skip
    said.set_in_layout(False)  # long words make no panel narrower


def label(panel: Axes, at, text: str, ink: Ink | None = None, offset=(6, 0), **look) -> None:
    """Words in a curve's ink, so many points away from a place in the panel."""
    panel.annotate(
        text, at, xytext=offset, textcoords="offset points", color=ink.dark if ink else SAID,
        **{"va": "center", "annotation_clip": False, **look},
    )  # fmt: skip


def quiet(panel: Axes, **settings) -> None:
    """Small ticks, and the limits, ticks and names of the axes in `settings`."""
    panel.set(**settings)
    panel.tick_params(which="both", length=2, width=0.6, labelsize=7)
    panel.minorticks_off()
    for axis in (panel.xaxis, panel.yaxis):
        axis.label.set_color(SAID)


def legend(figure: Figure, words: Mapping[str, Mapping], footnote: str) -> None:
    """How both halves are drawn, in grey, below the panels, and beside it what was measured."""
    keys = [Line2D([], [], label=name, **look) for name, look in words.items()]
    figure.legend(handles=keys, loc="outside lower left", ncols=len(keys), frameon=False)
    figure.text(0.99, 0.008, footnote, ha="right", fontsize=6.5, color=SAID, in_layout=False)


UNDER = {"color": "#c4c4c4", "linewidth": VALUE[0]["linewidth"]}  # TensorFlow's look in a legend
OVER = {"color": "#444444"}  # and torch's, with DASHES or DOTS
