"""The figure of descents: contour lines with both halves' paths on them, and losses by step."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import offset_copy

from reports.descents import FLAT, LOCAL, Surface
from reports.panels import (
    AMBER,
    BLUE,
    DASHES,
    DOTS,
    GREEN,
    OVER,
    PURPLE,
    UNDER,
    VERMILION,
    label,
    legend,
    overlay,
    png,
    quiet,
    title,
)
from reports.walks import HALVES, Walk, reached

SIZE = 10.0, 13.2  # inches
INKS = {
    "SGD": BLUE, "Momentum": VERMILION, "Nesterov": GREEN,
    "too small": GREEN, "right": BLUE, "too large": VERMILION,
    "DeltaBarDelta": PURPLE, "AdaGrad": GREEN, "RMSprop": AMBER, "Adam": VERMILION,
}  # fmt: skip
FINE = {"linewidth": 1.8}  # lines where many lie together
CONTOUR = {"colors": "#d9d9d9", "linewidths": 0.6}

Walks = dict[str, Walk]  # name of each path -> what was walked


def draw(walks: Sequence[Walk]) -> bytes:
    """A PNG of all panels."""
    by_panel: dict[str, Walks] = {}
    for walk in walks:
        by_panel.setdefault(walk.panel, {})[walk.name] = walk
    names, apart = list(HALVES), max(walk.apart for walk in walks)
    words = {
        names[0]: UNDER,
        f"{names[1]}, a dot for each step": {**OVER, **DOTS},
        f"{names[1]}, loss": {**OVER, **DASHES},
    }

    def paint(figure: Figure) -> None:
        panels = figure.subplots(4, 2).ravel()
        for panel, (paint_panel, name) in zip(panels, PANELS, strict=True):
            paint_panel(panel, by_panel[name])
        legend(figure, words, f"float64. The two halves' paths are at most {apart:.0e} apart.")

    return png(SIZE, paint)


def _contours(panel: Axes, surface: Surface, x: tuple, y: tuple) -> None:
    W = np.array(np.meshgrid(np.linspace(*x, 200), np.linspace(*y, 200)))
    L = surface.value(W)
    # squares, so that the lines of a bowl are equally far apart
    panel.contour(*W, L, np.max(L) * np.linspace(0, 1, 14)[1:] ** 2, **CONTOUR)
    panel.plot(*surface.optimum, "+", color="#888888", markersize=6, markeredgewidth=0.8)
    quiet(panel, xlim=x, ylim=y, xlabel="x", ylabel="y")


def _path(panel: Axes, walk: Walk, **look) -> None:
    overlay(panel, [path.T for path in walk.paths], INKS[walk.name], DOTS, **look)


def _loss(panel: Axes, walk: Walk, step: int, offset: tuple, **look) -> None:
    """The loss by step, with the path's name so many points away from it at one of the steps."""
    steps, value = np.arange(walk.descent.steps + 1), walk.descent.surface.value
    overlay(panel, [(steps, value(path.T)) for path in walk.paths], INKS[walk.name])
    at = step, value(walk.paths[0][step])
    label(panel, at, walk.name, INKS[walk.name], offset, **look)


def _named(panel: Axes, walk: Walk, step: int, offset: tuple, **look) -> None:
    """The path's name, so many points away from it at one of its steps."""
    label(panel, walk.paths[0][step], walk.name, INKS[walk.name], offset, **look)


def _said(walk: Walk) -> str:
    """The optimizer, how it is set, and when it arrives."""
    step = reached(walk.descent, walk.paths[0])
    arrives = f"not there by step {walk.descent.steps}" if step is None else f"there by step {step}"
    return f"{walk.descent.optimizer}, {walk.descent}: {arrives}"


def _zigzag(panel: Axes, walks: Walks) -> None:
    (walk,) = walks.values()
    _contours(panel, walk.descent.surface, (-4.4, 0.6), (-1.25, 1.25))
    _path(panel, walk)
    name = "momentum smooths it" if walk.name == "Momentum" else "zigzag"
    title(panel, name, f"L = {walk.descent.surface.name}\n{_said(walk)}")


def _valleys(panel: Axes, walks: Walks) -> None:
    surface = walks["SGD"].descent.surface
    w = np.linspace(-2.25, 2.3, 300)
    panel.plot(w, surface.value(w[None]), color="#bbbbbb", linewidth=0.8, zorder=0)
    for walk, side in zip(walks.values(), (-1, 1), strict=True):
        beside = offset_copy(panel.transData, panel.figure, y=5 * side, units="points")
        paths = [(path[:, 0], surface.value(path.T)) for path in walk.paths]
        overlay(panel, paths, INKS[walk.name], DOTS, transform=beside, **FINE)
    for at, words in ((FLAT, "flat region"), (LOCAL, "SGD stays here")):
        label(panel, (at, surface.value([at])), words, offset=(0, -20), ha="center")
    label(panel, (0.95, 1.5), "Momentum passes", INKS["Momentum"], (0, 20), ha="center")
    label(panel, (2.35, 9), "paths drawn beside the curve, not on it", ha="right", offset=(0, 0))
    quiet(panel, xlabel="w", ylabel="L", ylim=(-0.7, 9.5))
    title(panel, "a flat region and a local optimum", "\n".join(map(_said, walks.values())))


def _valley_losses(panel: Axes, walks: Walks) -> None:
    _loss(panel, walks["SGD"], 75, (0, 9), ha="center")
    _loss(panel, walks["Momentum"], 75, (0, 9), ha="center")
    quiet(panel, xlabel="step", ylabel="L")
    words = "Momentum keeps its speed where the slope is small, and has\nenough of it for the hill."
    title(panel, "the same, loss by step", words)


def _look_ahead(panel: Axes, walks: Walks) -> None:
    surface = walks["Momentum"].descent.surface
    _contours(panel, surface, (-4.4, 3.2), (-1.25, 1.25))
    for walk in walks.values():
        _path(panel, walk)
    _named(panel, walks["Momentum"], 4, (4, -9))
    _named(panel, walks["Nesterov"], 2, (6, 7))
    words = map(_said, walks.values())
    title(panel, "look-ahead", "\n".join([f"L = {surface.name}", *words]))


def _rates(panel: Axes, walks: Walks) -> None:
    _contours(panel, walks["right"].descent.surface, (-4.4, 0.6), (-3.2, 3.2))
    for walk in walks.values():
        _path(panel, walk)
    _named(panel, walks["too small"], 20, (0, 10))
    _named(panel, walks["right"], 2, (6, 6))
    _named(panel, walks["too large"], 1, (-8, -8), ha="right")
    title(panel, "learning rates", "\n".join(map(_said, walks.values())))


def _narrow(panel: Axes, walks: Walks) -> None:
    surface = walks["SGD"].descent.surface
    _contours(panel, surface, (-1.7, 0.25), (-0.75, 1.1))
    for walk in walks.values():
        _path(panel, walk, **FINE)
    _named(panel, walks["SGD"], 2, (5, 6))
    _named(panel, walks["DeltaBarDelta"], 1, (6, -6))
    label(panel, (-0.75, 0.5), "AdaGrad, RMSprop, Adam", offset=(10, 6))
    words = "AdaGrad, RMSprop and Adam set out\nas far along x as along y, however steep L is."
    title(panel, "a rate for each parameter", f"L = {surface.name}: {words}")


def _narrow_losses(panel: Axes, walks: Walks) -> None:
    panel.set_yscale("log")
    _loss(panel, walks["SGD"], 95, (4, 8))
    _loss(panel, walks["DeltaBarDelta"], 18, (7, 0))
    _loss(panel, walks["AdaGrad"], 85, (6, 4))
    _loss(panel, walks["RMSprop"], 67, (-4, -8), ha="right")
    _loss(panel, walks["Adam"], 36, (4, 9), ha="center")
    quiet(panel, xlabel="step", ylabel="L", ylim=(1e-8, 100))
    words = "RMSprop's rises again: αg/√(v + ε) does not shrink with g,\nand a step is too long."
    title(panel, "the same, loss by step", words)


PANELS: list[tuple[Callable[[Axes, Walks], None], str]] = [
    (_zigzag, "zigzag"), (_zigzag, "smoothed"),
    (_valleys, "valleys"), (_valley_losses, "valleys"),
    (_look_ahead, "look_ahead"), (_rates, "rates"),
    (_narrow, "narrow"), (_narrow_losses, "narrow"),
]  # fmt: skip
