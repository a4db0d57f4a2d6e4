"""How losses are averaged: reductions, masks, shapes that broadcast, precision, penalties."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LOSSES,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from tf_impl.builtins.losses import mean_squared_error, squared_error
from torch_impl.builtins.losses import l2_penalty

TITLE = "Losses: reductions, masks and penalties"
STAGE = LOSSES


@difference(
    item="reduction='sum' with several outputs",
    keras="the sum over the batch of means over the last axis",
    torch="the sum over all elements",
    severity=SILENT_WRONG,
    hits="regression with several outputs: gradients differ by their number",
    recipe="torch: divide by the last dimension; Keras: multiply by it",
    sources=("keras/src/losses/losses.py:L1788", "torch/nn/functional.py:L4245"),
)
class SumOfOutputs:
    y = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    p = np.array([[1.5, 2.0, 5.0], [4.0, 4.0, 8.0]])

    def in_keras(y, p):
        return keras.losses.MeanSquaredError(reduction="sum", dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.MSELoss(reduction="sum")(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.MSELoss(reduction="sum")(torch.tensor(p), torch.tensor(y)) / y.shape[1]

    def keras_as_torch(y, p):
        return squared_error(y, p, reduction="sum")


@difference(
    item="reduction='none': the shape of the result",
    keras="(batch,): the mean over the last axis is part of the loss",
    torch="(batch, outputs)",
    severity=SILENT_WRONG,
    hits="weights for each sample, which then broadcast along another axis",
    recipe="torch: .mean(−1); Keras: y[..., None] and p[..., None]",
    sources=("keras/src/losses/losses.py:L1788", "torch/nn/functional.py:L4245"),
)
class NoReduction:
    y = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    p = np.array([[1.5, 2.0, 5.0], [4.0, 4.0, 8.0]])

    def in_keras(y, p):
        return keras.losses.MeanSquaredError(reduction="none", dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.MSELoss(reduction="none")(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.MSELoss(reduction="none")(torch.tensor(p), torch.tensor(y)).mean(-1)

    def keras_as_torch(y, p):
        return mean_squared_error(y, p, reduction="none")


@difference(
    item="targets of shape (n,), predictions of shape (n, 1), squared error",
    keras="the ranks are made equal first",
    torch="both broadcast to (n, n): a warning, another number",
    severity=SILENT_WRONG,
    hits="regression with one output; the model learns the mean of the targets",
    recipe="torch: p.squeeze(−1)",
    sources=("keras/src/losses/losses.py:L1787", "torch/nn/functional.py:L4245"),
)
class TargetsBroadcast:
    y = np.array([1.0, 2.0, 4.0])
    p = np.array([[1.5], [2.0], [3.0]])

    def in_keras(y, p):
        return keras.losses.MeanSquaredError(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.MSELoss()(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.MSELoss()(torch.tensor(p).squeeze(-1), torch.tensor(y))

    def keras_as_torch(y, p):
        return keras.ops.mean((p - y) ** 2)


@difference(
    item="targets of shape (n,), predictions of shape (n, 1), binary cross-entropy",
    keras="the ranks are made equal first",
    torch="an error",
    severity=CRASH,
    hits="binary classifiers with one output",
    recipe="torch: y.unsqueeze(−1)",
    sources=("keras/src/losses/losses.py:L32", "torch/nn/functional.py:L3689"),
    unaligned="the loss objects of Keras have no setting that makes them refuse",
)
class BinaryTargetsShape:
    y = np.array([1.0, 0.0])
    z = np.array([[1.5], [2.0]])

    def in_keras(y, z):
        return keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")(y, z)

    def in_torch(y, z):
        return nn.BCEWithLogitsLoss()(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        return nn.BCEWithLogitsLoss()(torch.tensor(z), torch.tensor(y).unsqueeze(-1))


@difference(
    item="mean over a batch without samples",
    keras="an empty tensor: what is empty is not reduced",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="filtered batches, detectors without a match",
    recipe="skip empty batches in both",
    sources=("keras/src/losses/loss.py:L145", "torch/nn/functional.py:L3555"),
)
class EmptyBatch:
    y = np.zeros(0, dtype="int64")
    z = np.zeros((0, 3))

    def in_keras(y, z):
        return keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")(y, z)

    def in_torch(y, z):
        return nn.CrossEntropyLoss()(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        return nn.CrossEntropyLoss(reduction="none")(torch.tensor(z), torch.tensor(y))

    def keras_as_torch(y, z):
        loss = keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")
        return keras.ops.mean(loss(y, z))


@difference(
    item="steps that a Masking or Embedding layer marked",
    keras="the mask travels with the prediction, and the loss leaves those steps out",
    torch="no mask travels: every step counts",
    severity=SILENT_WRONG,
    hits="recurrent networks on padded sequences",
    recipe="torch: index by the mask; Keras: keras.ops.copy drops the mask",
    sources=("keras/src/losses/loss.py:L57", "torch/nn/functional.py:L4245"),
)
class MaskFromLayers:
    x = np.array([[[1.0], [2.0], [0.0]], [[3.0], [0.0], [0.0]]])
    y = np.ones((2, 3, 1))

    def in_keras(x, y):
        p = keras.layers.Masking(dtype="float64")(x)
        return keras.losses.MeanSquaredError(dtype="float64")(y, p)

    def in_torch(x, y):
        return nn.MSELoss()(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        valid = (torch.tensor(x) != 0).any(-1)
        return nn.MSELoss()(torch.tensor(x)[valid], torch.tensor(y)[valid])

    def keras_as_torch(x, y):
        p = keras.ops.copy(keras.layers.Masking(dtype="float64")(x))
        return keras.losses.MeanSquaredError(dtype="float64")(y, p)


@difference(
    item="order of the arguments of a loss",
    keras="(y_true, y_pred)",
    torch="(input, target): the prediction first",
    severity=SILENT_WRONG,
    hits="losses without symmetry, called with the arguments in the other's order",
    recipe="pass them by name",
    sources=("keras/src/losses/losses.py:L2380", "torch/nn/functional.py:L3566"),
)
class ArgumentOrder:
    first = np.array([[0.75], [0.5]])
    second = np.array([[0.125], [0.5]])

    def in_keras(first, second):
        return keras.ops.mean(keras.losses.binary_crossentropy(first, second))

    def in_torch(first, second):
        return F.binary_cross_entropy(torch.tensor(first), torch.tensor(second))

    def torch_as_keras(first, second):
        return F.binary_cross_entropy(target=torch.tensor(first), input=torch.tensor(second))

    def keras_as_torch(first, second):
        return keras.ops.mean(keras.losses.binary_crossentropy(y_true=second, y_pred=first))


@difference(
    item="precision in which a loss object computes",
    keras="float32 (keras.config.floatx), whatever the prediction is in",
    torch="that of the prediction",
    severity=SLOW_DRIFT,
    hits="comparisons in float64; gradients through the loss are rounded too",
    recipe="Keras: dtype='float64' for the loss; torch: .float()",
    sources=("keras/src/losses/loss.py:L49", "torch/nn/functional.py:L4245"),
)
class LossPrecision:
    y = np.array([[0.1], [0.2]])
    p = np.array([[0.3], [0.7]])

    def in_keras(y, p):
        return str(keras.losses.MeanSquaredError()(y, p).dtype.name)

    def in_torch(y, p):
        return str(nn.MSELoss()(torch.tensor(p), torch.tensor(y)).numpy().dtype)

    def torch_as_keras(y, p):
        loss = nn.MSELoss()(torch.tensor(p).float(), torch.tensor(y).float())
        return str(loss.numpy().dtype)

    def keras_as_torch(y, p):
        return keras.losses.MeanSquaredError(dtype="float64")(y, p).dtype.name


@difference(
    item="L2 regularizer of 0.5 and weight_decay of 0.5: what is added to the gradient",
    keras="c Σ w², whose gradient is 2 c w",
    torch="c w",
    severity=SILENT_WRONG,
    hits="every port of a regularized model: half the strength",
    recipe="weight_decay = 2 c",
    sources=("keras/src/regularizers/regularizers.py:L265", "torch/optim/sgd.py:L346"),
)
class L2OrWeightDecay:
    w, strength = np.array([1.0, -2.0, 4.0]), 0.5

    def in_keras(w, strength):
        w = tf.Variable(w)
        with tf.GradientTape() as tape:
            penalty = keras.regularizers.L2(strength)(w)
        return tape.gradient(penalty, w)

    def in_torch(w, strength):
        weight = nn.Parameter(torch.tensor(w))
        weight.grad = torch.zeros_like(weight)
        torch.optim.SGD([weight], lr=1.0, weight_decay=strength).step()
        return (torch.tensor(w) - weight).detach()

    def torch_as_keras(w, strength):
        weight = nn.Parameter(torch.tensor(w))
        weight.grad = torch.zeros_like(weight)
        torch.optim.SGD([weight], lr=1.0, weight_decay=2 * strength).step()
        return (torch.tensor(w) - weight).detach()

    def keras_as_torch(w, strength):
        w = tf.Variable(w)
        with tf.GradientTape() as tape:
            penalty = keras.regularizers.L2(strength / 2)(w)
        return tape.gradient(penalty, w)


@difference(
    item="parameters that are regularized",
    keras="kernel_regularizer: the kernel of that layer",
    torch="weight_decay: every parameter of the optimizer, biases and scales among them",
    severity=SILENT_WRONG,
    hits="every port of a regularized model",
    recipe="torch: a parameter group without decay; Keras: bias_regularizer as well",
    sources=("keras/src/layers/core/dense.py:L91", "torch/optim/sgd.py:L346"),
)
class BiasDecay:
    bias, strength = np.array([1.0, -2.0]), 0.5

    def in_keras(bias, strength):
        layer = keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(strength / 2))
        layer.build((None, 1))
        layer.bias.assign(bias)
        layer.kernel.assign(np.zeros((1, 2)))
        return sum(np.array(loss) for loss in layer.losses)

    def in_torch(bias, strength):
        layer = nn.Linear(1, 2)
        layer.bias.data = torch.tensor(bias)
        layer.weight.data.zero_()
        return sum(l2_penalty(p.data, strength / 2) for p in layer.parameters())

    def torch_as_keras(bias, strength):
        layer = nn.Linear(1, 2)
        layer.bias.data = torch.tensor(bias)
        layer.weight.data.zero_()
        return l2_penalty(layer.weight.data, strength / 2)

    def keras_as_torch(bias, strength):
        l2 = keras.regularizers.L2(strength / 2)
        layer = keras.layers.Dense(2, kernel_regularizer=l2, bias_regularizer=l2)
        layer.build((None, 1))
        layer.bias.assign(bias)
        layer.kernel.assign(np.zeros((1, 2)))
        return sum(np.array(loss) for loss in layer.losses)


@difference(
    item="the loss that is reported of a regularized model",
    keras="evaluate and fit report the loss with its penalties",
    torch="the criterion alone: weight_decay lives in the optimizer",
    severity=COSMETIC,
    hits="loss curves laid side by side",
    recipe="torch: add the penalty; Keras: report the loss as a metric",
    sources=("keras/src/trainers/trainer.py:L391", "torch/optim/sgd.py:L346"),
)
class PenaltyReported:
    x, y, w = np.array([[1.0]]), np.array([[3.0]]), np.array([[2.0]])

    def in_keras(x, y, w):
        layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=keras.regularizers.L2(1))
        model = keras.Sequential([layer])
        model.compile(loss="mse", run_eagerly=True)
        model.build((None, 1))
        layer.kernel.assign(w)
        return model.evaluate(x, y, verbose=0)

    def in_torch(x, y, w):
        return nn.MSELoss()(torch.tensor(x) @ torch.tensor(w), torch.tensor(y))

    def torch_as_keras(x, y, w):
        w = torch.tensor(w)
        return nn.MSELoss()(torch.tensor(x) @ w, torch.tensor(y)) + l2_penalty(w)

    def keras_as_torch(x, y, w):
        layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=keras.regularizers.L2(1))
        model = keras.Sequential([layer])
        model.compile(loss="mse", metrics=["mse"], run_eagerly=True)
        model.build((None, 1))
        layer.kernel.assign(w)
        return model.evaluate(x, y, verbose=0)[1]


@difference(
    item="loss of an epoch whose last batch is smaller",
    keras="the mean over samples",
    torch="the usual loop takes the mean over batches",
    severity=COSMETIC,
    hits="reported losses, and early stopping by them",
    recipe="torch: add up loss × batch size, divide by the number of samples",
    sources=("keras/src/backend/tensorflow/trainer.py:L69", "torch/nn/functional.py:L4245"),
)
class EpochMean:
    losses = np.array([1.0, 2.0, 6.0])  # of the batches
    sizes = np.array([4, 4, 2])

    def in_keras(losses, sizes):
        tracker = keras.metrics.Mean(dtype="float64")
        for loss, size in zip(losses, sizes, strict=True):
            tracker.update_state(loss, sample_weight=size)
        return tracker.result()

    def in_torch(losses, sizes):
        return torch.tensor(losses).mean()

    def torch_as_keras(losses, sizes):
        losses, sizes = torch.tensor(losses), torch.tensor(sizes)
        return (losses * sizes).sum() / sizes.sum()

    def keras_as_torch(losses, sizes):
        tracker = keras.metrics.Mean(dtype="float64")
        for loss in losses:
            tracker.update_state(loss)
        return tracker.result()


@difference(
    item="squared error of 300, in half precision",
    keras="90000: the class casts to floatx(), float32",
    torch="∞: 90000 is above the greatest of float16",
    severity=SILENT_WRONG,
    hits="mixed precision without autocast, which would cast the loss",
    recipe="torch: .float() before the loss; Keras: the functional form",
    sources=("keras/src/losses/loss.py:L61", "torch/nn/functional.py:L4245"),
)
class LossHalf:
    y = np.array([[0.0]], dtype=np.float16)
    prediction = np.array([[300.0]], dtype=np.float16)

    def in_keras(y, prediction):
        return keras.losses.MeanSquaredError()(y, prediction)

    def in_torch(y, prediction):
        return F.mse_loss(torch.tensor(prediction), torch.tensor(y))

    def torch_as_keras(y, prediction):
        return F.mse_loss(torch.tensor(prediction).float(), torch.tensor(y).float())

    def keras_as_torch(y, prediction):
        return keras.losses.mean_squared_error(y, prediction)[0]
