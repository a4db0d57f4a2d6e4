"""What all preprocessing shares: statistics of the training split, and the layer they lie in."""

import keras
import numpy as np
import tensorflow as tf

from tf_impl.layers.linear import expect


def column_means(x):
    """(μ,), the mean of each column, and exactly its value where a column is constant.

    >>> column_means(tf.constant([[1.0, 7.0], [2.0, 7.0]]))[0].numpy().tolist()
    [1.5, 7.0]
    """
    low, high = tf.reduce_min(x, 0), tf.reduce_max(x, 0)
    # μ = Σ x / n
    mean = tf.reduce_sum(x, 0) / len(x)
    # a sum of equal numbers rounds too, and what is left of them would be scaled up to 1
    return (tf.where(low == high, low, mean),)


def or_infinite(scale):
    """The divisor of each column: itself, or ∞ if it is 0, so that numbers become 0 and NaN stays.

    >>> or_infinite(tf.constant([2.0, 0.0])).numpy().tolist()
    [2.0, inf]
    """
    return tf.where(scale == 0, tf.constant(np.inf, scale.dtype), scale)


def _training_split(name, x):
    """The training split in float64; ValueError where statistics would make no sense."""
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or x.shape[0] == 0:
        raise ValueError(f"{name} needs a training split of (rows, features), got {x.shape}")
    wrong = np.argwhere(~np.isfinite(x))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"{name} cannot take statistics of {x[row, column]} in row {row}, column {column}: "
            f"drop or fill such rows ({len(set(wrong[:, 0]))} of {len(x)}) first"
        )
    return tf.constant(x)


class _Preprocessing(keras.layers.Layer):
    """What the layers share: statistics, set by `adapt` and by nothing else."""

    statistics = ("mean",)

    def __init__(self, **kwargs):
        # Keras would cast x to half precision before it is centered
        super().__init__(autocast=False, **kwargs)

    def adapt(self, x):
        """Take the statistics of the training split x, (n, D), in float64; forget earlier ones."""
        found = self.estimate(_training_split(type(self).__name__, x))
        if not self.built:
            self.build_from_config({"shapes": [tuple(value.shape) for value in found]})
        weights = [getattr(self, name) for name in self.statistics]
        for weight, value in zip(weights, found, strict=True):
            # a model is built upon the shapes of before
            expect(f"{type(self).__name__}.adapt", weight.name, weight.shape, value.shape)
        for weight, value in zip(weights, found, strict=True):
            weight.assign(tf.cast(value, weight.dtype))

    def build(self, input_shape):
        if not hasattr(self, self.statistics[0]):
            raise RuntimeError(
                f"{type(self).__name__} has no statistics yet: "
                f"call adapt(x) with the training split first"
            )

    def call(self, x):
        x = tf.cast(x, self.variable_dtype)
        h = self.transform(x, *(tf.convert_to_tensor(getattr(self, n)) for n in self.statistics))
        return tf.cast(h, self.compute_dtype)

    def get_build_config(self):
        return {"shapes": [tuple(getattr(self, name).shape) for name in self.statistics]}

    def build_from_config(self, config):
        options = {"initializer": "zeros", "trainable": False, "autocast": False}
        for name, shape in zip(self.statistics, config["shapes"], strict=True):
            setattr(self, name, self.add_weight(shape=tuple(shape), name=name, **options))
        self.build(None)
