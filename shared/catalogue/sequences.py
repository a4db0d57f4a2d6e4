"""Recurrent networks: on a series of numbers, the sunspots, and on a text, a poem."""

from functools import cache, partial

import numpy as np

from shared.catalogue.concept import network_row
from shared.catalogue.training import rounded
from shared.data import load_poem, load_sunspots
from shared.network_cases import mean_loss
from shared.sequence_cases import SequenceCase, WindowCase, masked_mean_loss, network

YEARS, UNITS = 5, 4  # read for each prediction; of the networks whose runs are compared
ROWS, BATCH = 32, 8  # of the short runs that are compared, four steps each
FULL = 128.0  # sunspots that count as 1
END = "\n"  # begins a line and ends it
CHARACTERS = 6  # of each line, in the runs that are compared


def years(length=YEARS, rows=None):
    """Sunspots of `length` years in a row (rows, length, 1), and of the year behind (rows, 1)."""
    _, sunspots = load_sunspots()
    series = rounded(sunspots / FULL)
    seen = np.lib.stride_tricks.sliding_window_view(series, length + 1)[:rows]
    return seen[:, :-1, None].copy(), seen[:, -1:].copy()


def alphabet():
    """The ids of the poem's characters, from 1 on; 0 is padding."""
    return {letter: i for i, letter in enumerate(sorted({END, *"".join(load_poem()).lower()}), 1)}


def lines(most=None):
    """Ids of what is read and of what comes next, (108, T) both; shorter lines end in 0.

    A line is read from the end of the one before, in lower case, up to `most` characters of it.
    """
    ids = alphabet()
    texts = [f"{END}{line.lower()}{END}"[: most and most + 1] for line in load_poem()]
    longest = max(map(len, texts))
    padded = np.array([[ids[c] for c in t] + [0] * (longest - len(t)) for t in texts])
    return np.where(padded[:, 1:] == 0, 0, padded[:, :-1]), padded[:, 1:].copy()


@cache
def sunspots(function):
    """The year to come from the years before it."""
    x, y = years(rows=ROWS)
    return SequenceCase(
        *network(function, 1, UNITS, 1), x, y, mean_loss("mean_squared_error"), batch_size=BATCH
    )


@cache
def poem(function, every_step=True):
    """The next character, at every step or the last one, of lines that are cut off anywhere."""
    x, y = (ids[:ROWS] for ids in lines(CHARACTERS))
    ends = np.random.default_rng(0).integers(1, CHARACTERS + 1, ROWS)
    read = np.arange(CHARACTERS) < ends[:, None]
    classes = len(alphabet()) + 1
    made = network(function, classes, UNITS, classes, every_step, masked=True)
    if every_step:
        return SequenceCase(*made, x * read, y * read, masked_mean_loss, batch_size=BATCH)
    y = y[np.arange(ROWS), ends - 1]
    return SequenceCase(*made, x * read, y, mean_loss("softmax_cross_entropy"), batch_size=BATCH)


@cache
def windows(function):
    """Six stretches of the sunspots side by side, by windows, the last one shorter."""
    x, y = years(length=1)
    x, y = (np.reshape(values[:300], (6, 50, 1))[:, :22] for values in (x, y))
    made = network(function, 1, UNITS, 1, every_step=True)
    return WindowCase(*made, x, y, mean_loss("mean_squared_error"), length=YEARS)


FORMULA = "h ← {}, z = h W + b"
STEPS = {
    "rnn": ("simple_rnn", "tanh(xW + hR + b)", "Elman 1990"),
    "lstm": ("lstm", "σ(z_o) tanh(c), c ← σ(z_f) c + σ(z_i) tanh(z_n)",
             "Hochreiter & Schmidhuber 1997"),
    "gru": ("gru", "u h + (1 − u) tanh(a_n + r m_n)", "Cho et al. 2014"),
}  # fmt: skip
NETWORKS = {"rnn_sunspots": sunspots, "lstm_sunspots": sunspots, "gru_sunspots": sunspots,
            "lstm_poem": poem}  # fmt: skip
OPTIONS = {"lstm_poem": ({}, {"every_step": False})}


def _of(name):
    return STEPS[name.partition("_")[0]]


SEQUENCES = tuple(
    network_row(
        name, FORMULA.format(_of(name)[1]), ROWS // BATCH, *OPTIONS.get(name, ({},)),
        source=_of(name)[2],
        # torch captures nn.LSTM and the like not at all, unless by a switch behind which their
        # gradients fail, and our loops over time only unrolled, every step compiled anew
        modes=("eager",),
    )
    for name in NETWORKS
)  # fmt: skip
CASES = {name: partial(case, _of(name)[0]) for name, case in NETWORKS.items()}
