"""A convolutional network: windows of an image, then classes, as a Keras model.

    h₀ = x (n, H, W, C),  h_r = pool(Φ(h_{r−1} ∗ W_r + b_r)),  z = flatten(h) W + b

Its layers are called conv_1, activation_1, pool_1, … flatten, linear_1 in both halves, so that
weights move by name. Images lie channels last here and channels first in torch: behind the
flattening the rows of linear_1 come in another order, which
`shared.weights.layouts.behind_flatten(*model.flattened)` tells `to_torch` and `to_keras`.

Source: Introduction to Deep Learning, Unit 1 (architectures); LeCun, Bottou, Bengio & Haffner 1998,
Gradient-Based Learning Applied to Document Recognition.
"""

import keras
import tensorflow as tf

from tf_impl.layers import Activation, Conv2D, Flatten, Linear, MaxPool2D


@keras.saving.register_keras_serializable("tf_impl")
class CNN(keras.Model):
    """Logits of shape (n, classes) from images of shape (n, *image), image = (H, W, C).

    `filters` are the channels of each convolution. `padding` is "same", for ⌈H/strides⌉ rows, or
    "valid", and means the same in both halves; torch's own "same" refuses strides. Without a
    `pool_size` nothing is pooled. Weights start as those of Conv2D and Linear do in each half.

    >>> model = CNN((8, 8, 1), filters=(4, 8), classes=10)
    >>> model(tf.zeros((5, 8, 8, 1))).shape, model.flattened
    (TensorShape([5, 10]), (2, 2, 8))
    >>> [weight.path.partition("/")[2] for weight in model.weights[-2:]]
    ['linear_1/kernel', 'linear_1/bias']
    """

    def __init__(
        self, image, filters, classes, kernel_size=3, strides=1, padding="same", pool_size=2,
        activation="relu", **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.image, self.filters, self.classes = tuple(image), tuple(filters), classes
        self.kernel_size, self.strides, self.padding = kernel_size, strides, padding
        self.pool_size, self.activation = pool_size, Activation(activation).activation
        own = {"dtype": self.dtype_policy}
        self.steps = []
        for r, F in enumerate(self.filters, 1):
            self.steps.append(Conv2D(F, kernel_size, strides, padding, name=f"conv_{r}", **own))
            self.steps.append(Activation(activation, name=f"activation_{r}", **own))
            if pool_size:
                self.steps.append(MaxPool2D(pool_size, name=f"pool_{r}", **own))
        self.steps += [Flatten(name="flatten", **own), Linear(classes, name="linear_1", **own)]
        self.build((None, *self.image))

    def build(self, input_shape):
        h = tf.zeros((1, *self.image), self.compute_dtype)
        for step in self.steps:
            if step.name == "flatten":
                # height, width and channels of what is flattened
                self.flattened = tuple(h.shape[1:])
            h = step(h)

    def call(self, x):
        h = x
        for step in self.steps:
            # h ← h ∗ W + b, Φ(h), pool(h), flatten(h) or h W + b
            h = step(h)
        return h

    def classify(self, x):
        """The class with the largest logit, (n,)."""
        return tf.argmax(self(x), -1)

    def get_config(self):
        names = ("image", "filters", "classes", "kernel_size", "strides", "padding", "pool_size",
                 "activation")  # fmt: skip
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
