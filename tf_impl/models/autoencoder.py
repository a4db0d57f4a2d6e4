"""An autoencoder: what compresses its input to a code, and reconstructs it, as a Keras model.

    h = σ(x W + b), the code      o = σ(h W′ + b′), the reconstruction of x (n, D)

Its layers are called encoder and decoder in both halves, so that weights move by name. It is
trained on examples that are their own labels. What it learns besides is a matter of its loss:

    plain        mean (o − y)²                                    y = x
    denoising    the same, of an input x = y + noise: shared.noise.corrupted
    sparse       + weight · Σ KL(ρ ‖ mean h), a loss at the hidden nodes
    contractive  + weight · mean ‖∂h/∂x‖², another; its gradient is one of a gradient

Source: Introduction to Deep Learning, Unit 1 (autoencoders; loss functions at hidden nodes).
"""

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_impl.activations import sigmoid
from tf_impl.layers import Linear
from tf_impl.losses import contractive_penalty, mean_squared_error, sparsity_penalty


class Coded(NamedTuple):
    """What an autoencoder makes of examples."""

    code: tf.Tensor  # h, (n, units)
    reconstruction: tf.Tensor  # o, (n, features)


@keras.saving.register_keras_serializable("tf_impl")
class Autoencoder(keras.Model):
    """The code (n, units) and reconstruction (n, features) of examples (n, features) from 0 to 1.

    Weights start as those of Linear do in each half: to start alike, load the same into both.

    >>> model = Autoencoder(64, units=16)
    >>> h, o = model(tf.zeros((5, 64)))
    >>> h.shape, o.shape
    (TensorShape([5, 16]), TensorShape([5, 64]))
    >>> [weight.path.partition("/")[2] for weight in model.weights]
    ['encoder/kernel', 'encoder/bias', 'decoder/kernel', 'decoder/bias']
    """

    def __init__(self, features, units, **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self.units = units
        self.encoder = Linear(units, dtype=self.dtype_policy, name="encoder")
        self.decoder = Linear(features, dtype=self.dtype_policy, name="decoder")
        self.build((None, features))

    def build(self, input_shape):
        self.encoder.build((None, self.features))
        self.decoder.build((None, self.units))

    def call(self, x):
        h = self.encode(x)
        return Coded(h, self.decode(h))

    def encode(self, x):
        """The code of examples, each unit of it between 0 and 1."""
        # h = σ(x W + b)
        return sigmoid(self.encoder(x))

    def decode(self, h):
        """The examples that codes stand for."""
        # o = σ(h W′ + b′)
        return sigmoid(self.decoder(h))

    def get_config(self):
        return {**super().get_config(), "features": self.features, "units": self.units}


def reconstruction_loss(y_true, y_pred):
    """mean (o − y)² of what an Autoencoder gives, for `fit`: plain and, of a noisy x, denoising.

    >>> y_pred = Coded(tf.constant([[0.5]]), tf.constant([[1.0, 3.0]]))
    >>> reconstruction_loss(tf.constant([[1.0, 1.0]]), y_pred).numpy().item()
    2.0
    """
    return mean_squared_error(y_true, y_pred.reconstruction)


def sparse_loss(mean_activation, weight):
    """The loss of a sparse autoencoder, each unit of whose code is to have this mean over a batch.

    >>> y_pred = Coded(tf.constant([[0.25], [0.25]]), tf.constant([[1.0], [3.0]]))
    >>> sparse_loss(mean_activation=0.25, weight=1.0)(tf.ones((2, 1)), y_pred).numpy().item()
    2.0
    """

    def loss(y_true, y_pred):
        # L = mean (o − y)² + weight · Σ KL(ρ ‖ mean h)
        penalty = sparsity_penalty(y_pred.code, mean_activation, weight)
        return reconstruction_loss(y_true, y_pred) + penalty

    return loss


def contractive_loss(model, weight):
    """The loss of a contractive autoencoder, whose code is to change little as x does.

    It reads the model's encoder: its gradient runs through h and, besides, through W itself.

    >>> model = Autoencoder(1, units=1)
    >>> model.encoder.kernel.assign([[4.0]]).numpy().item()
    4.0
    >>> y_pred = Coded(tf.constant([[0.5]]), tf.constant([[1.0]]))
    >>> contractive_loss(model, weight=0.5)(tf.ones((1, 1)), y_pred).numpy().item()
    0.5
    """

    def loss(y_true, y_pred):
        # L = mean (o − y)² + weight · mean ‖∂h/∂x‖²
        penalty = contractive_penalty(y_pred.code, tf.convert_to_tensor(model.encoder.kernel))
        return reconstruction_loss(y_true, y_pred) + weight * penalty

    return loss
