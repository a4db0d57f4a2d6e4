"""A feedforward network on digits, with batch normalisation and dropout, masks shared."""

from functools import cache

import numpy as np

from shared.catalogue.concept import network_row
from shared.catalogue.images import CLASSES
from shared.catalogue.training import rounded
from shared.data import load_digits
from shared.feedforward_cases import FeedForwardCase, network
from shared.network_cases import mean_loss

ROWS, BATCH = 32, 8  # of the short runs that are compared, four steps each
UNITS = (8, 6, CLASSES)


def masked_digits(rows=ROWS, hidden=UNITS[:-1], rate=0.5, seed=5):
    """The first digits with masks behind them (rows, 64 + hidden units), and their classes."""
    x, y = load_digits()
    keep = np.random.default_rng(seed).random((rows, sum(hidden))) >= rate
    return np.concatenate([rounded(x[:rows]), keep], axis=1), y[:rows]


@cache
def feedforward(**options):
    """Digits by two hidden layers, each with a mask of its own for each row."""
    rate = options.get("rate", 0.5)
    x, y = masked_digits(rate=rate)
    made = network(x.shape[1] - sum(UNITS[:-1]), UNITS, **options)
    objective = mean_loss("softmax_cross_entropy")
    return FeedForwardCase(*made, x, y, objective, batch_size=BATCH)


FEEDFORWARD = (
    network_row(
        "feedforward", "h ← Φ(BN(h W)) ⊙ m / (1 − p), z = h W + b", ROWS // BATCH,
        {}, {"rate": 0.25, "activation": "tanh"}, {"batch_norm": False},
        source="Ioffe & Szegedy 2015; Srivastava et al. 2014",
    ),
)  # fmt: skip
CASES = {"feedforward": feedforward}
