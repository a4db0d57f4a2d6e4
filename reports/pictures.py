"""Rows of small images, for figures of what networks make of digits."""

import numpy as np
from matplotlib.axes import Axes

from reports.panels import SAID

SIDE, GAP = 8, 2  # pixels


def strip(images: np.ndarray) -> np.ndarray:
    """Images (n, 64) beside each other, (8, 10 n − 2), NaN between them.

    >>> strip(np.zeros((2, 64))).shape
    (8, 18)
    """
    squares = np.reshape(images, (-1, SIDE, SIDE))
    row = np.full((SIDE, len(squares), SIDE + GAP), np.nan)
    row[:, :, :SIDE] = squares.swapaxes(0, 1)
    return row.reshape(SIDE, -1)[:, :-GAP]


def show(panel: Axes, images: np.ndarray, name: str = "", note: str = "") -> None:
    """A row of images in ink on paper, its name to the left and a note beneath the name."""
    panel.imshow(strip(images), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)
    where = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right"}
    panel.annotate(name, (0, 0.5), xytext=(-8, 1 if note else -3), fontweight="bold", **where)
    panel.annotate(note, (0, 0.5), xytext=(-8, -9), fontsize=6.5, color=SAID, **where)
