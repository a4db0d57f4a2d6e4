"""What both halves train two adversaries by: the labels of real and generated, and what is noted.

Noise is `shared.noise.latent`, batches are those of `shared.batches`.
"""

from typing import NamedTuple

import numpy as np

PLAYERS = ("discriminator", "generator")  # in the order in which they are updated


class Match(NamedTuple):
    """One epoch: the mean loss of each player, as its weights were when each batch was read."""

    epoch: int
    discriminator_loss: float
    generator_loss: float


def labels(rows: int) -> np.ndarray:
    """1 for so many real examples, then 0 for as many generated ones, (2 rows, 1).

    >>> labels(2).ravel().tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    return np.repeat([[1.0], [0.0]], rows, axis=0)
