"""The decoupled view of a network: linear layers, activation layers, and flattening before them.

    x  input (…, D)     W, b  kernel (D, U) and bias (U,)     z = xW + b  output (…, U)
    g  upstream gradient ∂L/∂z; name_gradient(g, z, x, …) = ∂L/∂x, ∂L/∂W, ∂L/∂b

Source: Introduction to Deep Learning, Unit 1.
"""

import inspect
import math

import keras
import tensorflow as tf

from tf_impl import activations
from tf_impl.framework import differentiable, sum_to


def expect(function, what, expected, found):
    """Raise ValueError, naming both, unless a shape is as expected; None stands for any size."""
    pairs = zip(expected, found, strict=False)
    fits = all(size is None or other is None or size == other for size, other in pairs)
    if len(expected) != len(found) or not fits:
        raise ValueError(f"{function} needs {what} of shape {tuple(expected)}, got {tuple(found)}")


def linear_gradient(g, z, x, kernel, bias):
    leading = list(range(len(x.shape) - 1))
    # g_x = g Wᵀ
    g_x = tf.tensordot(g, kernel, [[-1], [1]])
    # g_W = xᵀ g, summed over all leading axes
    g_W = tf.tensordot(x, g, [leading, leading])
    # g_b = Σ g over all leading axes
    g_b = sum_to(g, bias.shape)
    return g_x, g_W, g_b


@differentiable(linear_gradient, tensors=3)
def linear(x, kernel, bias):
    """xW + b along the last axis, (…, D) to (…, U); kernel W of shape (D, U), bias (U,).

    Raises ValueError where the shapes do not agree.

    >>> x, kernel = tf.constant([[1.0, 2.0]]), tf.constant([[3.0], [4.0]])
    >>> linear(x, kernel, tf.constant([0.5])).numpy().tolist()
    [[11.5]]
    """
    expect("linear", "x", (*x.shape[:-1], kernel.shape[0]), x.shape)
    expect("linear", "bias", kernel.shape[1:], bias.shape)
    # z = xW + b
    return tf.tensordot(x, kernel, 1) + bias


@keras.saving.register_keras_serializable("tf_impl")
class Linear(keras.layers.Layer):
    """Layer of linear: xW + b with weights `kernel` (D, units) and, unless told not, `bias`.

    Weights move to and from keras.layers.Dense without activation, and start as its do: Glorot
    uniform, and 0.
    """

    def __init__(self, units, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.use_bias = use_bias
        self.supports_masking = True

    def build(self, input_shape):
        shape = (input_shape[-1], self.units)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=shape[1:], initializer="zeros", name="bias")

    def call(self, x):
        bias = self.bias if self.use_bias else tf.zeros(self.units, x.dtype)
        return linear(x, self.kernel, bias)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "use_bias": self.use_bias}


@keras.saving.register_keras_serializable("tf_impl")
class Activation(keras.layers.Layer):
    """Layer of any function of activations.py that takes x alone: its name, or the function.

    One that has options is given them by its own layer: LeakyReLU(0.2). Raises ValueError for what
    is not there, with the names of what is.
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = _named(activation)
        self.supports_masking = True

    def call(self, x):
        return getattr(activations, self.activation)(x)

    def get_config(self):
        return {**super().get_config(), "activation": self.activation}


def _named(activation):
    """The name of a function of activations.py, from its name or itself."""
    known = {name: f for name, f in vars(activations).items() if _takes_x_alone(f)}
    for name, function in known.items():
        if activation == name or activation is function:
            return name
    raise ValueError(f"activations.py has no {activation!r} of x alone, only {', '.join(known)}")


def _takes_x_alone(function):
    if not hasattr(function, "__wrapped__"):
        return False
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty] == ["x"]


def flatten_gradient(g, h, x):
    # g_x = g in the shape of x
    return tf.reshape(g, tf.shape(x))


@differentiable(flatten_gradient)
def flatten(x):
    """All axes but the first into one, the last running fastest; (B,) to (B, 1).

    Of one image, channels last here and first in torch, the features come out in another order in
    each: a linear layer behind it must have its rows moved along.

    >>> flatten(tf.constant([[[1.0, 2.0], [3.0, 4.0]]])).numpy().tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    expect("flatten", "x", (None, *x.shape[1:]), x.shape)
    batch, inner = x.shape[0], x.shape[1:]
    batch = tf.shape(x)[0] if batch is None else batch
    known = inner.is_fully_defined()
    features = math.prod(inner) if known else tf.reduce_prod(tf.shape(x)[1:])
    # h = x in the shape (B, D)
    return tf.reshape(x, (batch, features))


@keras.saving.register_keras_serializable("tf_impl")
class Flatten(keras.layers.Layer):
    """Layer of flatten: all axes but the first into one."""

    def call(self, x):
        return flatten(x)
