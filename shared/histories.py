"""What a training run leaves behind: each recorded quantity, step by step."""

import numpy as np

TENSORS = ("loss", "g_W", "g_b", "W", "b")  # of a model with one weight tensor and one bias


def record(step, steps, array=np.asarray, names=TENSORS):
    """Take `steps` steps and keep what each returns: name -> array of shape (steps, …).

    `array` turns what a step returns into NumPy; each is copied, since the next step may reuse it.

    >>> record(lambda: (1.0, np.ones(2)), steps=3, names=("loss", "W"))["W"].shape
    (3, 2)
    """
    rows = [[array(value).copy() for value in step()] for _ in range(steps)]
    return {name: np.stack([row[i] for row in rows]) for i, name in enumerate(names)}
