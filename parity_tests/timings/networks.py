"""Networks whose training steps are timed, and what training makes of them in float64."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from parity_tests.adversarial_run import GANRun
from parity_tests.autoencoder_run import AutoencoderRun
from parity_tests.network_run import CNNRun, MLPRun
from parity_tests.sequence_run import SequenceRun
from shared.catalogue.adversarial import players
from shared.catalogue.autoencoders import rebuilding
from shared.catalogue.images import CLASSES, convolutional, perceptron
from shared.catalogue.training import rounded
from shared.network_cases import mean_loss
from shared.sequence_cases import SequenceCase, network

RATE, MOMENTUM = 2.0**-6, 0.875
STEPS = 2  # that are judged
INPUTS = {
    "mlp": (64,), "cnn": (28, 28, 1), "lstm": (28, 28), "autoencoder": (784,), "gan": (784,),
}  # fmt: skip
UNITS, LATENT = 64, 16
BATCHES = {
    "mlp": {"tiny": 32, "medium": 256, "large": 2048},
    "cnn": {"tiny": 8, "medium": 32, "large": 128},
    "lstm": {"tiny": 8, "medium": 32, "large": 128},
    "autoencoder": {"tiny": 32, "medium": 128, "large": 512},
    "gan": {"tiny": 32, "medium": 128, "large": 512},
}
OPTIONS = {
    "cnn": {"padding": "valid"}, "autoencoder": {"kind": "plain"}, "gan": {"activation": "tanh"},
}  # fmt: skip


def rows(x, y, **more):
    """An LSTM's training on the classes of images, read row by row."""
    made, objective = network("lstm", 28, 64, CLASSES), mean_loss("softmax_cross_entropy")
    return SequenceCase(*made, x, y, objective, **more)


def pixels(x, _, **more):
    """An autoencoder's training on images."""
    return rebuilding("plain", x, x, UNITS, **more)


def forgers(x, _, **more):
    """A GAN's training on images, by the same noise in each step."""
    both = rounded(np.random.default_rng(43).normal(size=(2, len(x), LATENT)))
    return players("tanh", x, lambda step, phase, rows: both[phase], LATENT, UNITS, **more)


class RowsRun(SequenceRun):
    """That LSTM in both halves, and of built-in layers."""

    loss = "softmax_cross_entropy"


CASES = {
    "mlp": partial(perceptron, units=(256, 256, CLASSES)),
    "cnn": partial(convolutional, filters=(8, 16), **OPTIONS["cnn"]),
    "lstm": rows,
    "autoencoder": pixels,
    "gan": forgers,
}
NETWORKS = {
    "mlp": MLPRun, "cnn": CNNRun, "lstm": RowsRun, "autoencoder": AutoencoderRun, "gan": GANRun,
}  # fmt: skip


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
        case = self.run.case
        names = *(name for name in case.tensors if name.endswith("loss")), *case.arrays
        bounds = {
            dtype: _side_by_side(case.bound(name, dtype, self._terms(name)) for name in names)
            for dtype in ("float32", "float64")
        }
        return _side_by_side(case.truth[name] for name in names), bounds

    def _terms(self, name):
        """Of how many terms a loss is the mean."""
        if not name.endswith("loss"):
            return 1
        x, y = self.batch
        return {"autoencoder": x.size, "gan": 2 * len(x)}.get(self.name, y.size)


def _side_by_side(tensors):
    """(steps, …) each, as (steps, elements)."""
    return np.concatenate([values.reshape(len(values), -1) for values in tensors], axis=1)
