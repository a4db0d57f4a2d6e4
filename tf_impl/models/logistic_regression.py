"""Logistic regression, ŷ = σ(xW + b): a Keras model, and its training by batch gradient descent.

    x (n, D)  features     y (n,)  labels 0 or 1     W (D,), b ()  weights
    L = mean(−y log ŷ − (1 − y) log(1 − ŷ))

Source: Introduction to Deep Learning, Unit 1 (insurance by age and affordability).
"""

import keras
import tensorflow as tf

from shared.histories import record
from tf_impl.activations import sigmoid
from tf_impl.framework import array, compiled
from tf_impl.losses import binary_cross_entropy_with_logits


@keras.saving.register_keras_serializable("tf_impl")
class LogisticRegression(keras.Model):
    """Probability of the label 1, shape (n,), from features of shape (n, features)."""

    def __init__(self, features, **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self.W = self.add_weight(shape=(features,), initializer="zeros", name="W")
        self.b = self.add_weight(shape=(), initializer="zeros", name="b")
        self.built = True

    def logits(self, x):
        # z = xW + b
        return tf.linalg.matvec(x, self.W) + self.b

    def call(self, x):
        # ŷ = σ(z)
        return sigmoid(self.logits(x))

    def classify(self, x):
        """1 where the probability is at least 0.5, else 0."""
        return tf.cast(self(x) >= 0.5, tf.int32)

    def get_config(self):
        return {**super().get_config(), "features": self.features}


def gradients_by_hand(x, y, z):
    """(∂L/∂W, ∂L/∂b) as derived on paper, without a tape."""
    # e = ŷ − y
    e = sigmoid(z) - y
    # ∂L/∂W = mean x(ŷ − y), ∂L/∂b = mean(ŷ − y)
    return tf.reduce_mean(x * e[:, None], 0), tf.reduce_mean(e)


def training_step(model, x, y, learning_rate, mode="eager", by_hand=False):
    """A function of nothing that takes one step: (L, ∂L/∂W, ∂L/∂b, W, b), the weights new."""

    def by_derivation():
        z = model.logits(x)
        return binary_cross_entropy_with_logits(y, z), *gradients_by_hand(x, y, z)

    def by_tape():
        with tf.GradientTape() as tape:
            L = binary_cross_entropy_with_logits(y, model.logits(x))
        return L, *tape.gradient(L, [model.W.value, model.b.value])

    def step():
        L, g_W, g_b = by_derivation() if by_hand else by_tape()
        # W ← W − α ∂L/∂W, b ← b − α ∂L/∂b
        model.W.assign_sub(learning_rate * g_W)
        model.b.assign_sub(learning_rate * g_b)
        return L, g_W, g_b, tf.identity(model.W), tf.identity(model.b)

    return compiled(step, mode)


def gradient_descent(model, x, y, learning_rate, steps, mode="eager", by_hand=False):
    """Train in place on all rows at once; every step's loss and gradients, and the weights after.

    Returns name -> NumPy array of shape (steps, …) for "loss", "g_W", "g_b", "W" and "b".
    """
    step = training_step(model, x, y, learning_rate, mode, by_hand)
    return record(step, steps, array)
