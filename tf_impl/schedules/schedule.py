"""What all schedules share: the epoch that a step belongs to, and checks of what they are given."""

import keras
import tensorflow as tf

from shared.hyperparameters import whole


class _Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate for each step, by a formula of t = ⌊step / steps_per_epoch⌋, its epoch.

    With steps_per_epoch=1 an epoch is a step, and the schedule counts steps. Nothing is remembered
    between calls, so drawing a schedule does not change it; steps may have any shape.

    Keras's own schedules compute in float32, whatever the weights are, when they are made of Python
    numbers. Here the rate is computed in float64 and returned in `dtype`; Keras's optimizers round
    it to the dtype of the weights.
    """

    def __init__(self, steps_per_epoch, dtype):
        self.steps_per_epoch = whole("steps_per_epoch", steps_per_epoch)
        self.dtype = tf.as_dtype(dtype).name

    def __call__(self, step):
        # t = ⌊step / steps_per_epoch⌋
        t = tf.math.floordiv(tf.cast(step, tf.float64), self.steps_per_epoch)
        return tf.cast(self.rate(t), self.dtype)

    def get_config(self):
        return dict(vars(self))


def floating(function, t):
    """t, which must be a floating-point tensor: the rate takes its dtype."""
    if not (tf.is_tensor(t) and t.dtype.is_floating):
        given = t.dtype.name if tf.is_tensor(t) else type(t).__name__
        raise TypeError(
            f"{function} needs t as a floating-point tensor, got {given}: "
            f"pass tf.cast(t, tf.float64)"
        )
    return t
