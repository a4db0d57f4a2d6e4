"""Losses of distributions, counts and alignments: what is a logarithm, what a mean divides by."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    LOSSES,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.losses import EPSILON

TITLE = "Losses: distributions, counts and alignments"
STAGE = LOSSES


@difference(
    item="KL divergence, reduction left out",
    keras="sum over classes, mean over the batch",
    torch="'mean' divides by the number of all elements",
    severity=SILENT_WRONG,
    hits="distillation and variational losses: smaller by the number of classes",
    recipe="torch: reduction='batchmean'",
    sources=("keras/src/losses/losses.py:L2106", "torch/nn/functional.py:L3452"),
)
class KlReduction:
    y = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    p = np.array([[0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])

    def in_keras(y, p):
        return keras.losses.KLDivergence(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.KLDivLoss()(torch.tensor(p).log(), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.KLDivLoss(reduction="batchmean")(torch.tensor(p).log(), torch.tensor(y))

    def keras_as_torch(y, p):
        return keras.losses.KLDivergence(dtype="float64")(y, p) / y.shape[1]


@difference(
    item="KL divergence handed two distributions",
    keras="(y_true, y_pred), both probabilities",
    torch="(input, target), the input as logarithms: another, even negative, number; no error",
    severity=SILENT_WRONG,
    hits="distillation and variational losses",
    recipe="torch: pass input.log()",
    sources=("keras/src/losses/losses.py:L2106", "torch/nn/functional.py:L3464"),
)
class KlLogInput:
    y = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    p = np.array([[0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])

    def in_keras(y, p):
        return keras.losses.KLDivergence(dtype="float64")(y, p)

    def in_torch(y, p):
        return F.kl_div(torch.tensor(p), torch.tensor(y), reduction="batchmean")

    def torch_as_keras(y, p):
        return F.kl_div(torch.tensor(p).log(), torch.tensor(y), reduction="batchmean")

    def keras_as_torch(y, p):
        return keras.ops.mean(keras.ops.sum(y * (keras.ops.log(y) - p), axis=1))


@difference(
    item="KL divergence where the prediction is zero",
    keras="both are clipped to [10⁻⁷, 1]: finite",
    torch="infinite",
    severity=SILENT_WRONG,
    hits="distillation from peaked distributions",
    recipe="clamp both in torch; or write the formula in Keras",
    sources=("keras/src/losses/losses.py:L2104", "torch/nn/functional.py:L3464"),
)
class KlOfZero:
    y = np.array([[0.5, 0.5, 0.0]])
    p = np.array([[0.5, 0.0, 0.5]])

    def in_keras(y, p):
        return keras.losses.KLDivergence(dtype="float64")(y, p)

    def in_torch(y, p):
        return F.kl_div(torch.tensor(p).log(), torch.tensor(y), reduction="batchmean")

    def torch_as_keras(y, p):
        y, p = torch.tensor(y).clamp(EPSILON, 1), torch.tensor(p).clamp(EPSILON, 1)
        return F.kl_div(p.log(), y, reduction="batchmean")

    def keras_as_torch(y, p):
        terms = tf.math.xlogy(y, y) - y * tf.math.log(p)
        return tf.reduce_mean(tf.reduce_sum(terms, axis=1))


@difference(
    item="Poisson loss, arguments left out",
    keras="the prediction is the rate",
    torch="log_input=True: the prediction is the logarithm of the rate",
    severity=SILENT_WRONG,
    hits="count regression",
    recipe="torch: log_input=False, eps=1e-7",
    sources=("keras/src/losses/losses.py:L2145", "torch/nn/functional.py:L3244"),
)
class PoissonInput:
    y = np.array([[1.0], [4.0]])
    p = np.array([[2.0], [3.0]])

    def in_keras(y, p):
        return keras.losses.Poisson(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.PoissonNLLLoss()(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        loss = nn.PoissonNLLLoss(log_input=False, eps=EPSILON)
        return loss(torch.tensor(p), torch.tensor(y))

    def keras_as_torch(y, p):
        return keras.ops.mean(keras.ops.exp(p) - y * p)


@difference(
    item="Poisson loss of a rate of zero",
    keras="log(rate + 10⁻⁷)",
    torch="log(rate + 10⁻⁸), with log_input=False",
    severity=COSMETIC,
    hits="count regression with a ReLU at the end",
    recipe="torch: eps=1e-7",
    sources=("keras/src/losses/losses.py:L2145", "torch/nn/functional.py:L3247"),
)
class PoissonEpsilon:
    y = np.array([[1.0], [4.0]])
    p = np.array([[0.0], [3.0]])

    def in_keras(y, p):
        return keras.losses.Poisson(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.PoissonNLLLoss(log_input=False)(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        loss = nn.PoissonNLLLoss(log_input=False, eps=EPSILON)
        return loss(torch.tensor(p), torch.tensor(y))

    def keras_as_torch(y, p):
        return keras.ops.mean(p - y * keras.ops.log(p + 1e-8))


@difference(
    item="CTC loss: how the losses of a batch are averaged",
    keras="the mean over sequences",
    torch="each loss is divided by the length of its target first",
    severity=SILENT_WRONG,
    hits="speech and handwriting recognition",
    recipe="torch: reduction='none', then the mean (and time first, log_softmax first)",
    sources=("keras/src/backend/tensorflow/nn.py:L1586", "torch/nn/functional.py:L3100"),
)
class CtcReduction:
    y = np.array([[1, 2], [3, 0]])  # 0 is blank, and pads
    lengths = np.array([2, 1])
    z = np.random.default_rng(4).normal(size=(2, 5, 4))

    def in_keras(y, z):
        return round(float(keras.losses.CTC()(y, z)), 3)  # in float32, whatever the input

    def in_torch(y, lengths, z):
        steps = torch.full((len(z),), z.shape[1])
        scores = F.log_softmax(torch.tensor(z), dim=-1).transpose(0, 1)
        loss = F.ctc_loss(scores, torch.tensor(y), steps, torch.tensor(lengths))
        return round(float(loss), 3)

    def torch_as_keras(y, lengths, z):
        steps = torch.full((len(z),), z.shape[1])
        scores = F.log_softmax(torch.tensor(z), dim=-1).transpose(0, 1)
        losses = F.ctc_loss(scores, torch.tensor(y), steps, torch.tensor(lengths), reduction="none")
        return round(float(losses.mean()), 3)

    def keras_as_torch(y, lengths, z):
        losses = keras.losses.ctc(y, z.astype("float32"))
        return round(float(keras.ops.mean(losses / lengths)), 3)


@difference(
    item="what CTC loss is handed",
    keras="logits: the softmax is part of the loss",
    torch="logarithms of probabilities: logits are taken as they are, and the loss may be negative",
    severity=SILENT_WRONG,
    hits="speech and handwriting recognition, whose last layer is linear",
    recipe="torch: log_softmax first; it is its own inverse, and does no harm twice",
    sources=("keras/src/backend/tensorflow/nn.py:L1574", "torch/nn/functional.py:L3094"),
    unaligned="a loss of what is no distribution is nothing that Keras should be made to give",
)
class CtcLogits:
    y = np.array([[1, 2]])
    z = np.zeros((1, 5, 4), np.float32)

    def in_keras(y, z):
        return round(float(keras.losses.CTC()(y, z)), 3)

    def in_torch(y, z):
        steps, lengths = torch.tensor([z.shape[1]]), torch.tensor([y.shape[1]])
        scores = torch.tensor(z).transpose(0, 1)
        losses = F.ctc_loss(scores, torch.tensor(y), steps, lengths, reduction="none")
        return round(float(losses.mean()), 3)

    def torch_as_keras(y, z):
        steps, lengths = torch.tensor([z.shape[1]]), torch.tensor([y.shape[1]])
        scores = F.log_softmax(torch.tensor(z), dim=-1).transpose(0, 1)
        losses = F.ctc_loss(scores, torch.tensor(y), steps, lengths, reduction="none")
        return round(float(losses.mean()), 3)


@difference(
    item="CTC loss of a label that the steps have no room for",
    keras="about 707, the logarithm of the smallest number: finite, with a gradient",
    torch="∞",
    severity=SILENT_WRONG,
    hits="short recordings with long transcripts: one of them makes a batch infinite in torch",
    recipe="torch: clamp(max=…), or zero_infinity=True, which leaves such a pair out",
    sources=("keras/src/backend/tensorflow/nn.py:L1574", "torch/nn/functional.py:L3094"),
    unaligned="the number of Keras depends on the length and the number of classes",
)
class CtcWithoutRoom:
    y = np.array([[1, 1]])  # a blank between the two would be a third step
    z = np.zeros((1, 2, 3), np.float32)

    def in_keras(y, z):
        return bool(np.isfinite(keras.losses.CTC()(y, z)))

    def in_torch(y, z):
        steps, lengths = torch.tensor([z.shape[1]]), torch.tensor([y.shape[1]])
        scores = F.log_softmax(torch.tensor(z), dim=-1).transpose(0, 1)
        losses = F.ctc_loss(scores, torch.tensor(y), steps, lengths, reduction="none")
        return bool(losses.isfinite())

    def torch_as_keras(y, z):
        steps, lengths = torch.tensor([z.shape[1]]), torch.tensor([y.shape[1]])
        scores = F.log_softmax(torch.tensor(z), dim=-1).transpose(0, 1)
        options = {"reduction": "none", "zero_infinity": True}
        losses = F.ctc_loss(scores, torch.tensor(y), steps, lengths, **options)
        return bool(losses.isfinite())
