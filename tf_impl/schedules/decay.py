"""Decays: the learning rate as a formula of the epoch, and Keras's schedule of it.

    t   epochs gone by, 0 at the first update, a floating-point tensor of any shape (else TypeError)
    α₀  initial_learning_rate    k  decay_rate    T  decay_epochs    e  end_factor: α(T) = α₀ e

The rate α has the shape and dtype of t. From T on it stays at α₀ e.

Source: the course notes (exponential, inverse, step); Loshchilov & Hutter 2017, SGDR (cosine).
"""

import math

import keras
import tensorflow as tf

from shared.hyperparameters import number, whole
from tf_impl.schedules.schedule import _Schedule, floating


def exponential_decay(t, initial_learning_rate, decay_rate):
    """α₀ exp(−k t).

    >>> exponential_decay(tf.constant([0.0, 10.0], tf.float64), 0.1, 0.01).numpy().round(7)
    array([0.1      , 0.0904837])
    """
    t = floating("exponential_decay", t)
    # α = α₀ exp(−k t)
    return initial_learning_rate * tf.exp(-decay_rate * t)


def inverse_decay(t, initial_learning_rate, decay_rate):
    """α₀ / (1 + k t).

    >>> inverse_decay(tf.constant([0.0, 10.0], tf.float64), 0.1, 0.01).numpy().round(7)
    array([0.1      , 0.0909091])
    """
    t = floating("inverse_decay", t)
    # α = α₀ / (1 + k t)
    return initial_learning_rate / (1 + decay_rate * t)


def step_decay(t, initial_learning_rate, factor, every):
    """α₀ factor^⌊t / every⌋.

    >>> step_decay(tf.constant([4.0, 5.0, 10.0]), 1.0, factor=0.5, every=5).numpy().tolist()
    [1.0, 0.5, 0.25]
    """
    t = floating("step_decay", t)
    # α = α₀ factor^⌊t / every⌋
    return initial_learning_rate * factor ** tf.floor(t / every)


def polynomial_decay(t, initial_learning_rate, decay_epochs, power=1.0, end_factor=0.0):
    """α₀ (e + (1 − e) (1 − t/T)^power).

    >>> polynomial_decay(tf.constant([0.0, 3.0, 5.0]), 1.0, 4, power=2.0).numpy().tolist()
    [1.0, 0.0625, 0.0]
    """
    left = _left(floating("polynomial_decay", t), decay_epochs)
    # α = α₀ (e + (1 − e) s^power)
    return initial_learning_rate * (end_factor + (1 - end_factor) * left**power)


def cosine_decay(t, initial_learning_rate, decay_epochs, end_factor=0.0):
    """α₀ (e + (1 − e) (1 + cos(π t/T)) / 2).

    Computed by sin²(π (1 − t/T) / 2), which is the same and does not cancel near T.

    >>> cosine_decay(tf.constant([0.0, 8.0]), 1.0, 4, end_factor=0.25).numpy().tolist()
    [1.0, 0.25]
    """
    left = _left(floating("cosine_decay", t), decay_epochs)
    # α = α₀ (e + (1 − e) sin²(π s / 2))
    wave = tf.sin(math.pi / 2 * left) ** 2
    return initial_learning_rate * (end_factor + (1 - end_factor) * wave)


def _left(t, decay_epochs):
    # T − t before the division: where t is nearly T, 1 − t/T has lost its digits
    # s = (T − min(t, T)) / T
    return (decay_epochs - tf.minimum(t, decay_epochs)) / decay_epochs


class _Decay(_Schedule):
    """What the classes below share: they start from initial_learning_rate."""

    def __init__(self, initial_learning_rate, steps_per_epoch, dtype):
        super().__init__(steps_per_epoch, dtype)
        self.initial_learning_rate = number("initial_learning_rate", initial_learning_rate)


@keras.saving.register_keras_serializable("tf_impl")
class ExponentialDecay(_Decay):
    """Schedule of exponential_decay: α₀ exp(−k t), t in epochs, or in steps if one is an epoch.

    keras.optimizers.schedules.ExponentialDecay has α₀ rate^(step / decay_steps): here
    k = −ln(rate) / decay_steps.

    >>> schedule = ExponentialDecay(0.1, decay_rate=0.01, steps_per_epoch=3)
    >>> [round(float(schedule(step)), 7) for step in (0, 2, 3, 30)]
    [0.1, 0.1, 0.099005, 0.0904837]
    """

    def __init__(self, initial_learning_rate, decay_rate, steps_per_epoch=1, dtype="float64"):
        super().__init__(initial_learning_rate, steps_per_epoch, dtype)
        self.decay_rate = number("decay_rate", decay_rate)

    def rate(self, t):
        return exponential_decay(t, self.initial_learning_rate, self.decay_rate)


@keras.saving.register_keras_serializable("tf_impl")
class InverseDecay(_Decay):
    """Schedule of inverse_decay: α₀ / (1 + k t), t in epochs, or in steps if one is an epoch.

    keras.optimizers.schedules.InverseTimeDecay has decay_rate / decay_steps for k.
    """

    def __init__(self, initial_learning_rate, decay_rate, steps_per_epoch=1, dtype="float64"):
        super().__init__(initial_learning_rate, steps_per_epoch, dtype)
        self.decay_rate = number("decay_rate", decay_rate)

    def rate(self, t):
        return inverse_decay(t, self.initial_learning_rate, self.decay_rate)


@keras.saving.register_keras_serializable("tf_impl")
class StepDecay(_Decay):
    """Schedule of step_decay: × factor every so many epochs, or steps if one is an epoch.

    It is keras.optimizers.schedules.ExponentialDecay with staircase=True.
    """

    def __init__(self, initial_learning_rate, factor, every, steps_per_epoch=1, dtype="float64"):
        super().__init__(initial_learning_rate, steps_per_epoch, dtype)
        self.factor = number("factor", factor)
        self.every = whole("every", every)

    def rate(self, t):
        return step_decay(t, self.initial_learning_rate, self.factor, self.every)


@keras.saving.register_keras_serializable("tf_impl")
class PolynomialDecay(_Decay):
    """Schedule of polynomial_decay, t and decay_epochs in epochs, or in steps if one is an epoch.

    keras.optimizers.schedules.PolynomialDecay is given the last rate itself, α₀ e, as
    end_learning_rate, which is 0.0001 unless said.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_epochs,
        power=1.0,
        end_factor=0.0,
        steps_per_epoch=1,
        dtype="float64",
    ):
        super().__init__(initial_learning_rate, steps_per_epoch, dtype)
        self.decay_epochs = whole("decay_epochs", decay_epochs)
        self.power = number("power", power)
        self.end_factor = number("end_factor", end_factor, most=1)

    def rate(self, t):
        options = self.decay_epochs, self.power, self.end_factor
        return polynomial_decay(t, self.initial_learning_rate, *options)


@keras.saving.register_keras_serializable("tf_impl")
class CosineDecay(_Decay):
    """Schedule of cosine_decay, t and decay_epochs in epochs, or in steps if one is an epoch.

    keras.optimizers.schedules.CosineDecay calls end_factor alpha.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_epochs,
        end_factor=0.0,
        steps_per_epoch=1,
        dtype="float64",
    ):
        super().__init__(initial_learning_rate, steps_per_epoch, dtype)
        self.decay_epochs = whole("decay_epochs", decay_epochs)
        self.end_factor = number("end_factor", end_factor, most=1)

    def rate(self, t):
        options = self.decay_epochs, self.end_factor
        return cosine_decay(t, self.initial_learning_rate, *options)
