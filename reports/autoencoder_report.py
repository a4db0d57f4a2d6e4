"""What autoencoders make of digits, as a figure, Markdown and CSV."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tabulate import tabulate

from parity_tests.parties import HALVES
from reports.activation_table import number
from reports.autoencodings import (
    IMAGES,
    KINDS,
    NETWORK,
    TARGET,
    Autoencoding,
    baselines,
    held_out,
)
from reports.environment import Environment
from reports.panels import SAID, png
from reports.pictures import show
from shared.data import load_digits

TEXT = """\
# Autoencoders of digits

![Images and their reconstructions by each kind, in both halves](autoencoders.png)

Each kind starts from the same weights, is trained by each half's own `fit`, and is measured on
{images} images that it was not trained on. An error is the mean of (o − y)² over images and pixels,
y being the image without noise.

- **plain** learns mean (o − y)² alone.
- **denoising** learns the same from images with noise.
- **sparse** learns besides to have each unit at {target:g} on average: a loss at the hidden nodes.
- **contractive** learns besides to keep ‖∂h/∂x‖² small: a loss at the hidden nodes whose own
  gradient is one of a gradient.

{table}

One entry in a cell is what both halves gave; where they differ, it is {halves}'s.
"apart" is the largest difference between the halves' reconstructions of a pixel.

The network: {network}.

## Measured with

{environment}
"""


def files(found: Sequence[Autoencoding], environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure and its tables."""
    return {
        "autoencoders.png": draw(found),
        "autoencoders.md": markdown(found, environment),
        "autoencoders.csv": csv(found, environment),
    }


def markdown(found: Sequence[Autoencoding], environment: Environment) -> str:
    """A line for each kind, and for doing without; in a cell what both halves gave."""
    rows = [{"kind": "the mean image, or noise as it is", **_numbers(baselines())}]
    rows += [
        {"kind": one.kind, **_cells(one), "apart": f"{one.apart:.0e}"} for one in found
    ]  # fmt: skip
    return TEXT.format(
        table=tabulate(rows, "keys", "pipe", disable_numparse=True),
        images=len(held_out()[0]),
        target=TARGET,
        network=NETWORK,
        halves=" / ".join(half.name for half in HALVES),
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def _numbers(measured):
    return {name: number(value) for name, value in measured.items()}


def _cells(one):
    return {name: " / ".join(dict.fromkeys(map(number, values)))
            for name, values in one.measured().items()}  # fmt: skip


def csv(found: Sequence[Autoencoding], environment: Environment) -> str:
    """A line for each kind and half, with all that was measured."""
    lines = [
        {"kind": one.kind, "half": half.name, "last loss": one.halves[i].losses[-1],
         **{name: values[i] for name, values in one.measured().items()}, "time": environment.time}
        for one in found
        for i, half in enumerate(HALVES)
    ]  # fmt: skip
    return pd.DataFrame(lines).to_csv(index=False)


def draw(found: Sequence[Autoencoding]) -> bytes:
    """A PNG: a column for each half; in it the images, and below what each kind makes of them."""
    digits = first_of_each_class()
    clean, noisy = (images[digits] for images in held_out())

    def paint(figure: Figure) -> None:
        columns = figure.subplots(2 + len(found), len(HALVES), squeeze=False).T
        for place, (half, panels) in enumerate(zip(HALVES, columns, strict=True)):
            panels[0].set_title(half.name, fontsize=10, fontweight="bold", pad=8)
            left = place == 0
            rows = [("images held out", "", clean), ("the same, with noise", "", noisy)]
            rows += [(*_words(one), _shown(one, place)[digits]) for one in found]
            for panel, (name, note, images) in zip(panels, rows, strict=True):
                show(panel, images, *((name, note) if left else ()))
        apart = max(one.apart for one in found)
        footnote = (
            "The denoising autoencoder reads the images with noise, the others those without. "
            f"{NETWORK[0].upper()}{NETWORK[1:]}.\n"
            f"The two halves' reconstructions are at most {apart:.0e} of full ink apart."
        )
        figure.supxlabel(footnote, x=0.01, ha="left", fontsize=6.5, color=SAID)

    return png((10, 0.9 + 0.5 * (2 + len(found))), paint)


def first_of_each_class() -> np.ndarray:
    """Where, among the images held out, the first of each digit stands."""
    classes = load_digits()[1][IMAGES:]
    return np.array([np.argmax(classes == digit) for digit in range(10)])


def _shown(one, place):
    trained = one.halves[place]
    return trained.denoised if KINDS[one.kind].noisy else trained.reconstructed


def _words(one):
    said = _cells(one)
    error = said["error from noise" if KINDS[one.kind].noisy else "error"]
    return one.kind, (
        f"error {error}, mean h {said['mean activation']}, ‖∂h/∂x‖ {said['mean ‖∂h/∂x‖']}"
    )
