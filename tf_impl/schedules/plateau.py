"""Reduction on a plateau: the rate falls when the validation loss has stopped improving.

    metric     the loss of an epoch          patience   epochs in a row without improvement
    best       the last improvement's metric, ∞ at first          min_delta, cooldown, min_lr

An epoch improves if metric < best − min_delta; NaN never does. Exactly `patience` epochs in a row
without improvement reduce the rate, after which `cooldown` epochs are not counted.

Source: the course notes (monitoring validation loss).
"""

from typing import NamedTuple

import keras

from shared.hyperparameters import number, whole


class PlateauState(NamedTuple):
    """What is remembered from epoch to epoch."""

    best: float = float("inf")
    waited: int = 0  # epochs counted without improvement
    resting: int = 0  # epochs yet to pass uncounted


def plateau_decay(state, metric, patience=3, min_delta=0.0, cooldown=0):
    """(state after an epoch with this metric, whether the rate is to be reduced).

    >>> state, reductions = PlateauState(), []
    >>> for metric in (5.0, 4.0, 4.0, 6.0, 4.0):
    ...     state, reduce = plateau_decay(state, metric)
    ...     reductions.append(reduce)
    >>> reductions
    [False, False, False, False, True]
    """
    best, waited, resting = state
    improved = metric < best - min_delta
    if improved:
        best = metric
    # a resting epoch is not counted, but its improvement is kept
    waited = 0 if improved or resting else waited + 1
    resting = max(0, resting - 1)
    if waited < patience:
        return PlateauState(best, waited, resting), False
    return PlateauState(best, 0, cooldown), True


def reduced(rate, factor, min_lr=0.0):
    """rate · factor, but not below min_lr; a rate that is below it already stays.

    >>> reduced(0.5, 0.5), reduced(0.5, 0.5, min_lr=0.375), reduced(0.25, 0.5, min_lr=0.375)
    (0.25, 0.375, 0.25)
    """
    # α ← min(α, max(α factor, min_lr))
    return min(rate, max(rate * factor, min_lr))


class PlateauDecay(keras.callbacks.Callback):
    """Callback of plateau_decay: × factor after `patience` epochs in a row without improvement.

    keras.callbacks.ReduceLROnPlateau waits as long, but asks for an improvement of 1e-4 unless
    told, takes any first loss for one, after a NaN none, and counts the last epoch of a cooldown.

    Keras keeps a settable rate in keras.config.floatx(), where each reduction is rounded. The state
    outlives `fit`, so that a second call goes on; take a new callback for a new training. In
    another process, set the state with load_state_dict.

    >>> model = keras.Sequential()
    >>> model.compile(keras.optimizers.SGD(0.5))
    >>> schedule = PlateauDecay(factor=0.5, patience=2)
    >>> schedule.set_model(model)
    >>> for loss in (4.0, 4.0, 4.0):
    ...     schedule.step(loss)
    >>> float(model.optimizer.learning_rate)
    0.25
    """

    def __init__(
        self, factor=0.1, patience=3, min_delta=0.0, cooldown=0, min_lr=0.0, monitor="val_loss"
    ):
        super().__init__()
        self.factor = number("factor", factor, most=1)
        self.patience = whole("patience", patience)
        self.min_delta = number("min_delta", min_delta)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.min_lr = number("min_lr", min_lr)
        self.monitor = monitor
        self.state = PlateauState()

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        if self.monitor not in logs:
            raise ValueError(
                f"PlateauDecay follows {self.monitor!r}, which epoch {epoch} does not report "
                f"(only {', '.join(logs) or 'nothing'}): pass fit validation data, or another "
                f"monitor"
            )
        # as Keras's own does, for the history: the rate of the epoch that ends
        logs["learning_rate"] = float(
            keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        )
        self.step(logs[self.monitor])

    def step(self, metric):
        """Count an epoch with this metric, and reduce the optimizer's rate if it is time."""
        options = self.patience, self.min_delta, self.cooldown
        self.state, reduce = plateau_decay(self.state, float(metric), *options)
        if reduce:
            optimizer = self.model.optimizer
            rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
            optimizer.learning_rate = reduced(rate, self.factor, self.min_lr)

    def state_dict(self):
        """The state as plain numbers, for a file of one's own."""
        return self.state._asdict()

    def load_state_dict(self, state_dict):
        """Go on from a state."""
        self.state = PlateauState(**state_dict)
