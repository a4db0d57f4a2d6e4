"""A schedule set by hand: the rate of each epoch is read from a table or given by a function.

    t      epochs gone by, 0 at the first update, a floating-point tensor of any shape
    table  {epoch: rate}, each rate holding from its epoch until the next one in the table

Source: the course notes (manual adjustment).
"""

import keras
import tensorflow as tf

from shared.hyperparameters import number, whole
from tf_impl.schedules.schedule import _Schedule, floating


def manual(t, table):
    """table[e], with e the last epoch of the table that is at most t.

    >>> manual(tf.constant([0.0, 4.0, 5.0, 9.0]), {0: 0.5, 5: 0.25}).numpy().tolist()
    [0.5, 0.5, 0.25, 0.25]
    """
    t = floating("manual", t)
    # α = table[0]
    rate = tf.fill(tf.shape(t), tf.constant(table[0], t.dtype))
    for epoch in sorted(table):
        # α = table[e] where t ≥ e
        rate = tf.where(t >= epoch, tf.constant(table[epoch], t.dtype), rate)
    return rate


def checked(table):
    """The table as {int: float}; ValueError unless it has an epoch 0 and no rate below 0."""
    table = {whole("an epoch", e, 0): number(f"the rate of epoch {e}", r) for e, r in table.items()}
    if 0 not in table:
        raise ValueError(
            f"the table has rates from epoch {min(table, default=None)} on, and none for the "
            f"epochs before: add the rate of epoch 0"
        )
    return table


@keras.saving.register_keras_serializable("tf_impl")
class ManualSchedule(_Schedule):
    """Schedule of manual: a table {epoch: rate}, or a callable that is given t and returns a rate.

    Epochs are steps if steps_per_epoch is 1. keras.optimizers.schedules.PiecewiseConstantDecay
    changes after a boundary; here a rate holds from its epoch on, that epoch included.

    A callable is given a float64 tensor, in a compiled step a symbolic one, and has to work on it
    element by element; what it returns is not checked. To be saved it must be registered with
    keras.saving.register_keras_serializable.

    >>> schedule = ManualSchedule({0: 0.1, 5: 0.01})
    >>> [float(schedule(epoch)) for epoch in (4, 5)]
    [0.1, 0.01]
    """

    def __init__(self, table, steps_per_epoch=1, dtype="float64"):
        super().__init__(steps_per_epoch, dtype)
        self.table = table if callable(table) else checked(dict(table))

    def rate(self, t):
        rate = self.table(t) if callable(self.table) else manual(t, self.table)
        # not tf.cast, which would take a Python number through float32
        return rate if tf.is_tensor(rate) else tf.constant(rate, t.dtype)

    def get_config(self):
        # pairs: the keys of a dict would come back from JSON as strings
        pairs = None if callable(self.table) else [list(pair) for pair in self.table.items()]
        table = pairs or keras.saving.serialize_keras_object(self.table)
        return {**super().get_config(), "table": table}

    @classmethod
    def from_config(cls, config):
        table = keras.saving.deserialize_keras_object(config["table"])
        return cls(**{**config, "table": table})
