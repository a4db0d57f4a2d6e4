"""Initializers: each a function of one standard draw, and a Keras initializer of it.

    draw     (…, in, out), the weight's own shape in Keras's layout; a dense kernel is (in, out).
             Uniform on [0, 1) where the name says so, else standard normal.
    W        the weights, of the draw's shape and dtype
    fan_in   how many numbers one unit sums up: in, times the elements of the window (…)
    fan_out  how many units one number reaches: out, times the same; a vector of n has both fans n

Both halves draw the same numbers from the same seed, in this layout and in float64, so the same
seed gives the same weights, rounded to the weight's dtype at the end. As with keras.initializers, a
seed gives the same weights at every call: give each weight of a network a seed of its own.

Keras draws its glorot_normal, he_normal and lecun_normal from a normal distribution truncated at
two standard deviations and widened to the same variance. Here, as in torch, nothing is truncated.

A draw must be a floating-point tensor (TypeError), and have at least 1 axis where fans count and 2
for orthogonal (ValueError).
"""

import math

import keras
import tensorflow as tf

from shared.weights import standard_draw


def zeros(draw):
    """0, whatever was drawn: for biases. As kernels, zeros leave all units of a layer alike.

    >>> zeros(tf.constant([0.5, -2.0])).numpy().tolist()
    [0.0, 0.0]
    """
    _shape(draw, 0, "zeros")
    # W = 0
    return tf.zeros_like(draw)


def random_normal(draw, mean=0.0, stddev=0.05):
    """mean + stddev · draw, whatever the fans.

    The default stddev is that of keras.initializers.RandomNormal; torch.nn.init.normal_ has 1.

    >>> random_normal(tf.constant([-1.0, 3.0]), stddev=0.5).numpy().tolist()
    [-0.5, 1.5]
    """
    _shape(draw, 0, "random_normal")
    # W = mean + stddev draw
    return mean + stddev * draw


def glorot_uniform(draw):
    """Uniform on [−limit, limit), of variance 2 / (fan_in + fan_out). Glorot & Bengio 2010.

    The default of Keras's Dense and Conv2D; torch calls it xavier_uniform_.

    >>> glorot_uniform(tf.constant([[0.0, 0.25, 0.5, 0.75, 0.875]])).numpy().tolist()
    [[-1.0, -0.5, 0.0, 0.5, 0.75]]
    """
    fan_in, fan_out = _fans(draw, "glorot_uniform")
    # limit = √(6 / (fan_in + fan_out))
    limit = math.sqrt(6 / (fan_in + fan_out))
    # W = limit (2 draw − 1)
    return limit * (2 * draw - 1)


def glorot_normal(draw):
    """Normal, of variance 2 / (fan_in + fan_out). Glorot & Bengio 2010.

    torch calls it xavier_normal_; Keras truncates.

    >>> glorot_normal(tf.fill((1, 7), 3.0))[0, :2].numpy().tolist()
    [1.5, 1.5]
    """
    fan_in, fan_out = _fans(draw, "glorot_normal")
    # W = √(2 / (fan_in + fan_out)) draw
    return math.sqrt(2 / (fan_in + fan_out)) * draw


def he_uniform(draw):
    """Uniform on [−limit, limit), of variance 2 / fan_in: for relu. He, Zhang, Ren & Sun 2015.

    torch calls it kaiming_uniform_; its Linear and Conv2d start with a sixth of this variance.

    >>> he_uniform(tf.fill((6, 1), 0.75))[:2, 0].numpy().tolist()
    [0.5, 0.5]
    """
    fan_in, _ = _fans(draw, "he_uniform")
    # limit = √(6 / fan_in)
    limit = math.sqrt(6 / fan_in)
    # W = limit (2 draw − 1)
    return limit * (2 * draw - 1)


def he_normal(draw):
    """Normal, of variance 2 / fan_in: for relu. He, Zhang, Ren & Sun 2015.

    torch calls it kaiming_normal_; Keras truncates.

    >>> he_normal(tf.fill((8, 1), 3.0))[:2, 0].numpy().tolist()
    [1.5, 1.5]
    """
    fan_in, _ = _fans(draw, "he_normal")
    # W = √(2 / fan_in) draw
    return math.sqrt(2 / fan_in) * draw


def lecun_normal(draw):
    """Normal, of variance 1 / fan_in. LeCun, Bottou, Orr & Müller 1998.

    torch has it as kaiming_normal_ with nonlinearity="linear"; Keras truncates.

    >>> lecun_normal(tf.fill((4, 1), 3.0))[:2, 0].numpy().tolist()
    [1.5, 1.5]
    """
    fan_in, _ = _fans(draw, "lecun_normal")
    # W = √(1 / fan_in) draw
    return math.sqrt(1 / fan_in) * draw


def orthogonal(draw, gain=1.0):
    """Orthonormal columns, or rows where there are fewer, times the gain. Saxe et al. 2014.

    Of the kernel as a matrix (… · in, out), from whose normal draw QR takes them; that R's diagonal
    is positive makes them unique and evenly spread.

    >>> orthogonal(tf.constant([[3.0, 1.0], [4.0, 2.0]], tf.float64)).numpy().round(4).tolist()
    [[0.6, -0.8], [0.8, 0.6]]
    """
    shape = _shape(draw, 2, "orthogonal")
    # A = draw as (… · in, out)
    A = tf.reshape(draw, (math.prod(shape[:-1]), shape[-1]))
    wide = A.shape[0] < A.shape[1]
    # QR = A, or its transpose where that is the taller
    Q, R = tf.linalg.qr(tf.transpose(A) if wide else A)
    # Q ← Q sign(diag R)
    Q = Q * (1 - 2 * tf.cast(tf.linalg.diag_part(R) < 0, Q.dtype))
    Q = tf.transpose(Q) if wide else Q
    # W = gain Q
    return gain * tf.reshape(Q, shape)


def _shape(draw, axes, name):
    if not (tf.is_tensor(draw) and draw.dtype.is_floating):
        given = draw.dtype.name if tf.is_tensor(draw) else type(draw).__name__
        raise TypeError(
            f"{name} needs a floating-point tensor, got {given}: pass tf.cast(draw, tf.float32)"
        )
    shape = tuple(draw.shape)
    if len(shape) < axes or None in shape:
        raise ValueError(f"{name} needs a known shape of {axes} or more axes, got {shape}")
    return shape


def _fans(draw, name):
    shape = _shape(draw, 1, name)
    window = math.prod(shape[:-2])
    fan_in, fan_out = shape[-2:] if len(shape) > 1 else 2 * shape
    # a shape without elements has fans of 0, by which nothing can be divided
    return max(1, window * fan_in), max(1, window * fan_out)


class _Initializer(keras.initializers.Initializer):
    """What the classes below share: the standard draw of a shape, and its weights in a dtype."""

    kind = "normal"

    def __init__(self, *, seed):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        draw = tf.constant(standard_draw(self.kind, shape, self.seed))
        return tf.cast(self.weights(draw), dtype or keras.config.floatx())

    def get_config(self):
        return {"seed": self.seed}


@keras.saving.register_keras_serializable("tf_impl")
class Zeros(_Initializer):
    """Initializer of zeros. It takes a seed as the others do, and makes nothing of it."""

    def __init__(self, *, seed=0):
        super().__init__(seed=seed)

    def weights(self, draw):
        return zeros(draw)


@keras.saving.register_keras_serializable("tf_impl")
class RandomNormal(_Initializer):
    """Initializer of random_normal: mean + stddev · draw."""

    def __init__(self, mean=0.0, stddev=0.05, *, seed):
        super().__init__(seed=seed)
        self.mean = mean
        self.stddev = stddev

    def weights(self, draw):
        return random_normal(draw, self.mean, self.stddev)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@keras.saving.register_keras_serializable("tf_impl")
class GlorotUniform(_Initializer):
    """Initializer of glorot_uniform: variance 2 / (fan_in + fan_out).

    >>> layer = keras.layers.Dense(3, kernel_initializer=GlorotUniform(seed=3))
    >>> layer.build((None, 2))
    >>> bool(tf.reduce_all(layer.kernel == GlorotUniform(seed=3)((2, 3))))
    True
    """

    kind = "uniform"

    def weights(self, draw):
        return glorot_uniform(draw)


@keras.saving.register_keras_serializable("tf_impl")
class GlorotNormal(_Initializer):
    """Initializer of glorot_normal: variance 2 / (fan_in + fan_out)."""

    def weights(self, draw):
        return glorot_normal(draw)


@keras.saving.register_keras_serializable("tf_impl")
class HeUniform(_Initializer):
    """Initializer of he_uniform: variance 2 / fan_in."""

    kind = "uniform"

    def weights(self, draw):
        return he_uniform(draw)


@keras.saving.register_keras_serializable("tf_impl")
class HeNormal(_Initializer):
    """Initializer of he_normal: variance 2 / fan_in."""

    def weights(self, draw):
        return he_normal(draw)


@keras.saving.register_keras_serializable("tf_impl")
class LecunNormal(_Initializer):
    """Initializer of lecun_normal: variance 1 / fan_in."""

    def weights(self, draw):
        return lecun_normal(draw)


@keras.saving.register_keras_serializable("tf_impl")
class Orthogonal(_Initializer):
    """Initializer of orthogonal: orthonormal columns or rows, times the gain."""

    def __init__(self, gain=1.0, *, seed):
        super().__init__(seed=seed)
        self.gain = gain

    def weights(self, draw):
        return orthogonal(draw, self.gain)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}
