"""Which rows each step of a training run reads: the same in both halves, in the same order.

An epoch reads every row once, in an order of its own that follows from the seed and the epoch's
number alone, so that a run that is taken up again at an epoch reads on as if it had not stopped.
Batch, mini-batch and stochastic gradient descent are batch sizes: all rows, some, and 1. Where the
rows do not divide into batches, the last one is smaller; none is left out.
"""

import operator
from collections.abc import Iterator

import numpy as np


def batches(
    rows: int, batch_size: int, epoch: int = 0, seed: int = 0, shuffle: bool = True
) -> Iterator[np.ndarray]:
    """The indices of the rows of each batch of an epoch; without `shuffle` as the rows stand.

    >>> [batch.tolist() for batch in batches(5, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    >>> first, again = (np.concatenate([*batches(5, 2, epoch=3, seed=1)]) for _ in range(2))
    >>> bool((first == again).all()), sorted(first.tolist())
    (True, [0, 1, 2, 3, 4])
    """
    order = np.random.default_rng([seed, epoch]).permutation(rows) if shuffle else np.arange(rows)
    return iter(np.split(order, range(batch_size, rows, batch_size)))


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """How many batches an epoch has, the smaller last one included.

    >>> steps_per_epoch(5, 2), steps_per_epoch(4, 2), steps_per_epoch(5, 8)
    (3, 2, 1)
    """
    return -(-rows // batch_size)


def check_pairs(x, y, what="x and y") -> None:
    """Raise ValueError unless there are rows, as many of labels as of examples.

    >>> check_pairs(np.ones((3, 2)), np.ones(4))
    Traceback (most recent call last):
    ValueError: x and y need as many rows each, got 3 and 4: give one label for each example
    """
    rows = [len(values) if np.ndim(values) else 0 for values in (x, y)]
    if rows[0] != rows[1]:
        raise ValueError(
            f"{what} need as many rows each, got {rows[0]} and {rows[1]}: "
            f"give one label for each example"
        )
    if not rows[0]:
        raise ValueError(f"{what} have no rows: there is nothing to learn from or to measure by")


def check_count(name: str, value, least: int = 1) -> int:
    """The value as an int; ValueError, with its name, unless it is whole and at least `least`.

    >>> check_count("batch_size", 0)
    Traceback (most recent call last):
    ValueError: batch_size must be a whole number of at least 1, got 0
    """
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if count < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return count
