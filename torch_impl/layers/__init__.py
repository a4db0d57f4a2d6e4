"""Layers: functions with gradients derived by hand, and the torch modules that own the weights."""

from torch_impl.layers.convolution import Conv2D, conv2d
from torch_impl.layers.embedding import Embedding, embedding
from torch_impl.layers.linear import Activation, Flatten, Linear, flatten, linear
from torch_impl.layers.normalization import (
    BatchNorm,
    LayerNorm,
    batch_norm,
    batch_norm_inference,
    layer_norm,
    running_statistics,
)
from torch_impl.layers.pooling import AveragePool2D, MaxPool2D, average_pool2d, max_pool2d
from torch_impl.layers.recurrent import GRU, LSTM, SimpleRNN, gru, lstm, simple_rnn
from torch_impl.layers.regularization import Dropout, dropout

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "AveragePool2D",
    "BatchNorm",
    "Conv2D",
    "Dropout",
    "Embedding",
    "Flatten",
    "LayerNorm",
    "Linear",
    "MaxPool2D",
    "SimpleRNN",
    "average_pool2d",
    "batch_norm",
    "batch_norm_inference",
    "conv2d",
    "dropout",
    "embedding",
    "flatten",
    "gru",
    "layer_norm",
    "linear",
    "lstm",
    "max_pool2d",
    "running_statistics",
    "simple_rnn",
]
