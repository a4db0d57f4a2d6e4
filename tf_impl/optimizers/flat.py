"""Parameters side by side in one variable, for one step on all of them at once."""

import keras
import tensorflow as tf


class FlatParameters:
    """One variable that holds many: an optimizer's step on it costs one dispatch, not one for each.

    A TensorFlow variable cannot be a view of another, so a model reads its parameters from the
    vector: `model.stateless_call` takes the `parts` in place of its own, and the gradient for the
    vector comes out of the tape whole. It pays where parameters are many and small; few and large
    ones are copied more than is saved.

    The parameters share one dtype, or it is a ValueError. What an optimizer does to a whole
    variable, as `clipnorm` does, it does to all of them together.

    >>> W, b = keras.Variable([[1.0, 2.0]]), keras.Variable([3.0])
    >>> flat = FlatParameters([W, b])
    >>> with tf.GradientTape() as tape:
    ...     V, c = flat.parts()
    ...     L = tf.reduce_sum(V * V) + 2 * tf.reduce_sum(c)
    >>> gradient = tape.gradient(L, flat.vector.value)
    >>> gradient.numpy().tolist()
    [2.0, 4.0, 2.0]
    >>> flat.vector.assign_sub(gradient / 2).numpy().tolist()
    [0.0, 0.0, 2.0]
    >>> flat.write_back()
    >>> b.numpy().tolist()
    [2.0]
    """

    def __init__(self, parameters):
        self.parameters = list(parameters)
        dtypes = {str(p.dtype) for p in self.parameters}
        if len(dtypes) != 1:
            raise ValueError(f"parameters side by side need one dtype, got {sorted(dtypes)}")
        self.vector = keras.Variable(
            tf.concat([tf.reshape(p, [-1]) for p in self.parameters], 0),
            dtype=dtypes.pop(),
            name="parameters",
        )

    def parts(self):
        """The vector's parts, each a tensor of its parameter's shape."""
        shapes = [tuple(p.shape) for p in self.parameters]
        parts = tf.split(self.vector.value, [tf.TensorShape(s).num_elements() for s in shapes])
        return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]

    def write_back(self):
        """Give the parameters the values that the vector has."""
        for parameter, part in zip(self.parameters, self.parts(), strict=True):
            parameter.assign(part)
