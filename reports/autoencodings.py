"""Autoencoders of each kind trained on digits in both halves, and what their codes are like.

All start from the same weights and read the same batches, and are measured on images that they
were not trained on: as they are, and corrupted by noise as the denoising one's training images are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from parity_tests.halves import Half
from parity_tests.parties import HALVES
from reports.threads import one_thread
from shared.data import load_digits
from shared.noise import corrupted
from shared.weights import draw, to_torch

IMAGES = 1408  # trained on, in the order of the data set; the rest are held out
UNITS, EPOCHS, BATCH, RATE, SEED = 32, 40, 64, 2.0**-6, 3
STDDEV = 0.375  # of the noise
TARGET, SPARSITY, CONTRACTION = 1 / 16, 1 / 512, 1 / 512
NETWORK = (
    f"digits 64-{UNITS}-64, sigmoid, float64, {IMAGES:,} images in batches of {BATCH}, {EPOCHS} "
    f"epochs, Adam (α = 1/{1 / RATE:g}); noise of σ = {STDDEV:g}"
)


class Kind(NamedTuple):
    """What a kind of autoencoder reads, and its loss: (the half's module, the model) -> loss."""

    noisy: bool
    loss: Callable


KINDS = {
    "plain": Kind(False, lambda place, model: place.reconstruction_loss),
    "denoising": Kind(True, lambda place, model: place.reconstruction_loss),
    "sparse": Kind(False, lambda place, model: place.sparse_loss(TARGET, SPARSITY)),
    "contractive": Kind(False, lambda place, model: place.contractive_loss(model, CONTRACTION)),
}


class Trained(NamedTuple):
    """What one half's autoencoder makes of images held out."""

    losses: np.ndarray  # (epochs,), in training
    reconstructed: np.ndarray  # (images, 64)
    denoised: np.ndarray  # the same of corrupted images
    code: np.ndarray  # (images, units)
    jacobians: np.ndarray  # ‖∂h/∂x‖_F of each image


@dataclass(frozen=True)
class Autoencoding:
    """A kind, trained in each half."""

    kind: str
    halves: tuple[Trained, ...]

    def measured(self) -> dict[str, list[float]]:
        """Name -> the number of each half."""
        clean, _ = held_out()
        found = {
            "error": lambda t: np.mean((t.reconstructed - clean) ** 2),
            "error from noise": lambda t: np.mean((t.denoised - clean) ** 2),
            "mean activation": lambda t: np.mean(t.code),
            "units above ½": lambda t: np.mean(t.code > 0.5),
            "mean ‖∂h/∂x‖": lambda t: np.mean(t.jacobians),
        }
        return {name: [float(say(t)) for t in self.halves] for name, say in found.items()}

    @property
    def apart(self) -> float:
        """The largest difference between the halves' reconstructions of a pixel."""
        one, other = (t.reconstructed for t in self.halves)
        return float(np.max(np.abs(one - other)))


def trained_on() -> tuple[np.ndarray, np.ndarray]:
    """The images to learn from, and the same corrupted."""
    x = load_digits()[0][:IMAGES]
    return x, corrupted(x, STDDEV, seed=1)


def held_out() -> tuple[np.ndarray, np.ndarray]:
    """The images to be measured by, and the same corrupted."""
    x = load_digits()[0][IMAGES:]
    return x, corrupted(x, STDDEV, seed=2)


def baselines() -> Mapping[str, float]:
    """The errors of doing without: of the mean image for all, and of the noise left as it is."""
    clean, noisy = held_out()
    mean = np.mean((trained_on()[0].mean(axis=0) - clean) ** 2)
    return {"error": float(mean), "error from noise": float(np.mean((noisy - clean) ** 2))}


def train(half: Half, kind: str, seed: int = SEED, epochs: int = EPOCHS) -> Trained:
    """An autoencoder of this kind, trained by one half."""
    of_kind, place, framework = KINDS[kind], half.module("models.autoencoder"), half.framework
    clean, noisy = trained_on()
    with one_thread():
        model = initial(half, seed)
        history = half.module("training").fit(
            model, noisy if of_kind.noisy else clean, clean, loss=of_kind.loss(place, model),
            optimizer=_optimizer(half, model), epochs=epochs, batch_size=BATCH, mode=quickest(half),
        )  # fmt: skip
        reconstructed, denoised = (
            framework.array(model(framework.tensor(x)).reconstruction) for x in held_out()
        )
        code, jacobians = coded(half, model, held_out()[0])
    losses = history.frame["loss"].to_numpy()
    return Trained(losses, reconstructed, denoised, code, jacobians)


def coded(half: Half, model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The code h of each image, and its ‖∂h/∂x‖_F."""
    framework, h = half.framework, model.encode(half.framework.tensor(x))
    W = model.encoder.kernel if half.in_keras else model.encoder.weight.T
    W = framework.tensor(framework.array(W))
    squares = half.families["losses"].contractive_penalty(h, W, reduction="none")
    return framework.array(h), np.sqrt(framework.array(squares))


def initial(half: Half, seed: int):
    """An autoencoder with the weights drawn from this seed."""
    sizes = {"encoder": {"inputs": 64, "units": UNITS}, "decoder": {"inputs": UNITS, "units": 64}}
    layers = dict.fromkeys(sizes, "Linear")
    arrays = draw(layers, sizes, seed=seed)
    double = half.framework.tensor(np.zeros(())).dtype
    model = half.module("models.autoencoder").Autoencoder(64, UNITS, dtype=double)
    half.framework.load(model, arrays if half.in_keras else to_torch(layers, arrays))
    return model


def _optimizer(half, model):
    Adam = half.module("optimizers").Adam
    return Adam(RATE) if half.in_keras else Adam(model.parameters(), RATE)


def quickest(half: Half) -> str:
    """The mode for a short run: torch's "graph" takes longer to capture than it saves."""
    return "graph" if half.in_keras else "eager"


def measure(kinds: Iterable[str] = tuple(KINDS), epochs: int = EPOCHS) -> list[Autoencoding]:
    """Every kind, in both halves."""
    return [
        Autoencoding(kind, tuple(train(half, kind, epochs=epochs) for half in HALVES))
        for kind in kinds
    ]
