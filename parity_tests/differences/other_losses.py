"""Losses of errors, similarities and margins: other formulas under one name, other constants."""

import math

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
    NONE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.losses import EPSILON

TITLE = "Losses: regression, similarities, margins"
STAGE = LOSSES


@difference(
    item="binary focal loss, arguments left out",
    keras="gamma 2, no weight of the classes: apply_class_balancing=False",
    torch="nothing built in; the one of its vision library weights by alpha=0.25",
    severity=SILENT_WRONG,
    hits="detectors and segmentation",
    recipe="write both factors out",
    sources=("keras/src/losses/losses.py:L2429", "torch/nn/functional.py:L3628"),
)
class FocalWeight:
    y = np.array([[1.0], [0.0], [1.0]])
    p = np.array([[0.75], [0.25], [0.5]])

    def in_keras(y, p):
        return keras.losses.BinaryFocalCrossentropy(dtype="float64")(y, p)

    def in_torch(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        right = y * p + (1 - y) * (1 - p)
        weight = y * 0.25 + (1 - y) * 0.75
        losses = F.binary_cross_entropy(p, y, reduction="none")
        return (weight * (1 - right) ** 2 * losses).mean()

    def torch_as_keras(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        right = y * p + (1 - y) * (1 - p)
        return ((1 - right) ** 2 * F.binary_cross_entropy(p, y, reduction="none")).mean()

    def keras_as_torch(y, p):
        loss = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, dtype="float64")
        return loss(y, p)


@difference(
    item="mean squared error",
    keras="the mean over all elements",
    torch="the mean over all elements",
    severity=NONE,
    hits="nobody, as long as the shapes are equal",
    recipe="nothing to do",
    sources=("keras/src/losses/losses.py:L1788", "torch/nn/functional.py:L4245"),
)
class MeanSquaredError:
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    p = np.array([[1.5, 2.0], [2.0, 7.0]])

    def in_keras(y, p):
        return keras.losses.MeanSquaredError(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.MSELoss()(torch.tensor(p), torch.tensor(y))


@difference(
    item="Huber loss and SmoothL1Loss, threshold 2.5",
    keras="Huber(delta): e²/2 inside, slope delta outside",
    torch="SmoothL1Loss(beta): the same divided by beta",
    severity=SILENT_WRONG,
    hits="box regression: the loss, and its gradient, is beta times smaller",
    recipe="torch: nn.HuberLoss(delta); Keras: Huber(delta) / delta",
    sources=("keras/src/losses/losses.py:L2005", "torch/nn/functional.py:L4010"),
)
class SmoothL1:
    y = np.array([[0.0], [0.0]])
    p = np.array([[1.0], [5.0]])

    def in_keras(y, p):
        return keras.losses.Huber(delta=2.5, dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.SmoothL1Loss(beta=2.5)(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.HuberLoss(delta=2.5)(torch.tensor(p), torch.tensor(y))

    def keras_as_torch(y, p):
        return keras.losses.Huber(delta=2.5, dtype="float64")(y, p) / 2.5


@difference(
    item="sign of the cosine similarity as a loss",
    keras="−cos, to be minimised",
    torch="F.cosine_similarity is cos; CosineEmbeddingLoss is 1 − cos",
    severity=SILENT_WRONG,
    hits="metric learning: minimising the wrong sign pushes apart what should be alike",
    recipe="negate, and mind the constant 1",
    sources=("keras/src/losses/losses.py:L1958", "torch/nn/functional.py:L5869"),
)
class CosineSign:
    y = np.array([[1.0, 2.0], [3.0, -4.0]])
    p = np.array([[2.0, 1.0], [0.5, 1.0]])

    def in_keras(y, p):
        return keras.losses.cosine_similarity(y, p)

    def in_torch(y, p):
        return F.cosine_similarity(torch.tensor(y), torch.tensor(p))

    def torch_as_keras(y, p):
        return -F.cosine_similarity(torch.tensor(y), torch.tensor(p))

    def keras_as_torch(y, p):
        return -keras.losses.cosine_similarity(y, p)


@difference(
    item="axis of the cosine similarity",
    keras="the last",
    torch="dim=1, the second",
    severity=SILENT_WRONG,
    hits="similarities of sequences of vectors, (batch, steps, units)",
    recipe="pass axis and dim",
    sources=("keras/src/losses/losses.py:L1922", "torch/nn/functional.py:L5872"),
)
class CosineAxis:
    y = np.random.default_rng(2).normal(size=(2, 3, 3))
    p = np.random.default_rng(3).normal(size=(2, 3, 3))

    def in_keras(y, p):
        return -keras.losses.cosine_similarity(y, p)

    def in_torch(y, p):
        return F.cosine_similarity(torch.tensor(y), torch.tensor(p))

    def torch_as_keras(y, p):
        return F.cosine_similarity(torch.tensor(y), torch.tensor(p), dim=-1)

    def keras_as_torch(y, p):
        return -keras.losses.cosine_similarity(y, p, axis=1)


@difference(
    item="cosine similarity of vectors as short as 10⁻⁸",
    keras="each is divided by its norm, or by 10⁻⁷ if that is larger",
    torch="each norm is kept above 10⁻⁸",
    severity=COSMETIC,
    hits="embeddings that collapsed to zero",
    recipe="write the formula with one epsilon in both",
    sources=("keras/src/ops/nn.py:L2729", "torch/nn/functional.py:L5872"),
)
class CosineEpsilon:
    y = np.array([[3e-8, 4e-8]])
    p = np.array([[1.0, 0.0]])

    def in_keras(y, p):
        return -keras.losses.cosine_similarity(y, p)

    def in_torch(y, p):
        return F.cosine_similarity(torch.tensor(y), torch.tensor(p))

    def torch_as_keras(y, p):
        return F.cosine_similarity(torch.tensor(y), torch.tensor(p), eps=EPSILON)

    def keras_as_torch(y, p):
        y = keras.ops.normalize(y, epsilon=1e-8)
        return keras.ops.sum(y * keras.ops.normalize(p, epsilon=1e-8), axis=-1)


@difference(
    item="hinge loss",
    keras="max(0, 1 − y f)",
    torch="HingeEmbeddingLoss is f where y = 1, and max(0, 1 − f) where y = −1",
    severity=SILENT_WRONG,
    hits="linear classifiers and GANs with a hinge",
    recipe="torch: margin_ranking_loss(f, 0, y, margin=1)",
    sources=("keras/src/losses/losses.py:L1670", "torch/nn/functional.py:L4374"),
)
class Hinge:
    y = np.array([[1.0], [-1.0], [1.0]])
    f = np.array([[0.25], [0.5], [3.0]])

    def in_keras(y, f):
        return keras.losses.Hinge(dtype="float64")(y, f)

    def in_torch(y, f):
        return nn.HingeEmbeddingLoss()(torch.tensor(f), torch.tensor(y))

    def torch_as_keras(y, f):
        f, y = torch.tensor(f), torch.tensor(y)
        return F.margin_ranking_loss(f, torch.zeros_like(f), y, margin=1)

    def keras_as_torch(y, f):
        return keras.ops.mean(keras.ops.where(y == 1, f, keras.ops.relu(1 - f)))


@difference(
    item="hinge loss with labels 0 and 1",
    keras="2y − 1, if the whole batch holds nothing but 0 and 1",
    torch="margin_ranking_loss takes labels as they are",
    severity=SILENT_WRONG,
    hits="binary labels; a batch with one label more switches the conversion off",
    recipe="convert to −1 and 1 yourself in both",
    sources=("keras/src/losses/losses.py:L1624", "torch/nn/functional.py:L4323"),
)
class HingeBinaryLabels:
    y = np.array([[1.0], [0.0], [1.0]])
    f = np.array([[0.25], [0.5], [3.0]])

    def in_keras(y, f):
        return keras.losses.Hinge(dtype="float64")(y, f)

    def in_torch(y, f):
        f, y = torch.tensor(f), torch.tensor(y)
        return F.margin_ranking_loss(f, torch.zeros_like(f), y, margin=1)

    def torch_as_keras(y, f):
        f, y = torch.tensor(f), torch.tensor(y)
        return F.margin_ranking_loss(f, torch.zeros_like(f), 2 * y - 1, margin=1)

    def keras_as_torch(y, f):
        return keras.ops.mean(keras.ops.relu(1 - y * f))


@difference(
    item="hinge loss of several classes",
    keras="CategoricalHinge: only the largest wrong score counts, and zero counts as a score",
    torch="MultiMarginLoss: the sum over all wrong classes, divided by the number of classes",
    severity=SILENT_WRONG,
    hits="support vector classifiers",
    recipe="write the formula",
    sources=("keras/src/losses/losses.py:L1747", "torch/nn/functional.py:L4609"),
)
class CategoricalHinge:
    y = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    f = np.array([[0.5, 0.25, 1.0], [2.0, -1.0, 0.5]])

    def in_keras(y, f):
        return keras.losses.CategoricalHinge(dtype="float64")(y, f)

    def in_torch(y, f):
        return nn.MultiMarginLoss()(torch.tensor(f), torch.tensor(y).argmax(1))

    def torch_as_keras(y, f):
        f, y = torch.tensor(f), torch.tensor(y)
        wrong = ((1 - y) * f).amax(1)
        return F.relu(wrong - (y * f).sum(1) + 1).mean()

    def keras_as_torch(y, f):
        right = keras.ops.sum(y * f, axis=1, keepdims=True)
        margins = (1 - y) * keras.ops.relu(1 - right + f)
        return keras.ops.mean(keras.ops.sum(margins, axis=1)) / y.shape[1]


@difference(
    item="log cosh of a large error",
    keras="e + softplus(−2e) − log 2: finite",
    torch="nothing built in; log(cosh(e)) by hand overflows",
    severity=SILENT_WRONG,
    hits="robust regression",
    recipe="torch: the stable form",
    sources=("keras/src/losses/losses.py:L2053", "torch/nn/functional.py:L4245"),
)
class LogCosh:
    y = np.array([[0.0], [0.0]])
    p = np.array([[0.5], [1000.0]])

    def in_keras(y, p):
        return keras.losses.log_cosh(y, p)

    def in_torch(y, p):
        return (torch.tensor(p) - torch.tensor(y)).cosh().log()[:, 0]

    def torch_as_keras(y, p):
        error = torch.tensor(p) - torch.tensor(y)
        log_2 = float(np.float32(math.log(2)))  # as Keras rounds it
        return (error + F.softplus(-2 * error, threshold=40) - log_2)[:, 0]

    def keras_as_torch(y, p):
        return tf.math.log(tf.math.cosh(p - y))[:, 0]


@difference(
    item="percentage error where the truth is zero",
    keras="divides by at least 10⁻⁷, and multiplies by 100",
    torch="nothing built in; |e/y| by hand is infinite, and a fraction",
    severity=SILENT_WRONG,
    hits="forecasting of series with zeros",
    recipe="torch: 100 |e| / |y|.clamp(min=1e-7)",
    sources=("keras/src/losses/losses.py:L1870", "torch/nn/functional.py:L4169"),
)
class PercentageErrorOfZero:
    y = np.array([[0.0], [4.0]])
    p = np.array([[1.0], [3.0]])

    def in_keras(y, p):
        return keras.losses.mean_absolute_percentage_error(y, p)

    def in_torch(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return ((y - p) / y).abs()[:, 0]

    def torch_as_keras(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return 100 * ((y - p) / y.abs().clamp(min=EPSILON)).abs()[:, 0]

    def keras_as_torch(y, p):
        return keras.ops.abs((y - p) / tf.constant(y))[:, 0]


@difference(
    item="squared logarithmic error of a negative prediction",
    keras="raised to 10⁻⁷ before log(1 + p)",
    torch="nothing built in; log1p by hand is NaN below −1",
    severity=SILENT_WRONG,
    hits="regression of prices and counts with a linear last layer",
    recipe="torch: clamp both at 10⁻⁷",
    sources=("keras/src/losses/losses.py:L1916", "torch/nn/functional.py:L4245"),
)
class LogarithmicErrorOfNegative:
    y = np.array([[1.0], [4.0]])
    p = np.array([[-2.0], [3.0]])

    def in_keras(y, p):
        return keras.losses.mean_squared_logarithmic_error(y, p)

    def in_torch(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return (p.log1p() - y.log1p()).square()[:, 0]

    def torch_as_keras(y, p):
        # Keras holds this epsilon as a float32
        epsilon = float(np.float32(EPSILON))
        y, p = torch.tensor(y).clamp(min=epsilon), torch.tensor(p).clamp(min=epsilon)
        return ((p + 1).log() - (y + 1).log()).square()[:, 0]

    def keras_as_torch(y, p):
        return tf.square(tf.math.log1p(p) - tf.math.log1p(y))[:, 0]


@difference(
    item="mean squared error of integers",
    keras="cast to float32",
    torch="an error: no mean of integers",
    severity=CRASH,
    hits="counts and pixel values compared as they are",
    recipe="torch: cast first",
    sources=("keras/src/losses/loss.py:L64", "torch/nn/functional.py:L4245"),
    unaligned="Keras has no setting that makes it refuse",
)
class IntegerError:
    y = np.array([[1], [4]])
    p = np.array([[2], [6]])

    def in_keras(y, p):
        return keras.losses.MeanSquaredError()(y, p)

    def in_torch(y, p):
        return nn.MSELoss()(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.MSELoss()(torch.tensor(p).float(), torch.tensor(y).float())


@difference(
    item="distance of two vectors that are equal",
    keras="0: the norm of their difference",
    torch="F.pairwise_distance adds 10⁻⁶ to each difference; cdist does not",
    severity=COSMETIC,
    hits="triplet and contrastive losses; the gradient at 0 is finite for it",
    recipe="torch: eps=0; Keras: norm(x − y + 1e-6)",
    sources=("tensorflow/python/ops/linalg_ops.py:L637", "torch/nn/functional.py:L5835"),
)
class DistanceOfEquals:
    x, y = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 2.0], [3.0, 1.0]])

    def in_keras(x, y):
        return tf.norm(x - y, axis=1)

    def in_torch(x, y):
        return F.pairwise_distance(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        return F.pairwise_distance(torch.tensor(x), torch.tensor(y), eps=0)

    def keras_as_torch(x, y):
        return tf.norm(x - y + 1e-6, axis=1)
