"""Noise that both halves are handed alike, of numbers that float32 has too.

Source: Introduction to Deep Learning, Unit 1 (autoencoders for denoising; GANs).
"""

from collections.abc import Callable

import numpy as np

from shared.weights import standard_draw


def corrupted(x: np.ndarray, stddev: float, seed: int) -> np.ndarray:
    """x + σ n, n standard normal: what a denoising autoencoder reads, drawn once for a whole run.

    Vincent, Larochelle, Bengio & Manzagol 2008, Extracting and Composing Robust Features with
    Denoising Autoencoders.

    >>> x = np.zeros((2, 3))
    >>> bool((corrupted(x, 0.5, seed=1) == corrupted(x, 0.25, seed=1) * 2).all())
    True
    """
    return _rounded(x + stddev * standard_draw("normal", np.shape(x), seed))


def latent(features: int, seed: int = 0) -> Callable[[int, int, int], np.ndarray]:
    """noise(step, phase, rows): what a generator makes its images from, (rows, features).

    It follows from the seed, the step and the phase alone (0 while the discriminator learns, 1
    while the generator does), so that a run that is taken up again reads on as if it had not
    stopped.

    >>> noise = latent(3, seed=1)
    >>> noise(step=0, phase=0, rows=2).shape
    (2, 3)
    >>> bool((noise(5, 1, 2) == noise(5, 1, 4)[:2]).all())
    True
    """

    def noise(step, phase, rows):
        return _rounded(standard_draw("normal", (rows, features), (seed, step, phase)))

    return noise


def _rounded(values):
    return values.astype(np.float32).astype(np.float64)
