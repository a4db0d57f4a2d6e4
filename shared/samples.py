"""The inputs at which concepts are compared, drawn alike for every party.

A sample is a table of rows in named parts: "drawn" (seeded normal numbers of several sizes),
"edges" (kinks and their neighbours, extremes, infinities, NaN) and "digits" (pre-activations of
real handwritten digits under a Glorot-drawn layer). All numbers are float32 numbers, so that the
float64 run sees the very same inputs, and what differs between the runs is the precision alone.
"""

import functools
from dataclasses import dataclass

import numpy as np

from shared.data import load_digits

SEED = 2024
WIDTH = 12  # columns: divisible by 2, 3, 4 and 6, for pieces and channels

_NEXT_TO_ONE = tuple(np.nextafter(np.float32(s), np.float32(t)) for s in (1, -1) for t in (-2, 2))
_KINKS = (0.0, -0.0, 0.5, -0.5, 1.0, -1.0, *_NEXT_TO_ONE)
_SIZES = (1e-30, 2e-38, 1e-8, 1e-3, 5, 10, 20, 50, 80, 88.5, 120, 200, 1e4, 1e30)
_EXTREMES = tuple(sign * size for size in _SIZES for sign in (1.0, -1.0))
# where the frameworks' own exp, expm1, tanh, log1p, erfc and sigmoid were found furthest off
_HARD = (
    *(58.60921, -0.28215185, -0.031449635, -7.140511, 6.9210935, -1.2592591, 0.6844795, 0.956),
    *(
        5.126039,
        -13.943463,
        -1.4137349,
        -12.79,
        -50.702522,
        -16.652498,
        6.533985,
        -2.0439632,
        -0.0639547,
        -13.943755,
        -7.62,
    ),
)
_SPECIAL = (np.inf, -np.inf, np.nan)


@dataclass(frozen=True)
class Sample:
    """A table of inputs and where its parts lie."""

    values: np.ndarray  # (rows, WIDTH), float64 holding float32 numbers
    parts: dict[str, slice]

    def upstream(self, shape, salt=0) -> np.ndarray:
        """Normal numbers of the given shape, for upstream gradients and directions."""
        return _rounded(np.random.default_rng([SEED, 7, salt]).normal(size=shape))


@functools.cache
def line() -> Sample:
    """For functions of one element."""
    edges = np.array([*_KINKS, *_EXTREMES, *_HARD, *_SPECIAL])
    rows = -(-edges.size // WIDTH)
    return _sample(np.resize(edges, (rows, WIDTH)))


@functools.cache
def rows() -> Sample:
    """For functions of a row: ties, huge and equal entries, masked, infinite and NaN rows."""
    rng = np.random.default_rng([SEED, 3])
    tied = np.repeat(rng.normal(size=(2, WIDTH // 3)), 3, axis=1)
    huge = 1e4 * np.sign(rng.normal(size=(2, WIDTH)))
    far = np.linspace(-100, 100, WIDTH)[None]
    masked = np.where(rng.random((1, WIDTH)) < 0.4, -np.inf, rng.normal(size=(1, WIDTH)))
    special = rng.normal(size=(3, WIDTH))
    special[0, 4], special[1, 5], special[2] = np.nan, np.inf, -np.inf
    return _sample(np.concatenate([tied, huge, far, np.zeros((1, WIDTH)), masked, special]))


def slopes() -> np.ndarray:
    """One slope for each column, none of them a simple fraction."""
    return _rounded(np.random.default_rng([SEED, 5]).uniform(0.05, 0.5, WIDTH))


def _sample(edges: np.ndarray) -> Sample:
    rng = np.random.default_rng([SEED, 1])
    drawn = np.concatenate([size * rng.normal(size=(8, WIDTH)) for size in (0.1, 1.0, 5.0)])
    tables = {"drawn": drawn, "edges": edges, "digits": _digits()}
    stops = np.cumsum([len(table) for table in tables.values()])
    starts = [0, *stops[:-1]]
    parts = {n: slice(int(a), int(b)) for n, a, b in zip(tables, starts, stops, strict=True)}
    return Sample(_rounded(np.concatenate(list(tables.values()))), parts)


@functools.cache
def _digits() -> np.ndarray:
    """Pre-activations x W of the first 32 digits, W Glorot-uniform: (32, WIDTH)."""
    images = load_digits()[0][:32]
    limit = np.sqrt(6 / (images.shape[1] + WIDTH))
    return images @ np.random.default_rng([SEED, 2]).uniform(
        -limit, limit, (images.shape[1], WIDTH)
    )


def _rounded(values) -> np.ndarray:
    return np.asarray(values).astype(np.float32).astype(np.float64)
