"""The figures of costs: for each family, cost against size, a panel for each concept and mode."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator

from reports.costs import BUILT_IN, FAMILIES, FRAMEWORKS, MODES, Line, lines
from reports.panels import BLUE, DASHES, OVER, VERMILION, legend, png, quiet, title
from shared.timings import Timing

INKS = dict(zip(FRAMEWORKS, (VERMILION, BLUE), strict=True))
OURS = {"linewidth": 1.2}
LIMIT = {"linewidth": 3.4, "alpha": 0.75, "zorder": 0, "marker": ""}
BUILT = {**DASHES, "linewidth": 1.2}
WIDTH, ROW_HEIGHT, MARGIN = 10.0, 1.62, 0.7  # inches
WORDS = {
    **{name: {"color": ink.dark, **OURS} for name, ink in INKS.items()},
    "built-in": {**OVER, **BUILT},
    "limit, of each": {"color": "#c4c4c4", **LIMIT},
}
FEW = 4  # concepts that have a row of panels each; of more, two stand side by side


def files(rows: Sequence[Timing]) -> dict[str, bytes]:
    """A PNG for each family that was timed at more than one size, by file name.

    `rows` are `reports.costs.results`.
    """
    pictures = {}
    for family in FAMILIES:
        curves = drawn(lines(row for row in rows if row.family == family))
        if len({line.size for line in curves}) > 1:
            pictures[f"performance_{family}.png"] = draw(curves)
    return pictures


def drawn(lines: Sequence[Line]) -> list[Line]:
    """The lines of a figure: the most work that a concept has, at every size, in one place."""
    most: dict[str, int] = {}
    for line in lines:
        most[line.concept] = max(most.get(line.concept, 0), line.rank[0])
    places = [line.place for line in lines]
    return [ln for ln in lines if ln.rank[0] == most[ln.concept] and ln.place == places[0]]


def draw(lines: Sequence[Line]) -> bytes:
    """A PNG of these lines; the ordinates of all panels are the same."""
    concepts = list(dict.fromkeys(line.concept for line in lines))
    modes = [mode for mode in MODES if any(line.mode == mode for line in lines)]
    across = 1 if len(concepts) <= FEW else 2
    down = math.ceil(len(concepts) / across)

    def paint(figure: Figure) -> None:
        panels = figure.subplots(down, across * len(modes), sharey=True, squeeze=False)
        blocks = panels.reshape(down * across, len(modes))
        for block, concept in zip(blocks, concepts, strict=False):
            for panel, mode in zip(block, modes, strict=True):
                curves = [ln for ln in lines if (ln.concept, ln.mode) == (concept, mode)]
                _panel(panel, curves, concept if mode == modes[0] else "", MODES[mode])
        for panel in blocks[len(concepts) :].flat:
            panel.set_axis_off()
        for block in blocks[len(concepts) - across : len(concepts)]:
            for panel in block:
                panel.set_xlabel("elements", fontsize=7)
        legend(figure, WORDS, _footnote(lines))

    return png((WIDTH, MARGIN + ROW_HEIGHT * down), paint)


def _panel(panel: Axes, curves: Sequence[Line], name: str, mode: str) -> None:
    """What every party pays as the work grows, and what the machine alone would cost."""
    panel.set(xscale="log", yscale="log")
    for framework, ink in INKS.items():
        own = [ln.parties[framework] for ln in curves if framework in ln.parties]
        built_in = [ln.parties[p] for ln in curves if (p := framework + BUILT_IN) in ln.parties]
        _curve(panel, own or built_in, "limit_cost", color=ink.pale, **LIMIT)
        _curve(panel, built_in, "median", color=ink.dark, **BUILT)
        _curve(panel, own, "median", color=ink.dark, **OURS)
    title(panel, name, mode)
    sizes = sorted({row.elements for ln in curves for row in ln.parties.values()})
    quiet(panel, xticks=sizes, xticklabels=map(short, sizes))
    panel.yaxis.set_major_locator(LogLocator(10, numticks=12))
    panel.yaxis.set_major_formatter(EngFormatter("s"))
    panel.grid(axis="y", color="#e6e6e6", linewidth=0.6)


def short(count: int) -> str:
    """A count in a few characters.

    >>> short(768), short(196_608), short(2_500_000)
    ('768', '197k', '2.5M')
    """
    return EngFormatter(sep="")(float(f"{count:.{1 if count >= 1e6 else 2}e}"))


def _curve(panel: Axes, rows: Sequence[Timing], what: str, **look) -> None:
    sizes, costs = [row.elements for row in rows], [getattr(row, what) for row in rows]
    panel.plot(sizes, costs, **{"marker": "o", "markersize": 2.2, **look})


def _footnote(lines: Sequence[Line]) -> str:
    works = " or ".join(dict.fromkeys(line.work for line in lines))
    return (
        f"Medians, {works}, {lines[0].place or 'float32, one thread'}. The limit is what copying, "
        "multiplying\nor calling alone would cost, measured in the same run. What is no result is "
        "not drawn."
    )
