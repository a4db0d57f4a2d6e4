"""Warm-up: the learning rate rises in a straight line, then stays or follows another schedule.

    t   epochs gone by, 0 at the first update, a floating-point tensor of any shape
    α₀  initial_learning_rate    T  warmup_epochs    s  start_factor: α(0) = α₀ s

Source: Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, section 2.2.
"""

import keras
import tensorflow as tf

from shared.hyperparameters import number, whole
from tf_impl.schedules.decay import _Decay
from tf_impl.schedules.schedule import floating


def linear_warmup(t, initial_learning_rate, warmup_epochs, start_factor=1 / 3):
    """α₀ (s + (1 − s) t/T), and α₀ from T on.

    >>> linear_warmup(tf.constant([0.0, 2.0, 9.0]), 1.0, 4, start_factor=0.5).numpy().tolist()
    [0.5, 0.75, 1.0]
    """
    t = floating("linear_warmup", t)
    # p = min(t, T) / T
    done = tf.minimum(t, warmup_epochs) / warmup_epochs
    # α = α₀ (s + (1 − s) p)
    return initial_learning_rate * (start_factor + (1 - start_factor) * done)


@keras.saving.register_keras_serializable("tf_impl")
class LinearWarmup(_Decay):
    """Schedule of linear_warmup, t and warmup_epochs in epochs, or in steps if one is an epoch.

    `after`, another schedule, takes over when it is done, and starts then from its own step 0.
    With start_factor=0 the first epoch is without effect.

    >>> schedule = LinearWarmup(0.5, warmup_epochs=2, start_factor=0.5)
    >>> [float(schedule(step)) for step in range(4)]
    [0.25, 0.375, 0.5, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate,
        warmup_epochs,
        start_factor=1 / 3,
        after=None,
        steps_per_epoch=1,
        dtype="float64",
    ):
        super().__init__(initial_learning_rate, steps_per_epoch, dtype)
        self.warmup_epochs = whole("warmup_epochs", warmup_epochs)
        self.start_factor = number("start_factor", start_factor, most=1)
        self.after = after
        if not isinstance(after, keras.optimizers.schedules.LearningRateSchedule | None):
            raise TypeError(f"after must be a LearningRateSchedule, got {type(after).__name__}")

    def __call__(self, step):
        rising = super().__call__(step)
        if self.after is None:
            return rising
        past = tf.cast(step, tf.float64) - self.warmup_epochs * self.steps_per_epoch
        then = self.after(tf.maximum(past, 0))
        return tf.where(past < 0, rising, tf.cast(then, self.dtype))

    def rate(self, t):
        return linear_warmup(t, self.initial_learning_rate, self.warmup_epochs, self.start_factor)

    def get_config(self):
        after = self.after and keras.optimizers.schedules.serialize(self.after)
        return {**super().get_config(), "after": after}

    @classmethod
    def from_config(cls, config):
        after = config["after"] and keras.optimizers.schedules.deserialize(config["after"])
        return cls(**{**config, "after": after})
