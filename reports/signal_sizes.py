"""How large activations and gradients are in each layer of deep networks, before any training.

A signal that every layer makes larger or smaller by some factor grows or shrinks exponentially with
depth: it explodes or vanishes. Which it does depends on the activation and on how the weights were
drawn. Real digits go through fully connected networks of each half's own initializers and
activations, in float64, as the least gradients here are below the least float32 number.
"""

import io
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from types import ModuleType
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator
from tabulate import tabulate

import tf_impl.activations
import tf_impl.framework
import tf_impl.initializers
import torch_impl.activations
import torch_impl.framework
import torch_impl.initializers
from reports.activation_figure import DOTS_PER_INCH, STYLE
from reports.activation_table import number
from reports.environment import Environment
from reports.threads import one_thread
from shared.data import load_digits

IMAGES = 64  # the first of the digits
WIDTH = 64  # of an image and of every hidden layer
CLASSES = 10
DEPTHS = (2, 5, 10, 25, 50)  # hidden layers; the logits come after them
DEEPEST = max(DEPTHS)
ACTIVATIONS = ("sigmoid", "tanh", "relu")
NETWORK = (
    f"{IMAGES} digits, {WIDTH} units a layer, no biases, weights as drawn; L is the cross-entropy "
    "of one image; float64."
)
NAMES = ["activation", "initializer"]
SIZES = ["activation_size", "gradient_size"]


class Half(NamedTuple):
    """One framework, and how its initializer makes a matrix of shape (inputs, outputs)."""

    framework: ModuleType
    activations: ModuleType
    initializers: ModuleType
    fill: Callable


def _fill_keras(initializer, shape):
    return initializer(shape, "float64")


def _fill_torch(initializer, shape):
    return initializer(torch.empty(shape[::-1], dtype=torch.float64)).T


HALVES = {
    half.framework.NAME: half
    for half in (
        Half(tf_impl.framework, tf_impl.activations, tf_impl.initializers, _fill_keras),
        Half(torch_impl.framework, torch_impl.activations, torch_impl.initializers, _fill_torch),
    )
}


class Draw(NamedTuple):
    """How all weights of a network are drawn, and how its curve looks."""

    initializer: str
    options: tuple
    colour: str  # of Okabe and Ito, told apart with any colour vision
    marker: str


DRAWS = {
    "normal, σ = 0.05": Draw("RandomNormal", (0.0, 0.05), "#0072b2", "o"),
    "normal, σ = 0.25": Draw("RandomNormal", (0.0, 0.25), "#d55e00", "s"),
    "glorot_uniform": Draw("GlorotUniform", (), "#009e73", "^"),
    "he_normal": Draw("HeNormal", (), "#e69f00", "D"),
    "orthogonal": Draw("Orthogonal", (), "#a0528a", "v"),
}


@cache
def weights(half: str, draw: str) -> tuple:
    """The weights of the deepest network's hidden layers, then those of its logits."""
    made, how = HALVES[half], DRAWS[draw]
    initializer = getattr(made.initializers, how.initializer)
    shapes = [(WIDTH, WIDTH)] * DEEPEST + [(WIDTH, CLASSES)]
    return tuple(
        made.fill(initializer(*how.options, seed=layer), shape)
        for layer, shape in enumerate(shapes)
    )


def sizes(half: str, activation: str, draw: str, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """mean |h| and mean |∂L/∂h| of each hidden layer h, both of shape (depth,).

    The mean is over units and images; L is the cross-entropy of one image. A shallower network has
    the first weights of the deepest, and its weights of the logits.
    """
    framework, activations, *_ = HALVES[half]
    images, labels = (values[:IMAGES] for values in load_digits())
    *hidden, last = weights(half, draw)
    found = []

    def log_probabilities(*probes):
        h = framework.tensor(images)
        for W, probe in zip(hidden, probes, strict=False):
            h = getattr(activations, activation)(h @ W) + probe
            found.append(np.mean(np.abs(framework.array(h))))
        return activations.log_softmax(h @ last)

    probes = [np.zeros((IMAGES, WIDTH))] * depth  # what is added to h has the gradient of h
    _, gradients = framework.value_and_gradients(
        log_probabilities, *probes, upstream=-np.eye(CLASSES)[labels]
    )
    return np.array(found), np.array([np.mean(np.abs(g)) for g in gradients])


def measure(activations: Iterable[str] = ACTIVATIONS) -> pd.DataFrame:
    """A line for each layer, counted from 1, of each network in each half, with both its sizes."""
    with one_thread():
        lines = [
            (*network, layer, *pair)
            for network in product(HALVES, activations, DRAWS, DEPTHS)
            for layer, pair in enumerate(zip(*sizes(*network), strict=True), start=1)
        ]
    return pd.DataFrame(lines, columns=["half", *NAMES, "depth", "layer", *SIZES])


def distance(frame: pd.DataFrame) -> float:
    """The largest relative difference between the sizes that the two halves measured."""
    one, other = (_only(frame, half=half)[SIZES].to_numpy() for half in HALVES)
    return float(np.max(np.abs(one / other - 1)))


def files(frame: pd.DataFrame, environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure, its tables, and the numbers shown in them."""
    shown = frame[(frame["depth"] == DEEPEST) | (frame["layer"] == 1)]
    table = shown.assign(time=environment.time)
    return {
        "signal_sizes.png": draw(frame),
        "signal_sizes.md": markdown(frame, environment),
        "signal_sizes.csv": table.to_csv(index=False, float_format="%.6g"),
    }


def _only(frame: pd.DataFrame, **where) -> pd.DataFrame:
    return frame[np.logical_and.reduce([frame[name] == value for name, value in where.items()])]


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
    return _only(frame, **where).set_index(["half", *NAMES])[size]


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
    with mpl.rc_context(STYLE):
        names = list(dict.fromkeys(frame["activation"]))
        figure = Figure(figsize=(10, 1 + 2.4 * len(names)), layout="constrained")
        FigureCanvasAgg(figure)
        figure.get_layout_engine().set(w_pad=0.06, h_pad=0.07)
        rows = figure.subplots(len(names), len(PANELS), sharex="col", sharey="row", squeeze=False)
        for name, row in zip(names, rows, strict=True):
            row[0].set_ylabel(name, fontsize=9.5, fontweight="bold", color=STYLE["text.color"])
            for panel, (x, where, y) in zip(row, PANELS.values(), strict=True):
                _panel(panel, _only(frame, activation=name, **where), x, y)
        for top, bottom, title in zip(rows[0], rows[-1], PANELS, strict=True):
            top.set_title(title, loc="left", fontsize=9.5, pad=8)
            bottom.set_xlabel(ALONG[PANELS[title][0]], color=STYLE["text.color"])
        _explain(figure, distance(frame))
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def _panel(panel: Axes, lines: pd.DataFrame, x: str, y: str) -> None:
    panel.set(yscale="log", xlim=(0, DEEPEST + 1.5))
    panel.yaxis.set_major_locator(LogLocator(1e5, numticks=8))
    panel.minorticks_off()
    panel.tick_params(length=2, width=0.6, labelsize=7)
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6)
    panel.axhline(1, color="#bbbbbb", linewidth=0.6)
    for place, (name, how) in enumerate(DRAWS.items()):
        one, other = (_only(lines, initializer=name, half=half) for half in HALVES)
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
