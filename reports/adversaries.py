"""A GAN trained on digits by both halves, in both precisions, and how far the runs part.

Two networks that learn against each other have no loss to settle at: what rounding moves, each of
them goes on to answer. All runs start from the same weights and read the same batches and noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from parity_tests.halves import Half
from parity_tests.parties import HALVES
from parity_tests.training_run import weights
from reports.autoencodings import quickest
from reports.threads import one_thread
from shared.adversarial import PLAYERS
from shared.data import load_digits
from shared.noise import latent
from shared.weights import draw, to_keras, to_torch

LATENT, HIDDEN, PIXELS = 16, 128, 64
EPOCHS, BATCH, RATE, BETA, SEED = 80, 64, 2.0**-9, 0.5, 3
DTYPES = ("float32", "float64")
SAMPLES = 20  # images that are shown
WIDTHS = {"discriminator": (PIXELS, HIDDEN, 1), "generator": (LATENT, HIDDEN, PIXELS)}
NETWORK = (
    f"generator {'-'.join(map(str, WIDTHS['generator']))}, discriminator "
    f"{'-'.join(map(str, WIDTHS['discriminator']))}, tanh, 1,797 digits in batches of {BATCH}, "
    f"Adam (α = 1/{1 / RATE:g}, β₁ = {BETA:g})"
)


class Trained(NamedTuple):
    """One half's run in one precision."""

    losses: pd.DataFrame  # a row for each epoch: the history's frame
    steps: np.ndarray  # at which weights were kept, counted from 1
    weights: np.ndarray  # (steps, weights of both players), after these
    images: np.ndarray  # (SAMPLES, 64) of the same noise


@dataclass(frozen=True)
class Game:
    """The same game in both halves, in each precision."""

    halves: dict[str, tuple[Trained, ...]]  # by precision

    @cached_property
    def apart(self) -> pd.DataFrame:
        """A line for each step at which weights were kept: the largest difference of two, of all.

        Columns: step, and one for each precision.
        """
        found = {
            dtype: np.max(np.abs(one.weights - other.weights), axis=1)
            for dtype, (one, other) in self.halves.items()
        }
        steps = next(iter(self.halves.values()))[0].steps
        return pd.DataFrame({"step": steps, **found})

    def images_apart(self, dtype: str) -> float:
        """The largest difference between the halves' pixels."""
        one, other = (trained.images for trained in self.halves[dtype])
        return float(np.max(np.abs(one - other)))


def train(half: Half, dtype: str, seed: int = SEED, epochs: int = EPOCHS) -> Trained:
    """Both players, trained by one half in a precision."""
    gan, noise = half.module("models.gan"), latent(LATENT, seed)
    players, kept = initial(half, dtype, seed), {}

    def on_step(_, step):
        if marked(step.step + 1):
            kept[step.step + 1] = flat(half, players)

    with one_thread():
        history = gan.train(
            *players, load_digits()[0], noise=noise, epochs=epochs, batch_size=BATCH,
            optimizers=[_optimizer(half, player) for player in players], mode=quickest(half),
            on_step=on_step,
        )  # fmt: skip
        n = half.framework.tensor(noise(0, 2, SAMPLES).astype(dtype))  # no step has a phase 2
        images = half.framework.array(players[1](n))
    steps = np.array(list(kept))
    return Trained(history.frame, steps, np.array(list(kept.values())), np.float64(images))


def marked(step: int) -> bool:
    """Whether weights are kept after this step: the first, and every tenth.

    >>> [step for step in range(1, 40) if marked(step)]
    [1, 10, 20, 30]
    """
    return step == 1 or step % 10 == 0


def initial(half: Half, dtype: str, seed: int) -> list:
    """Discriminator and generator with the weights drawn from this seed."""
    classes = half.module("models.mlp").MLP, half.module("models.gan").Generator
    native = half.framework.tensor(np.zeros((), dtype)).dtype
    made = []
    for place, (player, kind) in enumerate(zip(PLAYERS, classes, strict=True)):
        D, *units = WIDTHS[player]
        model = kind(D, tuple(units), activation="tanh", dtype=native)
        sizes = {
            f"linear_{r}": {"inputs": D, "units": U}
            for r, (D, U) in enumerate(zip(WIDTHS[player], units, strict=False), 1)
        }
        layers = dict.fromkeys(sizes, "Linear")
        arrays = {n: W.astype(dtype) for n, W in draw(layers, sizes, 2 * seed + place).items()}
        half.framework.load(model, arrays if half.in_keras else to_torch(layers, arrays))
        made.append(model)
    return made


def flat(half: Half, players: Sequence) -> np.ndarray:
    """All weights of both, in Keras's order and layout, as float64."""
    found = []
    for player in players:
        arrays = {name: half.framework.array(W) for name, W in weights(half, player).items()}
        if not half.in_keras:
            arrays = to_keras({"linear_1": "Linear", "linear_2": "Linear"}, arrays)
        found += [np.ravel(arrays[name]).astype(np.float64) for name in sorted(arrays)]
    return np.concatenate(found)


def _optimizer(half, model):
    Adam = half.module("optimizers").Adam
    if half.in_keras:
        return Adam(RATE, beta_1=BETA)
    return Adam(model.parameters(), RATE, betas=(BETA, 0.999))


def measure(epochs: int = EPOCHS) -> Game:
    """The game in both halves, in both precisions."""
    return Game({
        dtype: tuple(train(half, dtype, epochs=epochs) for half in HALVES) for dtype in DTYPES
    })  # fmt: skip
