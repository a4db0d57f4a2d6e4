"""The same network trained on digits by every optimizer, in both halves, from the same weights.

In float64 and on full batches, so that DeltaBarDelta may take part, and an epoch is one step.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch

import tf_impl.framework
import tf_impl.losses
import tf_impl.models.mlp
import tf_impl.optimizers
import tf_impl.training
import torch_impl.framework
import torch_impl.losses
import torch_impl.models.mlp
import torch_impl.optimizers
import torch_impl.training
from reports.descents import set_to
from reports.threads import one_thread
from shared import comparison
from shared.data import load_digits
from shared.weights import draw, to_torch

IMAGES = 1408  # trained on, in the order of the data set; the rest are held out
UNITS, ACTIVATION, SEED = (32, 10), "tanh", 3
EPOCHS = 100
LOW = 0.1  # a training loss that most of them reach
NETWORK = (
    f"digits 64-{'-'.join(map(str, UNITS))}, {ACTIVATION}, float64, weights of seed {SEED}, "
    f"{IMAGES:,} images in one batch, cross-entropy"
)


@dataclass(frozen=True)
class Setting:
    """An optimizer and its learning rate, a power of two, which Keras holds exactly."""

    optimizer: str
    learning_rate: float
    options: dict = field(default_factory=dict)

    def __str__(self):
        return set_to(self.learning_rate, self.options)


# rates found by trying powers of two: the loss falls fast, and hardly jumps on its way
SETTINGS = (
    Setting("SGD", 1.0),
    Setting("Momentum", 1 / 4),
    Setting("Nesterov", 1 / 4),
    Setting("DeltaBarDelta", 1 / 2, {"kappa": 1 / 16, "phi": 1 / 4}),
    Setting("AdaGrad", 1 / 16),
    Setting("RMSprop", 1 / 128),
    Setting("Adam", 1 / 32),
    Setting("AdamW", 1 / 32),
    Setting("Adadelta", 4.0),
)


class Half(NamedTuple):
    """One framework, and what of it a training takes."""

    framework: ModuleType
    losses: ModuleType
    training: ModuleType
    model: Callable  # (layers, arrays) -> the network with these weights
    optimizer: Callable  # (network, setting) -> its optimizer


def _keras_model(layers, arrays):
    model = tf_impl.models.mlp.MLP(64, UNITS, ACTIVATION, dtype="float64")
    tf_impl.framework.load(model, arrays)
    return model


def _torch_model(layers, arrays):
    model = torch_impl.models.mlp.MLP(64, UNITS, ACTIVATION, dtype=torch.float64)
    torch_impl.framework.load(model, to_torch(layers, arrays))
    return model


def _keras_optimizer(model, setting):
    kind = getattr(tf_impl.optimizers, setting.optimizer)
    return kind(setting.learning_rate, **setting.options)


def _torch_optimizer(model, setting):
    kind = getattr(torch_impl.optimizers, setting.optimizer)
    return kind(model.parameters(), setting.learning_rate, **setting.options)


HALVES = {
    half.framework.NAME: half
    for half in (
        Half(tf_impl.framework, tf_impl.losses, tf_impl.training, _keras_model, _keras_optimizer),
        Half(
            torch_impl.framework, torch_impl.losses, torch_impl.training, _torch_model,
            _torch_optimizer,
        ),
    )
}  # fmt: skip


class Trained(NamedTuple):
    """A training in one half: the loss before each epoch's step, and what came of it."""

    losses: np.ndarray  # (epochs,)
    val_loss: float  # after the last epoch, of the images held out
    accuracy: float  # of these, from 0 to 1


@dataclass(frozen=True)
class Training:
    """A setting, and its training in each half."""

    setting: Setting
    halves: tuple[Trained, ...]

    @property
    def losses(self) -> list[np.ndarray]:
        """Those of each half."""
        return [trained.losses for trained in self.halves]

    @property
    def apart(self) -> float:
        """The largest difference between the halves' losses, relative to the loss."""
        one, other = self.losses
        return float(np.max(np.abs(one / other - 1)))

    @property
    def ulps(self) -> float:
        """The same in units in the last place of float64."""
        one, other = self.losses
        return float(np.max(np.abs(one - other) / comparison.ulp(other, "float64")))


def weights() -> tuple[Mapping[str, str], dict[str, np.ndarray]]:
    """The network's layers by name, and its weights in Keras's names."""
    layers = {f"linear_{r}": "Linear" for r in range(1, len(UNITS) + 1)}
    sizes = {
        name: {"inputs": D, "units": U}
        for name, D, U in zip(layers, (64, *UNITS), UNITS, strict=False)
    }
    return layers, draw(layers, sizes, seed=SEED)


def train(half: Half, setting: Setting, epochs: int = EPOCHS) -> Trained:
    """The network trained by one half's optimizer with its own loop."""
    x, y = load_digits()
    model = half.model(*weights())
    with one_thread():
        history = half.training.fit(
            model, x[:IMAGES], y[:IMAGES], loss=half.losses.softmax_cross_entropy,
            optimizer=half.optimizer(model, setting), epochs=epochs, batch_size=IMAGES,
            mode="graph", validation=(x[IMAGES:], y[IMAGES:]),
        )  # fmt: skip
        classes = half.framework.array(model.classify(half.framework.tensor(x[IMAGES:])))
    frame = history.frame
    accuracy = float(np.mean(classes == y[IMAGES:]))
    return Trained(frame["loss"].to_numpy(), float(frame["val_loss"].iloc[-1]), accuracy)


def measure(settings: Iterable[Setting] = SETTINGS, epochs: int = EPOCHS) -> list[Training]:
    """Every setting, in both halves."""
    return [
        Training(setting, tuple(train(half, setting, epochs) for half in HALVES.values()))
        for setting in settings
    ]
