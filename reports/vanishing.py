"""How much of a gradient reaches the state of a recurrent layer so many steps earlier, untrained.

On its way back through time the gradient is multiplied by much the same matrix at every step, so
that it shrinks or grows exponentially with the distance: what happened long ago is not learned. An
LSTM's forget gate opens another way, along which the gradient is multiplied by the gate alone.
Sunspots go through a layer of each kind in both halves, with the same drawn weights, in float64.
"""

from collections.abc import Callable, Iterable
from itertools import product
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pandas as pd

import tf_impl.framework
import tf_impl.layers
import torch_impl.framework
import torch_impl.layers
from reports.signal_sizes import only
from reports.threads import one_thread
from shared.data import load_sunspots
from shared.weights import draw, to_torch

STEPS = 64  # years that are read, and so the largest distance
SEQUENCES = 16  # stretches of as many years
UNITS = 32
SCALES = (0.5, 1.0, 2.0)  # σ√U of the recurrent weights: by how much they stretch a state
SETTING = (
    f"{SEQUENCES} stretches of {STEPS} years of sunspots, {UNITS} units, weights as drawn; "
    "L is a drawn weighted sum of the last outputs; float64."
)


class Cell(NamedTuple):
    """A recurrent layer, how many states it has, and its forget gate's bias; the others are 0."""

    layer: str
    states: int
    forget_bias: float = 0.0


CELLS = {
    "RNN": Cell("SimpleRNN", 1),
    "GRU": Cell("GRU", 1),
    "LSTM, forget bias 1": Cell("LSTM", 2, 1.0),
    "LSTM, forget bias 4": Cell("LSTM", 2, 4.0),
}


class Half(NamedTuple):
    """One framework, and how it makes of weights a function of (x, mask, *states)."""

    framework: ModuleType
    make: Callable


def _make_keras(name, weights):
    layer = getattr(tf_impl.layers, name)(UNITS, return_state=True, dtype="float64")
    layer.build((None, None, 1))
    tf_impl.framework.load(layer, weights)

    def states_after(x, mask, *states):
        return tuple(layer(x, initial_state=list(states), mask=mask)[1:])

    return states_after


def _make_torch(name, weights):
    layer = getattr(torch_impl.layers, name)(1, UNITS).double()
    torch_impl.framework.load(layer, to_torch(name, weights))

    def states_after(x, mask, *states):
        first = tuple(h[None] for h in states)
        _, last = layer(x, first if len(first) > 1 else first[0], mask)
        return tuple(h[0] for h in (last if isinstance(last, tuple) else (last,)))

    return states_after


HALVES = {
    half.framework.NAME: half
    for half in (Half(tf_impl.framework, _make_keras), Half(torch_impl.framework, _make_torch))
}


def weights(cell: Cell, scale: float) -> dict[str, np.ndarray]:
    """Drawn kernels in Keras's layout, the recurrent one scaled, and biases of 0 but for one."""
    drawn = draw(cell.layer, {"inputs": 1, "units": UNITS}, seed=1)
    bias = np.zeros_like(drawn["bias"])
    if cell.layer == "LSTM":
        bias[UNITS : 2 * UNITS] = cell.forget_bias
    return {**drawn, "recurrent_kernel": scale * drawn["recurrent_kernel"], "bias": bias}


def sequences() -> np.ndarray:
    """Stretches of the series, of mean 0 and standard deviation 1, (SEQUENCES, STEPS, 1)."""
    _, series = load_sunspots()
    series = (series - series.mean()) / series.std()
    starts = np.linspace(0, len(series) - STEPS, SEQUENCES).astype(int)
    return np.stack([series[start : start + STEPS, None] for start in starts])


def sizes(half: str, cell: str, scale: float) -> np.ndarray:
    """‖∂L/∂s‖ of the state s at each distance from 0 to STEPS, of its size at the distance 0.

    The mean is over the sequences; an LSTM's state s is h beside c. All distances are computed at
    once: in one copy of the sequences masks hide what comes after the state, to find it, and in
    another what comes before.
    """
    framework, make = HALVES[half]
    made = CELLS[cell]
    run = make(made.layer, weights(made, scale))
    read = np.arange(STEPS) < STEPS - np.arange(STEPS + 1)[:, None]
    read = np.repeat(read, SEQUENCES, axis=0)
    x = framework.tensor(np.tile(sequences(), (STEPS + 1, 1, 1)))
    zeros = [np.zeros((len(read), UNITS))] * made.states
    before, after = framework.tensor(read), framework.tensor(~read)
    states = [framework.array(h) for h in run(x, before, *map(framework.tensor, zeros))]
    _, gradients = framework.value_and_gradients(
        lambda *states: run(x, after, *states)[0], *states, upstream=_weighted(len(read))
    )
    norms = np.linalg.norm(np.concatenate(gradients, axis=-1), axis=-1)
    means = norms.reshape(STEPS + 1, SEQUENCES).mean(axis=1)
    return means / means[0]


def _weighted(rows):
    return np.tile(np.random.default_rng(2).normal(size=UNITS), (rows, 1))


def measure(cells: Iterable[str] = tuple(CELLS)) -> pd.DataFrame:
    """A line for each distance, of each cell and scale in each half, with the gradient's size."""
    with one_thread():
        lines = [
            (half, cell, scale, distance, size)
            for cell in cells
            for half, scale in product(HALVES, SCALES)
            for distance, size in enumerate(sizes(half, cell, scale))
        ]
    return pd.DataFrame(lines, columns=["half", "cell", "scale", "distance", "size"])


def apart(frame: pd.DataFrame) -> float:
    """The largest relative difference between the sizes that the two halves measured."""
    one, other = (only(frame, half=half)["size"].to_numpy() for half in HALVES)
    return float(np.max(np.abs(one / other - 1)))
