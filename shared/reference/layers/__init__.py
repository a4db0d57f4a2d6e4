"""Layers in float64: the oracle that both halves are measured against.

Each formula stands beside its hand-derived gradient, as plain as the mathematics: loops over
windows, sums by index. Layouts are Keras's: channels last, kernels (…, in, out).

    name_gradient(g, *inputs, **options) = ∂/∂input Σ g ⊙ name(*inputs, **options)

for the inputs that are differentiated, in their order: one array, or a tuple of them.
"""

from shared.reference.layers.convolution import conv2d, conv2d_gradient
from shared.reference.layers.embedding import embedding, embedding_gradient
from shared.reference.layers.linear import flatten, flatten_gradient, linear, linear_gradient
from shared.reference.layers.normalization import (
    batch_norm,
    batch_norm_gradient,
    batch_norm_inference,
    batch_norm_inference_gradient,
    layer_norm,
    layer_norm_gradient,
    running_statistics,
)
from shared.reference.layers.pooling import (
    average_pool2d,
    average_pool2d_gradient,
    max_pool2d,
    max_pool2d_gradient,
)
from shared.reference.layers.recurrent import (
    gru,
    gru_gradient,
    lstm,
    lstm_gradient,
    simple_rnn,
    simple_rnn_gradient,
)
from shared.reference.layers.regularization import dropout, dropout_gradient

__all__ = [
    "average_pool2d",
    "average_pool2d_gradient",
    "batch_norm",
    "batch_norm_gradient",
    "batch_norm_inference",
    "batch_norm_inference_gradient",
    "conv2d",
    "conv2d_gradient",
    "dropout",
    "dropout_gradient",
    "embedding",
    "embedding_gradient",
    "flatten",
    "flatten_gradient",
    "gru",
    "gru_gradient",
    "layer_norm",
    "layer_norm_gradient",
    "linear",
    "linear_gradient",
    "lstm",
    "lstm_gradient",
    "max_pool2d",
    "max_pool2d_gradient",
    "running_statistics",
    "simple_rnn",
    "simple_rnn_gradient",
]
