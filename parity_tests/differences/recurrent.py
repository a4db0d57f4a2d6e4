"""Recurrent layers: gates, biases, shapes, states, directions."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    WEIGHTS,
    difference,
)
from parity_tests.differences.layers import built, loaded

TITLE = "Recurrent layers"
STAGE = LAYERS


def keras_lstm(x, kernel, recurrent_kernel, bias, **options):
    """layers.LSTM of two units with these weights."""
    lstm = keras.layers.LSTM(2, dtype="float64", **options)
    return built(lstm, x, kernel, recurrent_kernel, bias)


def torch_lstm(kernel, recurrent_kernel, bias):
    """nn.LSTM of the weights of Keras: the gates stand in the same order."""
    return loaded(
        nn.LSTM(kernel.shape[0], recurrent_kernel.shape[0], batch_first=True).double(),
        weight_ih_l0=kernel.T,
        weight_hh_l0=recurrent_kernel.T,
        bias_ih_l0=bias,
        bias_hh_l0=np.zeros_like(bias),
    )


def bidirectional_lstm(kernel, recurrent_kernel, bias):
    """nn.LSTM with the same weights in both directions."""
    lstm = nn.LSTM(kernel.shape[0], recurrent_kernel.shape[0], batch_first=True, bidirectional=True)
    weights = torch_lstm(kernel, recurrent_kernel, bias).state_dict()
    reverse = {f"{name}_reverse": weight for name, weight in weights.items()}
    lstm.double().load_state_dict(weights | reverse)
    return lstm


def keras_bidirectional(x, kernel, recurrent_kernel, bias, **options):
    """layers.Bidirectional with the same weights in both directions."""
    lstm = keras.layers.LSTM(2, dtype="float64", **options)
    both = keras.layers.Bidirectional(lstm, dtype="float64")
    return built(both, x, *2 * [kernel, recurrent_kernel, bias])


def swapped(weights):
    """The gates of a GRU with the first two exchanged: z, r, h or r, z, n."""
    z, r, h = np.split(weights, 3, axis=-1)
    return np.concatenate([r, z, h], axis=-1)


# --- weights ----------------------------------------------------------------------------------


@difference(
    item="bias of an LSTM: one or two",
    keras="one; the gates stand in the order i, f, c, o",
    torch="two, which are added; the gates stand in the order i, f, g, o, the same",
    severity=SILENT_WRONG,
    hits="ports that copy the bias into both, and so double it",
    recipe="torch: bias_ih = bias, bias_hh = 0; Keras: bias = bias_ih + bias_hh",
    sources=("keras/src/layers/rnn/lstm.py:L186", "torch/nn/modules/rnn.py:L187"),
    stage=WEIGHTS,
)
class LstmBias:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, kernel, recurrent, bias):
        return keras_lstm(x, kernel, recurrent, bias)(x)

    def in_torch(x, kernel, recurrent, bias):
        lstm = loaded(torch_lstm(kernel, recurrent, bias), bias_hh_l0=bias)
        return lstm(torch.tensor(x))[0][:, -1].detach()

    def torch_as_keras(x, kernel, recurrent, bias):
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x))[0][:, -1].detach()

    def keras_as_torch(x, kernel, recurrent, bias):
        return keras_lstm(x, kernel, recurrent, bias + bias)(x)


@difference(
    item="order of the gates in a GRU, its weights transposed only",
    keras="update, reset, candidate; a bias of shape (2, 3 · units)",
    torch="reset, update, candidate; bias_ih and bias_hh",
    severity=SILENT_WRONG,
    hits="every port of a GRU",
    recipe="exchange the first two blocks of both kernels and of both rows of the bias",
    sources=("keras/src/layers/rnn/gru.py:L266", "torch/nn/modules/rnn.py:L1215"),
    stage=WEIGHTS,
)
class GruGates:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 6))
    recurrent = np.random.default_rng(2).normal(size=(2, 6))
    bias = np.random.default_rng(3).normal(size=(2, 6))

    def in_keras(x, kernel, recurrent, bias):
        return built(keras.layers.GRU(2, dtype="float64"), x, kernel, recurrent, bias)(x)

    def in_torch(x, kernel, recurrent, bias):
        gru = nn.GRU(3, 2, batch_first=True).double()
        gru = loaded(
            gru,
            weight_ih_l0=kernel.T,
            weight_hh_l0=recurrent.T,
            bias_ih_l0=bias[0],
            bias_hh_l0=bias[1],
        )
        return gru(torch.tensor(x))[0][:, -1].detach()

    def torch_as_keras(x, kernel, recurrent, bias):
        kernel, recurrent, bias = swapped(kernel), swapped(recurrent), swapped(bias)
        gru = nn.GRU(3, 2, batch_first=True).double()
        gru = loaded(
            gru,
            weight_ih_l0=kernel.T,
            weight_hh_l0=recurrent.T,
            bias_ih_l0=bias[0],
            bias_hh_l0=bias[1],
        )
        return gru(torch.tensor(x))[0][:, -1].detach()

    def keras_as_torch(x, kernel, recurrent, bias):
        kernel, recurrent, bias = swapped(kernel), swapped(recurrent), swapped(bias)
        return built(keras.layers.GRU(2, dtype="float64"), x, kernel, recurrent, bias)(x)


@difference(
    item="GRU of the original paper, reset_after=False",
    keras="the reset gate acts on the state before the product: (r ∘ h) U",
    torch="nn.GRU knows r ∘ (h U) alone, which is reset_after=True",
    severity=SILENT_WRONG,
    hits="models from before Keras 2.1, or with reset_after=False",
    recipe="torch: write the step out; Keras: reset_after=True",
    sources=("keras/src/layers/rnn/gru.py:L289", "torch/nn/modules/rnn.py:L1217"),
)
class GruResetAfter:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 6))
    recurrent = np.random.default_rng(2).normal(size=(2, 6))

    def in_keras(x, kernel, recurrent):
        gru = keras.layers.GRU(2, reset_after=False, use_bias=False, dtype="float64")
        return built(gru, x, kernel, recurrent)(x)

    def in_torch(x, kernel, recurrent):
        gru = nn.GRU(3, 2, bias=False, batch_first=True).double()
        weights = dict(weight_ih_l0=swapped(kernel).T, weight_hh_l0=swapped(recurrent).T)
        return loaded(gru, **weights)(torch.tensor(x))[0][:, -1].detach()

    def torch_as_keras(x, kernel, recurrent):
        recurrent = torch.tensor(recurrent)
        h = torch.zeros(len(x), len(recurrent), dtype=torch.float64)
        for now in (torch.tensor(x) @ torch.tensor(kernel)).unbind(1):
            gates = torch.sigmoid(now[:, :4] + h @ recurrent[:, :4])
            update, reset = gates.chunk(2, dim=-1)
            candidate = torch.tanh(now[:, 4:] + (reset * h) @ recurrent[:, 4:])
            h = update * h + (1 - update) * candidate
        return h

    def keras_as_torch(x, kernel, recurrent):
        gru = keras.layers.GRU(2, reset_after=True, use_bias=False, dtype="float64")
        return built(gru, x, kernel, recurrent)(x)


@difference(
    item="bias of a recurrent layer after a step of gradient descent",
    keras="one bias takes the step",
    torch="both biases take it: what they add up to moves twice as far",
    severity=SLOW_DRIFT,
    hits="trainings compared step by step, and learning rates carried over",
    recipe="torch: bias_hh.requires_grad_(False); Keras: twice the learning rate for the bias",
    sources=("keras/src/layers/rnn/simple_rnn.py:L146", "torch/nn/modules/rnn.py:L187"),
)
class RnnBiasStep:
    x = np.random.default_rng(0).normal(size=(2, 3, 2))
    kernel = np.random.default_rng(1).normal(size=(2, 2))
    recurrent = np.random.default_rng(2).normal(size=(2, 2))

    def in_keras(x, kernel, recurrent):
        rnn = keras.layers.SimpleRNN(2, unroll=True, dtype="float64")
        rnn = built(rnn, x, kernel, recurrent, np.zeros(2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(rnn(x))
        return rnn.cell.bias - 0.1 * tape.gradient(loss, rnn.cell.bias.value)

    def in_torch(x, kernel, recurrent):
        rnn = nn.RNN(2, 2, batch_first=True).double()
        zeros = dict(bias_ih_l0=np.zeros(2), bias_hh_l0=np.zeros(2))
        loaded(rnn, weight_ih_l0=kernel.T, weight_hh_l0=recurrent.T, **zeros)
        rnn(torch.tensor(x))[0][:, -1].sum().backward()
        torch.optim.SGD(rnn.parameters(), lr=0.1).step()
        return (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach()

    def torch_as_keras(x, kernel, recurrent):
        rnn = nn.RNN(2, 2, batch_first=True).double()
        zeros = dict(bias_ih_l0=np.zeros(2), bias_hh_l0=np.zeros(2))
        loaded(rnn, weight_ih_l0=kernel.T, weight_hh_l0=recurrent.T, **zeros)
        rnn.bias_hh_l0.requires_grad_(False)
        rnn(torch.tensor(x))[0][:, -1].sum().backward()
        torch.optim.SGD(rnn.parameters(), lr=0.1).step()
        return (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach()

    def keras_as_torch(x, kernel, recurrent):
        rnn = keras.layers.SimpleRNN(2, unroll=True, dtype="float64")
        rnn = built(rnn, x, kernel, recurrent, np.zeros(2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(rnn(x))
        return rnn.cell.bias - 2 * 0.1 * tape.gradient(loss, rnn.cell.bias.value)


# --- shapes and states ------------------------------------------------------------------------


@difference(
    item="axis of the steps",
    keras="(batch, steps, features)",
    torch="(steps, batch, features) unless batch_first=True",
    severity=SILENT_WRONG,
    hits="every port: samples are taken for steps, and no shape objects",
    recipe="torch: batch_first=True; Keras: exchange the axes",
    sources=("keras/src/layers/rnn/rnn.py:L235", "torch/nn/modules/rnn.py:L876"),
)
class RnnBatchFirst:
    x = np.random.default_rng(0).normal(size=(3, 3, 2))
    kernel = np.random.default_rng(1).normal(size=(2, 2))
    recurrent = np.random.default_rng(2).normal(size=(2, 2))

    def in_keras(x, kernel, recurrent):
        rnn = keras.layers.SimpleRNN(2, use_bias=False, return_sequences=True, dtype="float64")
        return built(rnn, x, kernel, recurrent)(x)

    def in_torch(x, kernel, recurrent):
        rnn = nn.RNN(2, 2, bias=False).double()
        return loaded(rnn, weight_ih_l0=kernel.T, weight_hh_l0=recurrent.T)(torch.tensor(x))[
            0
        ].detach()

    def torch_as_keras(x, kernel, recurrent):
        rnn = nn.RNN(2, 2, bias=False, batch_first=True).double()
        return loaded(rnn, weight_ih_l0=kernel.T, weight_hh_l0=recurrent.T)(torch.tensor(x))[
            0
        ].detach()

    def keras_as_torch(x, kernel, recurrent):
        x = x.swapaxes(0, 1)
        rnn = keras.layers.SimpleRNN(2, use_bias=False, return_sequences=True, dtype="float64")
        return keras.ops.swapaxes(built(rnn, x, kernel, recurrent)(x), 0, 1)


@difference(
    item="what a recurrent layer gives back",
    keras="the last output; return_sequences=True gives all",
    torch="all outputs, and the states",
    severity=SILENT_WRONG,
    hits="the layer that comes next: a dense one takes either",
    recipe="torch: output[:, -1]; Keras: return_sequences=True",
    sources=("keras/src/layers/rnn/rnn.py:L444", "torch/nn/modules/rnn.py:L915"),
)
class RnnReturnSequences:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, kernel, recurrent, bias):
        return keras_lstm(x, kernel, recurrent, bias)(x)

    def in_torch(x, kernel, recurrent, bias):
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x))[0].detach()

    def torch_as_keras(x, kernel, recurrent, bias):
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x))[0][:, -1].detach()

    def keras_as_torch(x, kernel, recurrent, bias):
        return keras_lstm(x, kernel, recurrent, bias, return_sequences=True)(x)


@difference(
    item="shape of the state that a recurrent layer begins with",
    keras="(batch, units)",
    torch="(layers, batch, units), with batch_first=True too",
    severity=CRASH,
    hits="encoders and decoders, which hand states over",
    recipe="torch: h[None]; Keras: h[0]",
    sources=("keras/src/layers/rnn/rnn.py:L310", "torch/nn/modules/rnn.py:L894"),
    unaligned="there is nothing to align with: torch refuses the shape",
)
class RnnInitialState:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)
    h = np.random.default_rng(4).normal(size=(2, 2))
    c = np.random.default_rng(5).normal(size=(2, 2))

    def in_keras(x, kernel, recurrent, bias, h, c):
        return keras_lstm(x, kernel, recurrent, bias)(x, initial_state=[h, c])

    def in_torch(x, kernel, recurrent, bias, h, c):
        state = torch.tensor(h), torch.tensor(c)
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x), state)[0][:, -1]

    def torch_as_keras(x, kernel, recurrent, bias, h, c):
        state = torch.tensor(h)[None], torch.tensor(c)[None]
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x), state)[0][:, -1].detach()


@difference(
    item="recurrent layer that keeps its state between batches",
    keras="stateful=True begins where the last batch ended, until reset_state()",
    torch="begins with zeros at every call",
    severity=SILENT_WRONG,
    hits="language models trained on consecutive chunks",
    recipe="torch: hand the state over, detached; Keras: stateful=False",
    sources=("keras/src/layers/rnn/rnn.py:L384", "torch/nn/modules/rnn.py:L896"),
)
class RnnStateful:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, kernel, recurrent, bias):
        lstm = keras_lstm(x, kernel, recurrent, bias, stateful=True)
        return [lstm(x) for _ in range(2)]

    def in_torch(x, kernel, recurrent, bias):
        lstm = torch_lstm(kernel, recurrent, bias)
        return [each.detach() for each in [lstm(torch.tensor(x))[0][:, -1] for _ in range(2)]]

    def torch_as_keras(x, kernel, recurrent, bias):
        lstm = torch_lstm(kernel, recurrent, bias)
        first, (h, c) = lstm(torch.tensor(x))
        second, _ = lstm(torch.tensor(x), (h.detach(), c.detach()))
        return [each.detach() for each in [first[:, -1], second[:, -1]]]

    def keras_as_torch(x, kernel, recurrent, bias):
        lstm = keras_lstm(x, kernel, recurrent, bias)
        return [lstm(x) for _ in range(2)]


# --- directions -------------------------------------------------------------------------------


@difference(
    item="order of the outputs of a sequence read backwards",
    keras="go_backwards=True: in the order of reading, the last step of the input first",
    torch="the reverse direction turns its outputs round again: in the order of the input",
    severity=SILENT_WRONG,
    hits="bidirectional layers built by hand",
    recipe="turn the outputs round along the steps",
    sources=("keras/src/layers/rnn/rnn.py:L354", "torch/nn/modules/rnn.py:L920"),
)
class RnnGoBackwards:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, kernel, recurrent, bias):
        options = dict(go_backwards=True, return_sequences=True)
        return keras_lstm(x, kernel, recurrent, bias, **options)(x)

    def in_torch(x, kernel, recurrent, bias):
        return bidirectional_lstm(kernel, recurrent, bias)(torch.tensor(x))[0][..., 2:].detach()

    def torch_as_keras(x, kernel, recurrent, bias):
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x).flip(1))[0].detach()

    def keras_as_torch(x, kernel, recurrent, bias):
        options = dict(go_backwards=True, return_sequences=True)
        return keras.ops.flip(keras_lstm(x, kernel, recurrent, bias, **options)(x), axis=1)


@difference(
    item="last output of a bidirectional layer",
    keras="each direction's own last output: the backward one has read everything",
    torch="output[:, -1] holds the backward state of the last step: it has read one",
    severity=SILENT_WRONG,
    hits="classifiers of sequences",
    recipe="torch: join h_n of both directions; Keras: return_sequences=True and [:, -1]",
    sources=("keras/src/layers/rnn/bidirectional.py:L251", "torch/nn/modules/rnn.py:L968"),
)
class BidirectionalLast:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, kernel, recurrent, bias):
        return keras_bidirectional(x, kernel, recurrent, bias)(x)

    def in_torch(x, kernel, recurrent, bias):
        return bidirectional_lstm(kernel, recurrent, bias)(torch.tensor(x))[0][:, -1].detach()

    def torch_as_keras(x, kernel, recurrent, bias):
        _, (h, _) = bidirectional_lstm(kernel, recurrent, bias)(torch.tensor(x))
        return torch.cat([h[0], h[1]], dim=-1).detach()

    def keras_as_torch(x, kernel, recurrent, bias):
        both = keras_bidirectional(x, kernel, recurrent, bias, return_sequences=True)
        return both(x)[:, -1]


@difference(
    item="all outputs of a bidirectional layer",
    keras="forward and backward side by side, both in the order of the input",
    torch="forward and backward side by side, both in the order of the input",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/layers/rnn/bidirectional.py:L252", "torch/nn/modules/rnn.py:L920"),
)
class BidirectionalSequences:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, kernel, recurrent, bias):
        return keras_bidirectional(x, kernel, recurrent, bias, return_sequences=True)(x)

    def in_torch(x, kernel, recurrent, bias):
        return bidirectional_lstm(kernel, recurrent, bias)(torch.tensor(x))[0].detach()


@difference(
    item="recurrent layer on a batch without sequences",
    keras="raises InvalidArgumentError",
    torch="gives an empty batch",
    severity=CRASH,
    hits="batches that are filtered, and the last one of a split",
    recipe="Keras: leave the layer out where there is nothing to read",
    sources=("keras/src/layers/rnn/lstm.py:L582", "torch/nn/modules/rnn.py:L1064"),
    unaligned="torch need not refuse an empty batch",
)
class RnnEmptyBatch:
    x = np.zeros((0, 3, 4), np.float32)

    def in_keras(x):
        return keras.layers.LSTM(2, return_sequences=True)(x)

    def in_torch(x):
        return nn.LSTM(4, 2, batch_first=True)(torch.tensor(x))[0].detach()

    def keras_as_torch(x):
        layer = keras.layers.LSTM(2, return_sequences=True)
        return layer(x) if len(x) else tf.zeros((*x.shape[:2], layer.units))
