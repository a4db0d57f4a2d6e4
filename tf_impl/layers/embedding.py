"""Embedding: a row of a learned table for each id.

ids  integers of any shape    E  table (N, D)    h = E[ids]  output (…, D)
"""

import keras
import tensorflow as tf

from tf_impl.framework import differentiable


def embedding_gradient(g, h, ids, embeddings):
    # g_E = Σ g over the places where each id stands
    return tf.math.unsorted_segment_sum(g, ids, embeddings.shape[0])


@differentiable(embedding_gradient, tensors=("embeddings",))
def embedding(ids, embeddings):
    """E[ids]: one-hot vectors times E without the zeros, from ids of any shape to (…, D).

    The gradients of an id that occurs twice are added. Ids are whole numbers from 0 to N − 1; what
    others give is up to the device: an error eagerly on the CPU, zeros on a GPU, the nearest row
    under XLA. Raises TypeError for ids that are not int32 or int64.

    >>> embedding(tf.constant([1, 0, 1]), tf.constant([[0.5], [2.0]])).numpy().tolist()
    [[2.0], [0.5], [2.0]]
    """
    if ids.dtype not in (tf.int32, tf.int64):
        raise TypeError(f"embedding needs ids of int32 or int64, got {ids.dtype.name}")
    # h = E[ids]
    return tf.gather(embeddings, ids)


@keras.saving.register_keras_serializable("tf_impl")
class Embedding(keras.layers.Layer):
    """Layer of embedding, its table `embeddings` (input_dim, output_dim) learned.

    Weights move to and from keras.layers.Embedding, and start as its do: uniform within ±0.05.
    Ids that Keras has made floating-point numbers on their way here are made whole again.
    """

    def __init__(self, input_dim, output_dim, **kwargs):
        super().__init__(**kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.autocast = False  # half precision has no room for ids beyond 2048

    def build(self, input_shape):
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.add_weight(shape=shape, initializer="uniform", name="embeddings")

    def call(self, ids):
        ids = tf.cast(ids, tf.int32) if ids.dtype.is_floating else ids
        return tf.cast(embedding(ids, self.embeddings), self.compute_dtype)

    def get_config(self):
        sizes = {"input_dim": self.input_dim, "output_dim": self.output_dim}
        return {**super().get_config(), **sizes}
