"""Gradient descent, its two kinds of momentum, and a rate for each element: Keras optimizers."""

from typing import ClassVar

import keras
import tensorflow as tf

from tf_impl.optimizers import updates
from tf_impl.optimizers.base import Optimizer


@keras.saving.register_keras_serializable("tf_impl")
class SGD(Optimizer):
    """W ← W − αg.

    >>> W = keras.Variable([1.0, 2.0])
    >>> SGD(0.5).apply([tf.constant([1.0, -1.0])], [W])
    >>> W.numpy().tolist()
    [0.5, 2.5]
    """

    update = staticmethod(updates.sgd)

    def __init__(self, learning_rate, **kwargs):
        super().__init__(learning_rate, {}, **kwargs)


@keras.saving.register_keras_serializable("tf_impl")
class Momentum(Optimizer):
    """V ← βV − αg, W ← W + V, β being `momentum`.

    That is the `velocity_form` "scaled", of the notes and of keras.optimizers.SGD: α is inside V.
    "unscaled" is that of torch.optim.SGD: V ← βV + g, W ← W − αV. They are the same as long as α
    stays, and part when it changes.
    """

    update = staticmethod(updates.momentum)
    HYPERPARAMETERS = ("momentum", "velocity_form")
    FORMS: ClassVar = {"velocity_form": ("scaled", "unscaled")}

    def __init__(self, learning_rate, momentum=0.9, velocity_form="scaled", **kwargs):
        options = {"momentum": momentum, "velocity_form": velocity_form}
        super().__init__(learning_rate, options, **kwargs)

    def starts(self):
        return {"velocity": 0.0}


@keras.saving.register_keras_serializable("tf_impl")
class Nesterov(Optimizer):
    """V ← βV − α ∂L(W + βV)/∂W, W ← W + V.

    Gradients are taken where the parameters are, so the parameters hold the look-ahead point
    x = W + βV; W is x − βV, `parameter - momentum * velocity`. The `velocity_form` "look_ahead", of
    the notes, goes back to W, takes its step and looks ahead again. "scaled" is the same in terms
    of x alone, as keras.optimizers.SGD(nesterov=True) has it: V ← βV − αg, x ← x + βV − αg.
    "unscaled" is torch's: V ← βV + g, x ← x − α(g + βV), the same as long as α stays.
    """

    update = staticmethod(updates.nesterov)
    HYPERPARAMETERS = ("momentum", "velocity_form")
    FORMS: ClassVar = {"velocity_form": ("look_ahead", "scaled", "unscaled")}

    def __init__(self, learning_rate, momentum=0.9, velocity_form="look_ahead", **kwargs):
        options = {"momentum": momentum, "velocity_form": velocity_form}
        super().__init__(learning_rate, options, **kwargs)

    def starts(self):
        return {"velocity": 0.0}


@keras.saving.register_keras_serializable("tf_impl")
class DeltaBarDelta(Optimizer):
    """W ← W − r ⊙ g, with a rate for each element: up by κ, or down by the share φ of itself.

    Up where g has the sign of its running average ḡ ← θḡ + (1 − θ)g of the steps before, down where
    it has the other. For full batches only: the noise of mini-batches flips signs, and the rates
    would follow it.

    All rates begin as the learning rate. A later change of that changes nothing: the rates are
    state, and a schedule has no say in them. Source: R. A. Jacobs, 1988.
    """

    update = staticmethod(updates.delta_bar_delta)
    HYPERPARAMETERS = ("kappa", "phi", "theta")

    def __init__(self, learning_rate, kappa=0.01, phi=0.1, theta=0.7, **kwargs):
        super().__init__(learning_rate, {"kappa": kappa, "phi": phi, "theta": theta}, **kwargs)

    def starts(self):
        with tf.init_scope():  # as a number, also while a tf.function is traced
            return {"rate": float(self.learning_rate), "mean_gradient": 0.0}

    def rates(self, learning_rate, t):
        return ()
