"""Each framework's functions from the bits of x to the bits of h and of its gradient.

Bits, because NumPy has no bfloat16, and because a conversion would drop the payload of a NaN. The
half precisions go through each framework's own kernels for them: nothing is converted to float32
here. The upstream gradient is 1.
"""

import numpy as np
import tensorflow as tf
import torch


def of_tensorflow(framework, function, dtype, parameters, mode):
    """bits -> (bits of h, bits of g_x), as TensorFlow computes them in this precision and mode."""
    native = tf.dtypes.as_dtype(dtype)
    more = [tf.constant([value], native) for value in parameters]

    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = function(x, *more)
        return h, tape.gradient(h, x)

    both = framework.compiled(both, mode)

    def measure(bits):
        storage = tf.dtypes.as_dtype(bits.dtype)
        results = both(tf.bitcast(tf.constant(bits), native))
        return tuple(tf.bitcast(t, storage).numpy() for t in results)

    return measure


def of_torch(framework, function, dtype, parameters, mode):
    """bits -> (bits of h, bits of g_x), as torch computes them in this precision and mode."""
    native = getattr(torch, dtype)
    more = [torch.tensor([value], dtype=native) for value in parameters]
    forward = framework.compiled(lambda x: function(x, *more), mode)

    def measure(bits):
        signed = np.dtype(f"i{bits.itemsize}")  # torch views no unsigned integers as floats
        x = torch.from_numpy(bits.view(signed)).view(native).requires_grad_()
        h = forward(x)
        (g_x,) = torch.autograd.grad(h, x, torch.ones_like(h))
        whole = getattr(torch, signed.name)
        return tuple(t.detach().view(whole).numpy().view(bits.dtype) for t in (h, g_x))

    return measure


BY_FRAMEWORK = {"TensorFlow": of_tensorflow, "torch": of_torch}
