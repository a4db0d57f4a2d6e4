"""A multilayer perceptron: linear layers with an activation between each two, as a Keras model.

    h₀ = x (n, D),  h_r = Φ(h_{r−1} W_r + b_r),  and the last layer gives its z as it is

Its layers are called linear_1, activation_1, linear_2 … in both halves, so that weights move by
name: `shared.weights.to_torch({"linear_1": "Linear", …}, arrays)`.

Source: Introduction to Deep Learning, Unit 1 (multilayer networks; choice of activation).
"""

import keras
import tensorflow as tf

from tf_impl.layers import Activation, Linear


@keras.saving.register_keras_serializable("tf_impl")
class MLP(keras.Model):
    """Logits or predictions of shape (n, units[-1]) from features of shape (n, features).

    `units` are the widths of all linear layers, the last one's included; `activation` is the name
    of one of activations.py, or the function. Weights start as those of Linear do in each half: to
    start alike, load the same into both.

    >>> model = MLP(64, (32, 10), activation="tanh")
    >>> [weight.path.partition("/")[2] for weight in model.weights]
    ['linear_1/kernel', 'linear_1/bias', 'linear_2/kernel', 'linear_2/bias']
    """

    def __init__(self, features, units, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self.units = tuple(units)
        self.steps = []
        for r, U in enumerate(self.units, 1):
            if r > 1:
                name = f"activation_{r - 1}"
                self.steps.append(Activation(activation, dtype=self.dtype_policy, name=name))
            self.steps.append(Linear(U, dtype=self.dtype_policy, name=f"linear_{r}"))
        self.activation = Activation(activation).activation
        self.build((None, features))

    def build(self, input_shape):
        for linear, D in zip(self.steps[::2], (self.features, *self.units), strict=False):
            linear.build((None, D))

    def call(self, x):
        h = x
        for step in self.steps:
            # h ← h W + b, or h ← Φ(h)
            h = step(h)
        return h

    def classify(self, x):
        """The class with the largest logit, (n,)."""
        return tf.argmax(self(x), -1)

    def get_config(self):
        sizes = {"features": self.features, "units": self.units}
        return {**super().get_config(), **sizes, "activation": self.activation}
