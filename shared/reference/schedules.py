"""Learning-rate schedules in float64: the oracle that both halves are measured against.

Each is a function of t alone, the number of epochs gone by, from 0: nothing is remembered between
two calls. PlateauDecay, which follows the validation loss, is a function of all losses so far.

    t       epochs gone by, 0 at the first update; any shape, element by element
    α₀      initial_learning_rate                     k   decay_rate
    T       decay_epochs or warmup_epochs             e   end_factor: share of α₀ at t = T

Source: the course notes (exponential, inverse, step, plateau, manual); Loshchilov & Hutter 2017,
SGDR (cosine); Goyal et al. 2017, Accurate, Large Minibatch SGD (warm-up).
"""

import numpy as np


def exponential_decay(t, initial_learning_rate, decay_rate):
    """α₀ exp(−k t).

    >>> round(float(exponential_decay(10, 0.1, 0.01)), 7)
    0.0904837
    """
    return initial_learning_rate * np.exp(-decay_rate * np.asarray(t))


def inverse_decay(t, initial_learning_rate, decay_rate):
    """α₀ / (1 + k t).

    >>> round(float(inverse_decay(10, 0.1, 0.01)), 7)
    0.0909091
    """
    return initial_learning_rate / (1 + decay_rate * np.asarray(t))


def step_decay(t, initial_learning_rate, factor, every):
    """α₀ factor^⌊t / every⌋.

    >>> step_decay([4, 5, 10], 0.1, factor=0.5, every=5).tolist()
    [0.1, 0.05, 0.025]
    """
    return initial_learning_rate * factor ** np.floor(np.asarray(t) / every)


def polynomial_decay(t, initial_learning_rate, decay_epochs, power=1.0, end_factor=0.0):
    """α₀ (e + (1 − e) (1 − t/T)^power), and α₀ e from T on.

    >>> polynomial_decay([0, 3, 5], 1.0, decay_epochs=4, power=2.0).tolist()
    [1.0, 0.0625, 0.0]
    """
    # T − t before the division: where t is nearly T, 1 − t/T has lost its digits
    left = (decay_epochs - np.minimum(t, decay_epochs)) / decay_epochs
    return initial_learning_rate * (end_factor + (1 - end_factor) * left**power)


def cosine_decay(t, initial_learning_rate, decay_epochs, end_factor=0.0):
    """α₀ (e + (1 − e) (1 + cos(π t/T)) / 2), and α₀ e from T on.

    (1 + cos(π t/T)) / 2 = sin²(π (1 − t/T) / 2), which does not cancel near T.

    >>> cosine_decay([0, 8], 1.0, decay_epochs=4, end_factor=0.25).tolist()
    [1.0, 0.25]
    """
    left = (decay_epochs - np.minimum(t, decay_epochs)) / decay_epochs
    wave = np.sin(np.pi / 2 * left) ** 2
    return initial_learning_rate * (end_factor + (1 - end_factor) * wave)


def linear_warmup(t, initial_learning_rate, warmup_epochs, start_factor=1 / 3):
    """α₀ (s + (1 − s) t/T), s the start_factor, and α₀ from T on.

    >>> linear_warmup([0, 2, 9], 1.0, warmup_epochs=4, start_factor=0.5).tolist()
    [0.5, 0.75, 1.0]
    """
    done = np.minimum(t, warmup_epochs) / warmup_epochs
    return initial_learning_rate * (start_factor + (1 - start_factor) * done)


def manual(t, table):
    """table[e] with e the last epoch of the table that is at most t; the table has an epoch 0.

    >>> manual([0, 4, 5, 9], {0: 0.1, 5: 0.01}).tolist()
    [0.1, 0.1, 0.01, 0.01]
    """
    epochs = np.sort(np.array(list(table)))
    rates = np.array([table[epoch] for epoch in epochs])
    return rates[np.searchsorted(epochs, t, side="right") - 1]


def plateau_decay(
    metrics,
    initial_learning_rate,
    factor=0.1,
    patience=3,
    min_delta=0.0,
    cooldown=0,
    min_lr=0.0,
):
    """The rate after each metric: × factor at each `patience` epochs in a row without improvement.

    An epoch improves if its metric is below that of the last improvement by more than min_delta;
    NaN never does. The `cooldown` epochs after a reduction are not counted. No reduction goes below
    min_lr.

    >>> plateau_decay([5.0, 4.0, 4.0, 6.0, 4.0, 4.0], 0.5, factor=0.5).tolist()
    [0.5, 0.5, 0.5, 0.5, 0.25, 0.25]
    """
    rates, counted_from, rate = [], 0, initial_learning_rate
    for epoch, metric in enumerate(metrics):
        best = min(_improvements(metrics[:epoch], min_delta), default=np.inf)
        # an improvement starts the count anew, and so does a reduction
        if metric < best - min_delta:
            counted_from = max(counted_from, epoch + 1)
        if epoch + 1 - counted_from == patience:
            rate = min(rate, max(rate * factor, min_lr))
            counted_from = epoch + 1 + cooldown
        rates.append(rate)
    return np.array(rates)


def _improvements(metrics, min_delta):
    """The metrics that were an improvement when they came."""
    found = []
    for metric in metrics:
        if metric < min(found, default=np.inf) - min_delta:
            found.append(metric)
    return found
