"""A feedforward network with batch normalisation and dropout, as a Keras model.

    h₀ = x (n, D),  h_r = Φ(BN(h_{r−1} W_r)) ⊙ m_r / (1 − p),  z = h W + b
    m_r (n, U_r)  mask of a hidden layer, true where a unit is kept

The mean of a batch takes any bias away again, so that the linear layers before BN have none. Masks
are drawn anew for each batch. Two networks that are to drop alike are handed the same masks: they
stand behind the features of x (n, D + U₁ + U₂ + …), 1 for what is kept, and so come with each batch
whatever reads it.

Its layers are called linear_1, batch_norm_1, activation_1, dropout_1, linear_2, … in both halves,
so that weights and running statistics move by name.

Source: Introduction to Deep Learning, Unit 1 (multilayer networks); Ioffe & Szegedy 2015, Batch
Normalization; Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout.
"""

from itertools import repeat

import keras
import tensorflow as tf

from tf_impl.layers import Activation, BatchNorm, Dropout, Linear
from tf_impl.layers.linear import expect


@keras.saving.register_keras_serializable("tf_impl")
class FeedForward(keras.Model):
    """Logits or predictions of shape (n, units[-1]) from features of shape (n, features).

    `units` are the widths of all linear layers, the last one's included; rate is the probability
    with which a hidden unit is dropped in training. Without `batch_norm` linear layers have biases.
    Running statistics are the same in both halves: `momentum` weighs the old, the variance is
    biased. Raises ValueError where x has masks for some of the hidden units only.

    >>> model = FeedForward(64, (32, 10))
    >>> [weight.path.partition("/")[2] for weight in model.weights[:3]]
    ['linear_1/kernel', 'batch_norm_1/gamma', 'batch_norm_1/beta']
    >>> x, keep = tf.ones((5, 64)), tf.zeros((5, 32))
    >>> bool(tf.reduce_all(model(tf.concat([x, keep], 1), training=True) == 0))  # the bias, at 0
    True
    """

    def __init__(
        self, features, units, activation="relu", rate=0.5, batch_norm=True, momentum=0.9,
        epsilon=1e-3, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.features, self.units = features, tuple(units)
        *self.hidden, outputs = self.units
        self.activation, self.rate = Activation(activation).activation, rate
        self.batch_norm, self.momentum, self.epsilon = batch_norm, momentum, epsilon
        own = {"dtype": self.dtype_policy}
        self.steps = []
        for r, U in enumerate(self.hidden, 1):
            self.steps.append(Linear(U, not batch_norm, name=f"linear_{r}", **own))
            if batch_norm:
                kept = {"momentum_of": "old", "unbiased": False, **own}
                self.steps.append(BatchNorm(momentum, epsilon, name=f"batch_norm_{r}", **kept))
            self.steps.append(Activation(activation, name=f"activation_{r}", **own))
            self.steps.append(Dropout(rate, name=f"dropout_{r}", **own))
        self.steps.append(Linear(outputs, name=f"linear_{len(self.units)}", **own))
        self.build((None, features))

    def build(self, input_shape):
        D = self.features
        for step in self.steps:
            step.build((None, D))
            D = step.units if isinstance(step, Linear) else D

    def call(self, x):
        h, masks = x[:, : self.features], self._masks(x)
        for step in self.steps:
            # h ← h W + b, BN(h), Φ(h) or h ⊙ m / (1 − p)
            h = step(h, keep=next(masks)) if isinstance(step, Dropout) else step(h)
        return h

    def _masks(self, x):
        """The mask of each hidden layer, or None for each that is to draw its own."""
        if x.shape[1] == self.features:
            return repeat(None)
        columns = self.features + sum(self.hidden)
        expect("FeedForward", "x, with a mask for each hidden unit,", (None, columns), x.shape)
        return iter(tf.split(x[:, self.features :] > 0, self.hidden, axis=1))

    def classify(self, x):
        """The class with the largest logit, (n,)."""
        return tf.argmax(self(x), -1)

    def get_config(self):
        names = ("features", "units", "activation", "rate", "batch_norm", "momentum", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
