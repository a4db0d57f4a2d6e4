"""Networks whose training steps are timed, and what training makes of them in float64."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from parity_tests.network_run import CNNRun, MLPRun
from parity_tests.sequence_run import SequenceRun
from shared.catalogue.images import CLASSES, convolutional, perceptron
from shared.catalogue.training import rounded
from shared.network_cases import mean_loss
from shared.sequence_cases import SequenceCase, network

RATE, MOMENTUM = 2.0**-6, 0.875
STEPS = 2  # that are judged
INPUTS = {"mlp": (64,), "cnn": (28, 28, 1), "lstm": (28, 28)}
BATCHES = {
    "mlp": {"tiny": 32, "medium": 256, "large": 2048},
    "cnn": {"tiny": 8, "medium": 32, "large": 128},
    "lstm": {"tiny": 8, "medium": 32, "large": 128},
}
OPTIONS = {"cnn": {"padding": "valid"}}


def rows(x, y, **more):
    """An LSTM's training on the classes of images, read row by row."""
    made, objective = network("lstm", 28, 64, CLASSES), mean_loss("softmax_cross_entropy")
    return SequenceCase(*made, x, y, objective, **more)


class RowsRun(SequenceRun):
    """That LSTM in both halves, and of built-in layers."""

    loss = "softmax_cross_entropy"


CASES = {
    "mlp": partial(perceptron, units=(256, 256, CLASSES)),
    "cnn": partial(convolutional, filters=(8, 16), **OPTIONS["cnn"]),
    "lstm": rows,
}
NETWORKS = {"mlp": MLPRun, "cnn": CNNRun, "lstm": RowsRun}


@dataclass(frozen=True)
class Problem:
    """A network, its weights, one batch, and what training on it does to them."""

    name: str
    size: str

    @cached_property
    def batch(self):
        """(x, y): normal numbers of float32, and class ids."""
        rng = np.random.default_rng(41)
        rows = BATCHES[self.name][self.size]
        x = rounded(rng.normal(size=(rows, *INPUTS[self.name])))
        return x, rng.integers(0, CLASSES, rows)

    @cached_property
    def run(self):
        """Its parties, and its float64 run."""
        x, y = self.batch
        options = {"momentum": MOMENTUM, "velocity_form": "scaled"}
        case = CASES[self.name](
            x, y, optimizer="momentum", options=options, rate=RATE, epochs=STEPS,
            batch_size=len(x),
        )  # fmt: skip
        return NETWORKS[self.name](None, OPTIONS.get(self.name, {}), case)

    @cached_property
    def truth(self):
        """(loss and weights after each step, by precision how far rounding may move them)."""
        case, names = self.run.case, ("loss", *self.run.case.arrays)
        bounds = {
            dtype: _side_by_side(case.bound(name, dtype) for name in names)
            for dtype in ("float32", "float64")
        }
        return _side_by_side(case.truth[name] for name in names), bounds


def _side_by_side(tensors):
    """(steps, …) each, as (steps, elements)."""
    return np.concatenate([values.reshape(len(values), -1) for values in tensors], axis=1)
