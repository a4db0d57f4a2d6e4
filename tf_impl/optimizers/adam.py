"""Adam and AdamW: Keras optimizers."""

from typing import ClassVar

import keras

from tf_impl.optimizers import updates
from tf_impl.optimizers.base import Optimizer


@keras.saving.register_keras_serializable("tf_impl")
class Adam(Optimizer):
    """m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², W ← W − αm̂/√(v̂ + ε).

    m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ). ε stands where `epsilon_form` says: "inside" the root, as
    in the notes; "outside", √v̂ + ε, as in Algorithm 1 of the paper and in torch.optim.Adam; or as
    its ε̂, "hat", m̂√(1 − β₂ᵗ)/(√v + ε), as in keras.optimizers.Adam. A gradient whose square
    overflows, in float32 from about 6e20 on, makes v infinite, and its element never moves again:
    clip first. With ε = 0 an element without any gradient so far is 0/0, NaN.

    Source: D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, 2015.

    >>> import tensorflow as tf
    >>> W = keras.Variable([1.0, 1.0])
    >>> Adam(0.5, epsilon=0.0).apply([tf.constant([4.0, -0.25])], [W])
    >>> W.numpy().tolist()  # the first step is of the size of α, whatever the gradient's
    [0.5, 1.5]
    """

    update = staticmethod(updates.adam)
    HYPERPARAMETERS = ("beta_1", "beta_2", "epsilon", "epsilon_form")
    FORMS: ClassVar = {"epsilon_form": ("inside", "outside", "hat")}

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        epsilon_form="inside",
        **kwargs,
    ):
        options = {
            "beta_1": beta_1,
            "beta_2": beta_2,
            "epsilon": epsilon,
            "epsilon_form": epsilon_form,
        }
        super().__init__(learning_rate, options, **kwargs)

    def starts(self):
        return {"first_moment": 0.0, "second_moment": 0.0}

    def rates(self, learning_rate, t):
        return learning_rate, updates.unbias(self.beta_1, t), updates.unbias(self.beta_2, t)


@keras.saving.register_keras_serializable("tf_impl")
class AdamW(Adam):
    """W ← W − αλW, then Adam, λ being `weight_decay`: decay that is not part of the gradient.

    Variables that `exclude_from_weight_decay` names do not decay. Source: I. Loshchilov, F. Hutter,
    Decoupled weight decay regularization, 2019.
    """

    update = staticmethod(updates.adamw)

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.01,
        epsilon_form="inside",
        **kwargs,
    ):
        options = (beta_1, beta_2, epsilon, epsilon_form)
        super().__init__(learning_rate, *options, weight_decay=weight_decay, **kwargs)

    def options(self, variable):
        decays = self.weight_decay and self._use_weight_decay(variable)
        decay = float(self.weight_decay) if decays else 0.0
        return {**super().options(variable), "weight_decay": decay}

    def _apply_weight_decay(self, variables):
        """The update holds the decay, which Keras would otherwise do a second time."""
