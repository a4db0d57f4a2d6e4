"""Initializers: the range from which each layer draws its weights.

Draws are random, rules are not: a bound or a deviation is read off many draws, to two digits.
"""

import math

import keras
import numpy as np
import torch
from torch import nn

from parity_tests.differences.entry import (
    SILENT_WRONG,
    WEIGHTS,
    difference,
)

TITLE = "Initializers of layers"
STAGE = WEIGHTS


def largest(weights):
    """The largest magnitude, to two digits: of many uniform draws, their bound."""
    return round(float(np.abs(np.array(weights, dtype=float)).max()), 2)


def deviation(weights):
    """Standard deviation, to two digits."""
    return round(float(np.std(np.array(weights, dtype=float))), 2)


def dense_kernel(features, units, **options):
    layer = keras.layers.Dense(units, **options)
    layer.build((None, features))
    return layer.kernel


def conv_kernel(layer, channels):
    layer.build((None, 8, 8, channels))
    return layer.kernel


def mean_forget_bias(layer, features):
    layer.build((None, None, features))
    return round(float(np.mean(np.split(np.array(layer.cell.bias), 4)[1])), 1)


@difference(
    item="kernel of Dense and Linear, as drawn",
    keras="glorot_uniform: U(±√(6/(fan_in + fan_out)))",
    torch="kaiming_uniform_ with a=√5, which is U(±1/√fan_in)",
    severity=SILENT_WRONG,
    hits="every network trained from scratch: other starting points, other learning curves",
    recipe="torch: xavier_uniform_; Keras: VarianceScaling(1/3, 'fan_in', 'uniform')",
    sources=("keras/src/layers/core/dense.py:L89", "torch/nn/modules/linear.py:L124"),
)
class DenseKernel:
    features, units = 300, 300

    def in_keras(features, units):
        return largest(dense_kernel(features, units))

    def in_torch(features, units):
        return largest(nn.Linear(features, units).weight.detach())

    def torch_as_keras(features, units):
        weight = nn.Linear(features, units).weight
        return largest(nn.init.xavier_uniform_(weight).detach())

    def keras_as_torch(features, units):
        initializer = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
        return largest(dense_kernel(features, units, kernel_initializer=initializer))


@difference(
    item="bias of Dense and Linear (and of the convolutions), as drawn",
    keras="zeros",
    torch="U(±1/√fan_in)",
    severity=SILENT_WRONG,
    hits="every layer with a bias; a last layer starts from other logits",
    recipe="torch: nn.init.zeros_; Keras: RandomUniform(±1/√fan_in)",
    sources=("keras/src/layers/core/dense.py:L90", "torch/nn/modules/linear.py:L128"),
)
class DenseBias:
    features, units = 16, 1000

    def in_keras(features, units):
        layer = keras.layers.Dense(units)
        layer.build((None, features))
        return largest(layer.bias)

    def in_torch(features, units):
        return largest(nn.Linear(features, units).bias.detach())

    def torch_as_keras(features, units):
        return largest(nn.init.zeros_(nn.Linear(features, units).bias).detach())

    def keras_as_torch(features, units):
        bound = 1 / math.sqrt(features)
        initializer = keras.initializers.RandomUniform(-bound, bound)
        layer = keras.layers.Dense(units, bias_initializer=initializer)
        layer.build((None, features))
        return largest(layer.bias)


@difference(
    item="kernel of Conv2D, as drawn",
    keras="glorot_uniform: the fans are channels times kernel height times width",
    torch="U(±1/√fan_in)",
    severity=SILENT_WRONG,
    hits="CNNs trained from scratch, the more the wider a layer gets",
    recipe="torch: xavier_uniform_; Keras: VarianceScaling(1/3, 'fan_in', 'uniform')",
    sources=("keras/src/layers/convolutional/conv2d.py:L109", "torch/nn/modules/conv.py:L196"),
)
class Conv2dKernel:
    channels, filters = 4, 64

    def in_keras(channels, filters):
        return largest(conv_kernel(keras.layers.Conv2D(filters, 3), channels))

    def in_torch(channels, filters):
        return largest(nn.Conv2d(channels, filters, 3).weight.detach())

    def torch_as_keras(channels, filters):
        weight = nn.Conv2d(channels, filters, 3).weight
        return largest(nn.init.xavier_uniform_(weight).detach())

    def keras_as_torch(channels, filters):
        initializer = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
        layer = keras.layers.Conv2D(filters, 3, kernel_initializer=initializer)
        return largest(conv_kernel(layer, channels))


@difference(
    item="kernel of a transposed convolution, as drawn",
    keras="glorot_uniform, in which the two fans count alike",
    torch="the weight is (in, out, height, width), so that 'fan_in' counts the output channels",
    severity=SILENT_WRONG,
    hits="decoders and generators trained from scratch",
    recipe="torch: xavier_uniform_; Keras: VarianceScaling(1/3, 'fan_in', 'uniform')",
    sources=(
        "keras/src/layers/convolutional/conv2d_transpose.py:L120",
        "torch/nn/init.py:L465",
    ),
)
class Conv2dTransposeKernel:
    channels, filters = 64, 4

    def in_keras(channels, filters):
        return largest(conv_kernel(keras.layers.Conv2DTranspose(filters, 3), channels))

    def in_torch(channels, filters):
        return largest(nn.ConvTranspose2d(channels, filters, 3).weight.detach())

    def torch_as_keras(channels, filters):
        weight = nn.ConvTranspose2d(channels, filters, 3).weight
        return largest(nn.init.xavier_uniform_(weight).detach())

    def keras_as_torch(channels, filters):
        # Keras keeps this kernel as (height, width, out, in): its fan_in counts the outputs too
        initializer = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
        layer = keras.layers.Conv2DTranspose(filters, 3, kernel_initializer=initializer)
        return largest(conv_kernel(layer, channels))


@difference(
    item="kernel of a depthwise convolution, as drawn",
    keras="shape (3, 3, channels, 1): fan_in counts every channel, though each filter reads one",
    torch="shape (channels, 1, 3, 3): fan_in is the nine weights that a filter has",
    severity=SILENT_WRONG,
    hits="MobileNet-like networks trained from scratch: torch starts several times as large",
    recipe="draw from bounds that are written out",
    sources=(
        "keras/src/initializers/random_initializers.py:L697",
        "torch/nn/init.py:L473",
    ),
)
class DepthwiseKernel:
    channels = 64

    def in_keras(channels):
        return largest(conv_kernel(keras.layers.DepthwiseConv2D(3), channels))

    def in_torch(channels):
        return largest(nn.Conv2d(channels, channels, 3, groups=channels).weight.detach())

    def torch_as_keras(channels):
        bound = math.sqrt(6 / (9 * channels + 9))
        weight = nn.Conv2d(channels, channels, 3, groups=channels).weight
        return largest(nn.init.uniform_(weight, -bound, bound).detach())

    def keras_as_torch(channels):
        initializer = keras.initializers.RandomUniform(-1 / 3, 1 / 3)
        layer = keras.layers.DepthwiseConv2D(3, depthwise_initializer=initializer)
        return largest(conv_kernel(layer, channels))


@difference(
    item="table of an embedding, as drawn",
    keras="U(−0.05, 0.05), a deviation of 0.03",
    torch="N(0, 1)",
    severity=SILENT_WRONG,
    hits="language models and recommenders trained from scratch: inputs 35 times as large",
    recipe="torch: uniform_(−0.05, 0.05); Keras: RandomNormal(stddev=1)",
    sources=("keras/src/layers/core/embedding.py:L91", "torch/nn/modules/sparse.py:L180"),
)
class EmbeddingTable:
    ids, units = 1000, 600

    def in_keras(ids, units):
        layer = keras.layers.Embedding(ids, units)
        layer.build()
        return deviation(layer.embeddings)

    def in_torch(ids, units):
        return deviation(nn.Embedding(ids, units).weight.detach())

    def torch_as_keras(ids, units):
        weight = nn.Embedding(ids, units).weight
        return deviation(nn.init.uniform_(weight, -0.05, 0.05).detach())

    def keras_as_torch(ids, units):
        initializer = keras.initializers.RandomNormal(stddev=1.0)
        layer = keras.layers.Embedding(ids, units, embeddings_initializer=initializer)
        layer.build()
        return deviation(layer.embeddings)


@difference(
    item="input kernel of an LSTM, as drawn",
    keras="glorot_uniform, whose fan_out is that of all four gates",
    torch="U(±1/√units), whatever the number of inputs",
    severity=SILENT_WRONG,
    hits="recurrent networks trained from scratch",
    recipe="torch: xavier_uniform_(weight_ih_l0); Keras: RandomUniform(±1/√units)",
    sources=("keras/src/layers/rnn/lstm.py:L94", "torch/nn/modules/rnn.py:L309"),
)
class LstmKernel:
    features, units = 20, 100

    def in_keras(features, units):
        layer = keras.layers.LSTM(units)
        layer.build((None, None, features))
        return largest(layer.cell.kernel)

    def in_torch(features, units):
        return largest(nn.LSTM(features, units).weight_ih_l0.detach())

    def torch_as_keras(features, units):
        weight = nn.LSTM(features, units).weight_ih_l0
        return largest(nn.init.xavier_uniform_(weight).detach())

    def keras_as_torch(features, units):
        bound = 1 / math.sqrt(units)
        initializer = keras.initializers.RandomUniform(-bound, bound)
        layer = keras.layers.LSTM(units, kernel_initializer=initializer)
        layer.build((None, None, features))
        return largest(layer.cell.kernel)


@difference(
    item="recurrent kernel of an LSTM: the mean of the diagonal of U Uᵀ",
    keras="orthogonal: the rows of the whole (units, 4 units) matrix are orthonormal",
    torch="U(±1/√units): U Uᵀ has 4/3 on its diagonal",
    severity=SILENT_WRONG,
    hits="recurrent networks on long sequences, where this decides how gradients vanish",
    recipe="torch: orthogonal_ of the whole weight_hh_l0, not gate by gate",
    sources=("keras/src/layers/rnn/lstm.py:L95", "torch/nn/modules/rnn.py:L311"),
)
class LstmRecurrentKernel:
    units = 200

    def in_keras(units):
        layer = keras.layers.LSTM(units)
        layer.build((None, None, 1))
        U = np.array(layer.cell.recurrent_kernel)
        return round(float(np.trace(U @ U.T)) / units, 1)

    def in_torch(units):
        U = nn.LSTM(1, units).weight_hh_l0.detach().T
        return round(float(torch.trace(U @ U.T)) / units, 1)

    def torch_as_keras(units):
        U = nn.init.orthogonal_(nn.LSTM(1, units).weight_hh_l0).detach().T
        return round(float(torch.trace(U @ U.T)) / units, 1)

    def keras_as_torch(units):
        bound = 1 / math.sqrt(units)
        initializer = keras.initializers.RandomUniform(-bound, bound)
        layer = keras.layers.LSTM(units, recurrent_initializer=initializer)
        layer.build((None, None, 1))
        U = np.array(layer.cell.recurrent_kernel)
        return round(float(np.trace(U @ U.T)) / units, 1)


@difference(
    item="bias of the forget gate of an LSTM, on average",
    keras="1: unit_forget_bias=True, zeros elsewhere",
    torch="0: two biases, each U(±1/√units)",
    severity=SILENT_WRONG,
    hits="LSTMs on long sequences: the cell remembers less at the start",
    recipe="torch: zero both biases, then b_ih[units:2 * units] = 1; Keras: unit_forget_bias=False",
    sources=("keras/src/layers/rnn/lstm.py:L97", "torch/nn/modules/rnn.py:L311"),
)
class LstmForgetBias:
    features, units = 2, 400

    def in_keras(features, units):
        return mean_forget_bias(keras.layers.LSTM(units), features)

    def in_torch(features, units):
        layer = nn.LSTM(features, units)
        bias = (layer.bias_ih_l0 + layer.bias_hh_l0).detach()
        return abs(round(float(bias[units : 2 * units].mean()), 1))

    def torch_as_keras(features, units):
        layer = nn.LSTM(features, units)
        nn.init.zeros_(layer.bias_ih_l0)
        nn.init.zeros_(layer.bias_hh_l0)
        with torch.no_grad():
            layer.bias_ih_l0[units : 2 * units] = 1
        bias = (layer.bias_ih_l0 + layer.bias_hh_l0).detach()
        return round(float(bias[units : 2 * units].mean()), 1)

    def keras_as_torch(features, units):
        bound = 1 / math.sqrt(units)
        initializer = keras.initializers.RandomUniform(-bound, bound)
        layer = keras.layers.LSTM(units, unit_forget_bias=False, bias_initializer=initializer)
        return mean_forget_bias(layer, features)


@difference(
    item="projections of multi-head attention, as drawn",
    keras="three glorot_uniform kernels: U(±√(6/(2d)))",
    torch="xavier_uniform_ of the three stacked, (3d, d): U(±√(6/(4d)))",
    severity=SILENT_WRONG,
    hits="transformers trained from scratch",
    recipe="torch: xavier_uniform_ of each third of in_proj_weight; Keras: VarianceScaling(0.5, …)",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L126",
        "torch/nn/modules/activation.py:L1234",
    ),
)
class AttentionProjection:
    width, heads = 96, 4

    def in_keras(width, heads):
        layer = keras.layers.MultiHeadAttention(heads, width // heads)
        layer.build((None, 5, width), (None, 5, width))
        return largest(layer.query_dense.kernel)

    def in_torch(width, heads):
        return largest(nn.MultiheadAttention(width, heads).in_proj_weight[:width].detach())

    def torch_as_keras(width, heads):
        weight = nn.MultiheadAttention(width, heads).in_proj_weight
        thirds = [nn.init.xavier_uniform_(third) for third in weight.detach().chunk(3)]
        return largest(thirds[0])

    def keras_as_torch(width, heads):
        initializer = keras.initializers.VarianceScaling(0.5, "fan_avg", "uniform")
        layer = keras.layers.MultiHeadAttention(
            heads, width // heads, kernel_initializer=initializer
        )
        layer.build((None, 5, width), (None, 5, width))
        return largest(layer.query_dense.kernel)
