"""What every optimizer here shares: state, checks, sparse gradients. The formulas are elsewhere."""

from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from shared.hyperparameters import check


class Optimizer(keras.optimizers.Optimizer):
    """A Keras optimizer whose step is a pure function of `tf_impl.optimizers.updates`.

    Clipping, accumulation, `weight_decay` (decoupled: W ← W − αλW before the step) and the rest of
    `kwargs` are Keras's own. Repeated ids of a sparse gradient are summed before anything else
    happens to them, where Keras squares and measures them one by one.

    Hyperparameters are never rounded to float32. Keras holds the learning rate itself in a variable
    of `keras.config.floatx()`, float32 unless set otherwise: float64 parameters need
    `keras.config.set_floatx("float64")`, a rate that float32 has exactly, or a callable that
    returns a float64 tensor.

    Many small parameters step at once as one vector, see `FlatParameters`; few large ones are best
    left as they are, under XLA.

    A step counts for all parameters, also for one that had no gradient so far, as in Keras.

    Raises ValueError, naming it, for a hyperparameter that is out of its range.
    """

    HYPERPARAMETERS = ()
    FORMS: ClassVar = {}

    def __init__(self, learning_rate, options, weight_decay=None, **kwargs):
        chosen = {"learning_rate": learning_rate, **options, "weight_decay": weight_decay}
        check(chosen, self.FORMS)
        if isinstance(learning_rate, int):
            learning_rate = float(learning_rate)
        if weight_decay is not None:  # tf.cast rounds a float to float32, and not an np.float64
            weight_decay = np.float64(weight_decay)
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)
        for name, value in options.items():
            setattr(self, name, value)

    def starts(self):
        """Name of each state -> the number it begins as, or None if the options leave it out."""
        return {}

    def rates(self, learning_rate, t):
        """What an update takes that changes from step to step; t counts the steps from 1."""
        return (learning_rate,)

    def options(self, variable):
        """What an update takes that stays as it is."""
        return {name: getattr(self, name) for name in self.HYPERPARAMETERS}

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._state = [
            [None] * len(variables)
            if start is None
            else self.add_optimizer_variables(variables, name, _filled_with(start))
            for name, start in self.starts().items()
        ]

    def apply(self, grads, trainable_variables=None):
        # sums the repeated ids of a sparse gradient
        dense = [None if g is None else tf.convert_to_tensor(g) for g in grads]
        return super().apply(dense, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        state = [of_all[self._get_variable_index(variable)] for of_all in self._state]
        W, *now = (None if v is None else tf.convert_to_tensor(v) for v in (variable, *state))
        rates = (tf.cast(r, W.dtype) for r in self.rates(learning_rate, self.iterations + 1))
        g = tf.cast(gradient, W.dtype)
        after = self.update(W, g, *now, *rates, **self.options(variable))
        for old, new in zip((variable, *state), after, strict=True):
            if old is not None:
                self.assign(old, new)

    def get_config(self):
        config = super().get_config()
        if self.weight_decay is not None:
            config["weight_decay"] = float(self.weight_decay)
        return {**config, **{name: getattr(self, name) for name in self.HYPERPARAMETERS}}


def _filled_with(start):
    """An initializer; keras.initializers.Constant, and tf.cast of a float, round to float32."""
    return lambda shape, dtype: tf.fill(shape, tf.cast(np.float64(start), dtype))
