"""What `make train` knows of each model: how it is made, its data, how it is trained and shown.

A new model is one entry of RECIPES.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from matplotlib.figure import SubFigure

from parity_tests.halves import Half
from reports.panels import BLUE, SAID, VERMILION, quiet
from shared.catalogue import sequences
from shared.data import load_digits, load_insurance, load_line
from shared.noise import latent

TRAINED_ON = 1437  # of 1797 digits; the others are held out
YEARS, LAST = 8, 80  # of sunspots: read for each prediction, and held out
SHOWN = 15  # digits in a figure
LATENT = 16  # what a generated digit is made from


class Data(NamedTuple):
    """Rows to learn from, and others held out to measure by, or None."""

    x: np.ndarray
    y: np.ndarray
    held_out: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def shown(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows that a figure shows predictions of: none that were learned, if it can be."""
        return self.held_out or (self.x, self.y)


@dataclass(frozen=True)
class Recipe:
    """One model's training; its loss and optimizer are those of the halves, by name.

    A loss is one of losses.py, or that of another module if it says so: "models.rnn.name". Of two
    models, which play against each other, the last is shown.
    """

    make: Callable[[Half], object]
    data: Callable[[Half], Data]
    loss: str
    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int
    show: Callable[[SubFigure, Data, np.ndarray], None]  # (where, data, predictions of data.shown)
    options: dict = field(default_factory=dict)  # of the optimizer, but for its rate
    mode: tuple[str, str] = ("graph", "graph")  # of Keras and of torch, which unrolls loops


def digits(half: Half) -> Data:
    """Rows of 64 pixels, and their classes."""
    x, y = load_digits()
    return Data(x[:TRAINED_ON], y[:TRAINED_ON], (x[TRAINED_ON:], y[TRAINED_ON:]))


def images(half: Half) -> Data:
    """Digits as images, channels last in Keras and first in torch."""
    x, y, held_out = digits(half)
    shape = (8, 8, 1) if half.in_keras else (1, 8, 8)
    x, shown = (rows.reshape(-1, *shape) for rows in (x, held_out[0]))
    return Data(x, y, (shown, held_out[1]))


def insurance(half: Half) -> Data:
    """Age in units of 128 years and affordability of 13 people, and whether they are insured."""
    x, y = load_insurance(("age", "affordability"))
    return Data(x / [128.0, 1.0], y)


def line(half: Half) -> Data:
    """Five points of y = 0.5 x − 1.5."""
    return Data(*load_line())


def pixels(half: Half) -> Data:
    """Digits that are their own labels."""
    x, _, (shown, _) = digits(half)
    return Data(x, x, (shown, shown))


def forged(half: Half) -> Data:
    """Digits to be taken for, and the noise of those that are shown: that of a phase unused."""
    x, _ = load_digits()
    return Data(x, x, (latent(LATENT)(0, 2, SHOWN), x))


def sunspots(half: Half) -> Data:
    """The sunspots of some years in a row, 128 of them counting as 1, and of the year behind."""
    x, y = sequences.years(YEARS)
    return Data(x[:-LAST], y[:-LAST], (x[-LAST:], y[-LAST:]))


def classes(where: SubFigure, data: Data, logits: np.ndarray) -> None:
    """The first digits held out, each with the class that the model gives it."""
    x, y = data.shown
    predicted = np.argmax(logits, -1)
    panels = where.subplots(3, SHOWN // 3)
    for panel, image, found, true in zip(panels.flat, x, predicted, y, strict=False):
        panel.imshow(image.reshape(8, 8), cmap="gray_r")
        panel.set(xticks=[], yticks=[])
        said, ink = (f"{found}", BLUE) if found == true else (f"{found}, is {true}", VERMILION)
        panel.set_title(said, fontsize=8, color=ink.dark)
    share = np.mean(predicted == y)
    where.suptitle(f"predicted class; {share:.1%} of {len(y)} digits held out", fontsize=9.5)


def predictions(where: SubFigure, data: Data, predicted: np.ndarray) -> None:
    """What the model predicts of each row, beside what is true."""
    _, y = data.shown
    panel = where.subplots()
    panel.plot([y.min(), y.max()], [y.min(), y.max()], color=SAID, linewidth=0.6)
    panel.plot(y, predicted, "o", color=BLUE.dark, markersize=4)
    quiet(panel, xlabel="true", ylabel="predicted")
    where.suptitle("predictions", fontsize=9.5)


def series(where: SubFigure, data: Data, predicted: np.ndarray) -> None:
    """The years held out, as they were and as they were predicted from those before each."""
    _, y = data.shown
    panel = where.subplots()
    years = np.arange(2009 - len(y), 2009)
    panel.plot(years, y[:, 0], color=SAID, linewidth=1.0, label="sunspots / 128")
    panel.plot(years, predicted[:, 0], color=BLUE.dark, linestyle="--", label="predicted")
    panel.legend(frameon=False)
    quiet(panel, xlabel="year")
    error = np.sqrt(np.mean((predicted - y) ** 2))
    where.suptitle(f"root mean squared error {error:.3f} in years held out", fontsize=9.5)


def reconstructions(where: SubFigure, data: Data, predicted: np.ndarray) -> None:
    """The first digits held out, each above what the model makes of it."""
    x, _ = data.shown
    panels = where.subplots(4, 7)
    pairs = zip(x[: panels.size // 2], predicted, strict=False)
    for at, pair in enumerate(pairs):
        below, column = divmod(at, panels.shape[1])
        for panel, image in zip(panels[2 * below :, column], pair, strict=False):
            panel.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
            panel.set_axis_off()
    error = np.mean((predicted - x) ** 2)
    where.suptitle(f"digits held out, and reconstructed; error {error:.4f}", fontsize=9.5)


def generated(where: SubFigure, data: Data, images: np.ndarray) -> None:
    """What the generator makes of noise."""
    panels = where.subplots(3, SHOWN // 3)
    for panel, image in zip(panels.flat, images, strict=True):
        panel.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        panel.set_axis_off()
    where.suptitle("generated from noise", fontsize=9.5)


def _gan(half):
    discriminator = half.module("models.mlp").MLP(64, (128, 1), activation="tanh")
    generator = half.module("models.gan").Generator(LATENT, (128, 64), activation="tanh")
    return discriminator, generator


def _recurrent(name):
    return lambda half: getattr(half.module("models.rnn"), name)(1, 8, 1)


def _autoencoder(half):
    return half.module("models.autoencoder").Autoencoder(64, units=32)


def _cnn(half):
    image = (8, 8, 1) if half.in_keras else (1, 8, 8)
    return half.module("models.cnn").CNN(image, filters=(8, 16), classes=10)


def _mlp(half):
    return half.module("models.mlp").MLP(64, (32, 10))


def _feedforward(half):
    return half.module("models.feedforward").FeedForward(64, (64, 10))


def _logistic_regression(half):
    return half.module("models.logistic_regression").LogisticRegression(2)


def _linear_regression(half):
    return half.module("models.linear_regression").LinearRegression(1)


CROSS_ENTROPY = "softmax_cross_entropy"
RECIPES = {  # name: model, data, loss, optimizer, its rate, epochs, rows to a batch, what is shown
    "cnn": Recipe(_cnn, images, CROSS_ENTROPY, "Adam", 1 / 128, 10, 32, classes),
    "mlp": Recipe(_mlp, digits, CROSS_ENTROPY, "Adam", 1 / 128, 10, 32, classes),
    **{
        name: Recipe(
            _recurrent(name.upper()), sunspots, "mean_squared_error", "Adam", 1 / 128, 40, 16,
            series, mode=("graph", "eager"),
        )
        for name in ("rnn", "lstm", "gru")
    },
    "autoencoder": Recipe(
        _autoencoder, pixels, "models.autoencoder.reconstruction_loss", "Adam", 1 / 64, 40, 64,
        reconstructions,
    ),
    "gan": Recipe(
        _gan, forged, "binary_cross_entropy_with_logits", "Adam", 1 / 512, 80, 64, generated,
        {"beta_1": 0.5, "beta_2": 0.999},
    ),
    "feedforward": Recipe(_feedforward, digits, CROSS_ENTROPY, "Adam", 1 / 128, 20, 32, classes),
    "logistic_regression": Recipe(
        _logistic_regression, insurance, "binary_cross_entropy", "SGD", 1.0, 500, 13, predictions
    ),
    "linear_regression": Recipe(
        _linear_regression, line, "mean_squared_error", "Momentum", 1 / 64, 300, 5, predictions
    ),
}  # fmt: skip
