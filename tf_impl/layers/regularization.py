"""Dropout: each activation is dropped with probability p, or kept and made 1/(1 − p) as large.

    x  input, any shape    m  mask, true where x is kept    h = x ⊙ m / (1 − p)  output

Inverted, so that nothing is left to do at inference. The mask is an argument: both halves can be
handed the same one.

Source: Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout.
"""

import keras
import tensorflow as tf

from tf_impl.framework import differentiable
from tf_impl.layers.linear import expect


def dropout_gradient(g, h, x, keep, rate):
    # g_x = g ⊙ m / (1 − p)
    return tf.where(keep, g / (1 - rate), tf.zeros_like(g))


@differentiable(dropout_gradient)
def dropout(x, keep, rate):
    """x / (1 − rate) where the boolean mask keeps it, else 0, even where x is infinite or NaN.

    Raises TypeError unless the mask is boolean, and ValueError unless it has the shape of x.

    >>> dropout(tf.constant([1.0, 2.0]), tf.constant([True, False]), rate=0.5).numpy().tolist()
    [2.0, 0.0]
    """
    if keep.dtype != tf.bool:
        raise TypeError(f"dropout needs a boolean mask, got {keep.dtype.name}: pass keep != 0")
    expect("dropout", "keep", x.shape, keep.shape)
    # h = x ⊙ m / (1 − p)
    return tf.where(keep, x / (1 - rate), tf.zeros_like(x))


@keras.saving.register_keras_serializable("tf_impl")
class Dropout(keras.layers.Layer):
    """Layer of dropout in training, its mask drawn unless given; at inference x itself.

    A seed gives the masks that keras.layers.Dropout draws from it.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"Dropout needs a rate from 0 to 1, got {rate}")
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False, keep=None):
        if not training:
            return x
        if keep is None:
            keep = keras.random.uniform(tf.shape(x), seed=self.seed_generator) >= self.rate
        return dropout(x, keep, self.rate)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
