"""The figure of path costs: a deep network, and what its paths and edges cost in both halves."""

from collections.abc import Callable, Sequence
from itertools import pairwise, product

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, StrMethodFormatter

from reports.panels import DERIVATIVE, VALUE, png
from reports.path_costs import WIDTH, Cost

SIZE = 10.0, 5.6  # inches
# Each algorithm's look in TensorFlow, drawn underneath, and in torch.
PATHS, EDGES = (({**look[0], "linewidth": 4.5}, look[1]) for look in (DERIVATIVE, VALUE))
DARK = PATHS[1]["color"], EDGES[1]["color"]
COUNTED = {
    "color": "#8a8a8a", "linewidth": 0.8, "marker": "o", "markersize": 4, "zorder": 3,
    "markerfacecolor": "white", "clip_on": False,
}  # fmt: skip

Halves = tuple[Sequence[Cost], Sequence[Cost]]  # of each the costs, ascending by layers


def draw(costs: Sequence[Cost], footnote: str = "") -> bytes:
    """A PNG: the deepest network with one of its paths, the multiplications, and the time.

    `costs` are both halves', ascending by layers; `footnote` is set in small grey letters below.
    """
    names = dict.fromkeys(cost.half for cost in costs)
    halves = tuple([cost for cost in costs if cost.half == name] for name in names)

    def paint(figure):
        panels = figure.subplot_mosaic(
            [["network"] * 2, ["multiplications", "time"]], height_ratios=[1, 2.4]
        )
        _network(panels["network"], halves[0][-1])
        _multiplications(panels["multiplications"], halves)
        _time(panels["time"], halves)
        for name in ("multiplications", "time"):
            _scales(panels[name], halves[0])
        _legend(figure, footnote)

    return png(SIZE, paint)


def _network(panel: Axes, cost: Cost) -> None:
    columns = [[0.0], *[[k - (WIDTH - 1) / 2 for k in range(WIDTH)]] * cost.layers, [0.0]]
    for x, (before, after) in enumerate(pairwise(columns)):
        for start, end in product(before, after):
            panel.plot((x, x + 1), (start, end), color="#cfcfcf", linewidth=0.8, zorder=1)
    # one way through, up and down in no order that meets the eye
    way = [column[r * r // 3 % len(column)] for r, column in enumerate(columns)]
    panel.plot(range(len(way)), way, color=DARK[0], linewidth=1.6, zorder=2)
    for x, column in enumerate(columns):
        colours = [DARK[0] if y == way[x] else "#8a8a8a" for y in column]
        panel.scatter([x] * len(column), column, s=26, c="white", edgecolors=colours, zorder=3)
    for x, name, aligned in ((-0.12, "w", "right"), (len(columns) - 0.88, "o", "left")):
        panel.text(x, 0, name, ha=aligned, va="center", fontsize=9.5, fontstyle="italic")
    panel.set(xlim=(-0.3, len(columns) - 0.7), ylim=(0.2 - WIDTH / 2, WIDTH / 2 - 0.2))
    panel.axis("off")
    _title(
        panel,
        f"{cost.layers} layers of {WIDTH} nodes",
        f"{cost.edges} edges, and {cost.paths:,} paths from w to o, one of which is marked",
    )


def _multiplications(panel: Axes, halves: Halves) -> None:
    panel.set_yscale("log")
    _title(panel, "multiplications for ∂o/∂w", "counted while each framework runs the algorithm")
    _curves(panel, halves, lambda c: c.path_multiplications, PATHS)
    _curves(panel, halves, lambda c: c.backward_multiplications, EDGES)
    deepest = halves[0]
    for size, name, line in (
        (lambda c: c.paths, "paths", "-"), (lambda c: c.edges, "edges", "none"),
    ):  # fmt: skip
        sizes = [size(c) for c in deepest]
        panel.plot([c.layers for c in deepest], sizes, linestyle=line, **COUNTED)
        _label(panel, deepest[-1].layers, sizes[-1], f"{sizes[-1]:,} {name}")
    last = deepest[-1]
    _label(panel, last.layers, last.path_multiplications, f"{last.path_multiplications:,}", DARK[0])
    panel.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _time(panel: Axes, halves: Halves) -> None:
    panel.set_yscale("log")
    _title(panel, "time for ∂o/∂w", "operation by operation, on single numbers in float64")
    _curves(panel, halves, lambda c: c.path_seconds, PATHS)
    _curves(panel, halves, lambda c: c.backward_seconds, EDGES)
    for cost in (half[-1] for half in halves):
        for seconds, colour in zip((cost.path_seconds, cost.backward_seconds), DARK, strict=True):
            _label(panel, cost.layers, seconds, cost.half, colour)
    panel.yaxis.set_major_formatter(EngFormatter("s"))


def _curves(panel: Axes, halves: Halves, of: Callable[[Cost], float], looks: Sequence) -> None:
    for costs, look in zip(halves, looks, strict=True):
        panel.plot([c.layers for c in costs], [of(c) for c in costs], **look)


def _title(panel: Axes, title: str, note: str) -> None:
    panel.set_title(title, loc="left", fontsize=9.5, fontweight="bold", pad=18)
    panel.annotate(
        note, (0, 1), xytext=(0, 7), xycoords="axes fraction", textcoords="offset points",
        color="#555555", annotation_clip=False,
    )  # fmt: skip


def _label(panel: Axes, x: float, y: float, text: str, colour: str = "#666666") -> None:
    panel.annotate(
        text, (x, y), xytext=(8, 0), textcoords="offset points", va="center", color=colour,
        annotation_clip=False,
    )  # fmt: skip


def _scales(panel: Axes, costs: Sequence[Cost]) -> None:
    panel.set_xlim(costs[0].layers, costs[-1].layers)
    panel.set_xticks([cost.layers for cost in costs])
    panel.set_xlabel(f"layers of {WIDTH} nodes", color="#555555")
    panel.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    panel.tick_params(which="both", length=2, width=0.6, labelsize=7)
    panel.minorticks_off()


def _legend(figure: Figure, footnote: str) -> None:
    keys = {
        "sum_over_paths, TensorFlow": PATHS[0],
        "sum_over_paths, torch": PATHS[1],
        "backward, TensorFlow": EDGES[0],
        "backward, torch": EDGES[1],
    }
    handles = [Line2D([], [], label=label, **look) for label, look in keys.items()]
    figure.legend(handles=handles, loc="outside lower left", ncols=len(keys), frameon=False)
    figure.text(0.99, 0.012, footnote, ha="right", fontsize=6.5, color="#555555", in_layout=False)
