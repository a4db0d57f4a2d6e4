"""Linear regression, ŷ = xW + b: a Keras model.

    x (n, D)  features     y (n,)  numbers to predict     W (D,), b ()  weights

Source: Introduction to Deep Learning, Unit 1 (a line through five points; home prices).
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tf_impl")
class LinearRegression(keras.Model):
    """Prediction of shape (n,) from features of shape (n, features); the weights start at 0."""

    def __init__(self, features, **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self.W = self.add_weight(shape=(features,), initializer="zeros", name="W")
        self.b = self.add_weight(shape=(), initializer="zeros", name="b")
        self.built = True

    def call(self, x):
        # ŷ = xW + b
        return tf.linalg.matvec(x, self.W) + self.b

    def get_config(self):
        return {**super().get_config(), "features": self.features}
