"""Cross-entropy: what a prediction is taken for, and where logarithms are clipped.

Labels stand in `labels`, averages and masks in `reductions`, weights in `loss_weights`.
"""

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
    difference,
)
from tf_impl.builtins.losses import softmax_cross_entropy

TITLE = "Losses: cross-entropy"
STAGE = LOSSES

EPSILON = 1e-7  # keras.config.epsilon()


def gradient(loss, at):
    """Of a Keras loss, at a point."""
    at = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = loss(at)
    return tape.gradient(value, at)


@difference(
    item="cross-entropy handed logits, no arguments",
    keras="from_logits=False: clipped to [10⁻⁷, 1 − 10⁻⁷] as probabilities are; no error",
    torch="CrossEntropyLoss expects logits",
    severity=SILENT_WRONG,
    hits="models whose last layer has no softmax: the loss hardly moves",
    recipe="Keras: from_logits=True",
    sources=("keras/src/backend/tensorflow/nn.py:L1433", "torch/nn/functional.py:L3555"),
)
class LogitsByDefault:
    y = np.array([0, 2])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        return keras.losses.SparseCategoricalCrossentropy(dtype="float64")(y, z)

    def in_torch(y, z):
        return nn.CrossEntropyLoss()(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        taken = torch.tensor(z).clamp(EPSILON, 1 - EPSILON)
        return nn.CrossEntropyLoss()(taken.log(), torch.tensor(y))

    def keras_as_torch(y, z):
        return softmax_cross_entropy(tf.constant(y), tf.constant(z))


@difference(
    item="cross-entropy handed probabilities, no arguments",
    keras="probabilities are what it expects",
    torch="CrossEntropyLoss takes another softmax of them, which flattens the loss; no error",
    severity=SILENT_WRONG,
    hits="models that keep their softmax layer: training stalls at a high loss",
    recipe="torch: drop the softmax, or nll_loss of the logarithm",
    sources=("keras/src/backend/tensorflow/nn.py:L1372", "torch/nn/functional.py:L3555"),
)
class ProbabilitiesByDefault:
    y = np.array([0, 2])
    p = np.array([[0.75, 0.125, 0.125], [0.25, 0.5, 0.25]])

    def in_keras(y, p):
        return keras.losses.SparseCategoricalCrossentropy(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.CrossEntropyLoss()(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return F.nll_loss(torch.tensor(p).log(), torch.tensor(y))

    def keras_as_torch(y, p):
        return softmax_cross_entropy(tf.constant(y), tf.constant(p))


@difference(
    item="cross-entropy of a probability of zero",
    keras="clipped to [10⁻⁷, 1 − 10⁻⁷] before the logarithm: at most 16.1",
    torch="the logarithm as it is: infinite",
    severity=SILENT_WRONG,
    hits="confident mistakes: a finite loss with no gradient here, an infinite one there",
    recipe="work with logits in both; or clamp before the logarithm",
    sources=("keras/src/backend/tensorflow/nn.py:L1375", "torch/nn/functional.py:L3231"),
)
class CrossEntropyOfZero:
    y = np.array([[0.0, 1.0], [0.0, 1.0]])
    p = np.array([[1.0 - 1e-12, 1e-12], [1.0, 0.0]])

    def in_keras(y, p):
        return keras.losses.categorical_crossentropy(y, p)

    def in_torch(y, p):
        classes = torch.tensor(y).argmax(1)
        return F.nll_loss(torch.tensor(p).log(), classes, reduction="none")

    def torch_as_keras(y, p):
        p = torch.tensor(p)
        p = (p / p.sum(1, keepdim=True)).clamp(EPSILON, 1 - EPSILON)
        return F.nll_loss(p.log(), torch.tensor(y).argmax(1), reduction="none")

    def keras_as_torch(y, p):
        return -keras.ops.log(keras.ops.sum(y * p, axis=1))


@difference(
    item="sparse cross-entropy of sure and right predictions among 1000 classes",
    keras="clips first, then takes a softmax of the logarithms: 10⁻⁴ (the one-hot form gives 10⁻⁷)",
    torch="zero",
    severity=COSMETIC,
    hits="the floor of a loss curve, and a comparison of Keras' two forms",
    recipe="torch: clamp, take the logarithm, then cross_entropy",
    sources=("keras/src/backend/tensorflow/nn.py:L1438", "torch/nn/functional.py:L3231"),
)
class SparseCrossEntropyFloor:
    y = np.array([0, 0])
    p = np.stack([np.eye(1000)[0], np.eye(1000)[:2].mean(0)])

    def in_keras(y, p):
        return keras.losses.sparse_categorical_crossentropy(y, p)

    def in_torch(y, p):
        return F.nll_loss(torch.tensor(p).log(), torch.tensor(y), reduction="none")

    def torch_as_keras(y, p):
        p = torch.tensor(p).clamp(EPSILON, 1 - EPSILON)
        return F.cross_entropy(p.log(), torch.tensor(y), reduction="none")

    def keras_as_torch(y, p):
        return -keras.ops.log(keras.ops.take_along_axis(p, y[:, None], axis=1))[:, 0]


@difference(
    item="cross-entropy after a softmax activation, logits 800 apart",
    keras="keras.activations.softmax notes its logits on its result, and the loss reads those: 800",
    torch="the logarithm of an underflowed softmax: infinite",
    severity=SILENT_WRONG,
    hits="saturated classifiers; a layer in between loses the note, and Keras clips after all",
    recipe="torch: cross_entropy of the logits; Keras: tf.identity drops the note",
    sources=("keras/src/backend/tensorflow/nn.py:L1269", "torch/nn/functional.py:L3231"),
)
class LogitsKeptBySoftmax:
    y = np.array([[0.0, 1.0]])
    z = np.array([[800.0, 0.0]])

    def in_keras(y, z):
        p = keras.activations.softmax(z)
        return keras.losses.categorical_crossentropy(y, p)

    def in_torch(y, z):
        p = F.softmax(torch.tensor(z), dim=1)
        return F.nll_loss(p.log(), torch.tensor(y).argmax(1), reduction="none")

    def torch_as_keras(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), reduction="none")

    def keras_as_torch(y, z):
        return -tf.math.log(tf.reduce_sum(y * keras.activations.softmax(z), axis=1))


@difference(
    item="cross-entropy of tf.nn.softmax, eager and in a graph",
    keras="eager: clipped, 16.1; in a graph Keras walks back to the logits: 35",
    torch="35 either way",
    severity=SILENT_WRONG,
    hits="losses printed while debugging with run_eagerly=True",
    recipe="Keras: from_logits=True on the logits",
    sources=("keras/src/backend/tensorflow/nn.py:L1278", "torch/nn/functional.py:L3231"),
)
class CrossEntropyInGraph:
    y = np.array([[0.0, 1.0]])
    z = np.array([[35.0, 0.0]])

    def in_keras(y, z):
        def loss(z):
            return keras.losses.categorical_crossentropy(y, tf.nn.softmax(z))

        z = tf.constant(z)
        return loss(z), tf.function(loss)(z)

    def in_torch(y, z):
        def loss(z):
            return F.cross_entropy(z, torch.tensor(y), reduction="none")

        z = torch.tensor(z)
        return loss(z), torch.jit.trace(loss, z, check_trace=False)(z)

    def torch_as_keras(y, z):
        p = F.softmax(torch.tensor(z), dim=1).clamp(EPSILON, 1 - EPSILON)
        clipped = -(torch.tensor(y) * p.log()).sum(1)
        return clipped, F.cross_entropy(torch.tensor(z), torch.tensor(y), reduction="none")

    def keras_as_torch(y, z):
        def loss(z):
            return keras.losses.categorical_crossentropy(y, z, from_logits=True)

        z = tf.constant(z)
        return loss(z), tf.function(loss)(z)


@difference(
    item="binary cross-entropy of probabilities 0 and 1 that are wrong",
    keras="p is clipped to [10⁻⁷, 1 − 10⁻⁷]: at most 16.1",
    torch="the logarithm is cut at −100: at most 100",
    severity=SILENT_WRONG,
    hits="confident mistakes; GANs with a sigmoid discriminator",
    recipe="torch: clamp p first; Keras: write the formula; better: logits in both",
    sources=("keras/src/backend/tensorflow/nn.py:L1484", "torch/nn/functional.py:L3625"),
)
class BinaryCrossEntropyClip:
    y = np.array([[1.0], [0.0], [1.0], [0.0]])
    p = np.array([[0.0], [1.0], [1e-9], [1.0 - 1e-9]])

    def in_keras(y, p):
        return keras.losses.binary_crossentropy(y, p)

    def in_torch(y, p):
        return F.binary_cross_entropy(torch.tensor(p), torch.tensor(y), reduction="none")[:, 0]

    def torch_as_keras(y, p):
        p = torch.tensor(p).clamp(EPSILON, 1 - EPSILON)
        return F.binary_cross_entropy(p, torch.tensor(y), reduction="none")[:, 0]

    def keras_as_torch(y, p):
        log_p, log_q = tf.maximum(tf.math.log(p), -100), tf.maximum(tf.math.log1p(-p), -100)
        return -(y * log_p + (1 - y) * log_q)[:, 0]


@difference(
    item="gradient of binary cross-entropy at a probability of 0 that should be 1",
    keras="0: the clip has no slope",
    torch="−10¹²: the denominator p (1 − p) is kept above 10⁻¹²",
    severity=SILENT_WRONG,
    hits="confident mistakes, which Keras never learns from, and torch explodes on",
    recipe="work with logits in both; or clamp p first",
    sources=("keras/src/backend/tensorflow/nn.py:L1484", "torch/nn/functional.py:L3625"),
)
class BinaryCrossEntropySlope:
    y = np.array([[1.0], [0.0]])
    p = np.array([[0.0], [1.0]])

    def in_keras(y, p):
        def loss(p):
            return keras.losses.binary_crossentropy(y, p)

        return gradient(loss, p)

    def in_torch(y, p):
        p = torch.tensor(p, requires_grad=True)
        F.binary_cross_entropy(p, torch.tensor(y), reduction="sum").backward()
        return p.grad

    def torch_as_keras(y, p):
        p = torch.tensor(p, requires_grad=True)
        clipped = p.clamp(EPSILON, 1 - EPSILON)
        F.binary_cross_entropy(clipped, torch.tensor(y), reduction="sum").backward()
        return p.grad

    def keras_as_torch(y, p):
        # torch holds this epsilon as a float32
        return (p - y) / np.maximum(p * (1 - p), float(np.float32(1e-12)))


@difference(
    item="binary cross-entropy handed logits, no arguments",
    keras="from_logits=False: clipped as though they were probabilities; no error",
    torch="BCELoss raises for what is outside [0, 1]",
    severity=CRASH,
    hits="binary classifiers without a sigmoid at the end",
    recipe="from_logits=True; BCEWithLogitsLoss",
    sources=("keras/src/backend/tensorflow/nn.py:L1484", "torch/nn/functional.py:L3625"),
    unaligned="Keras has no setting that makes it refuse",
)
class BinaryLogitsByDefault:
    y = np.array([[1.0], [0.0], [1.0]])
    z = np.array([[2.0], [-0.7], [0.5]])

    def in_keras(y, z):
        return keras.losses.BinaryCrossentropy(dtype="float64")(y, z)

    def in_torch(y, z):
        return nn.BCELoss()(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        p = torch.tensor(z).clamp(EPSILON, 1 - EPSILON)
        return nn.BCELoss()(p, torch.tensor(y))


@difference(
    item="weight of the positive class in binary cross-entropy",
    keras="an error: no such argument; tf.nn.weighted_cross_entropy_with_logits has it",
    torch="pos_weight",
    severity=CRASH,
    hits="unbalanced binary and multi-label classifiers",
    recipe="Keras: tf.nn.weighted_cross_entropy_with_logits",
    sources=("keras/src/losses/losses.py:L2380", "torch/nn/functional.py:L3635"),
    unaligned="torch has no setting that makes it refuse",
)
class PositiveWeight:
    y = np.array([[1.0], [0.0]])
    z = np.array([[2.0], [-0.7]])

    def in_keras(y, z):
        return keras.losses.BinaryCrossentropy(from_logits=True, pos_weight=3.0)(y, z)

    def in_torch(y, z):
        loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
        return loss(torch.tensor(z), torch.tensor(y))

    def keras_as_torch(y, z):
        return tf.reduce_mean(tf.nn.weighted_cross_entropy_with_logits(y, z, pos_weight=3.0))


@difference(
    item="cross-entropy of probabilities that do not add up to 1",
    keras="the row is divided by its sum",
    torch="nll_loss(log p) takes them as they are",
    severity=SILENT_WRONG,
    hits="outputs by sigmoid, or rounded, with a categorical loss",
    recipe="torch: F.normalize(p, p=1); Keras: write −Σ y log p",
    sources=("keras/src/backend/tensorflow/nn.py:L1372", "torch/nn/functional.py:L3174"),
)
class CrossEntropyUnnormalized:
    y = np.array([0, 1])
    p = np.array([[0.5, 0.2], [0.9, 0.6]])

    def in_keras(y, p):
        return keras.losses.categorical_crossentropy(np.eye(2)[y], p)

    def in_torch(y, p):
        return F.nll_loss(torch.tensor(p).log(), torch.tensor(y), reduction="none")

    def torch_as_keras(y, p):
        log_p = F.normalize(torch.tensor(p), p=1).log()
        return F.nll_loss(log_p, torch.tensor(y), reduction="none")

    def keras_as_torch(y, p):
        return -keras.ops.sum(np.eye(2)[y] * keras.ops.log(p), axis=-1)


@difference(
    item="a loss of class ids and probabilities, by its name",
    keras="sparse_categorical_crossentropy takes probabilities",
    torch="nll_loss takes their logarithms: handed probabilities it gives −p, and goes on",
    severity=SILENT_WRONG,
    hits="networks that end in a softmax: the loss is negative, and no logarithm is in it",
    recipe="torch: nll_loss(log p); Keras: −p[y] as written",
    sources=("keras/src/losses/losses.py:L2313", "torch/nn/functional.py:L3174"),
)
class NllOfProbabilities:
    y = np.array([0, 1])
    p = np.array([[0.75, 0.25], [0.5, 0.5]])

    def in_keras(y, p):
        return keras.losses.sparse_categorical_crossentropy(y, p)

    def in_torch(y, p):
        return F.nll_loss(torch.tensor(p), torch.tensor(y), reduction="none")

    def torch_as_keras(y, p):
        return F.nll_loss(torch.tensor(p).log(), torch.tensor(y), reduction="none")

    def keras_as_torch(y, p):
        return -keras.ops.take_along_axis(p, y[:, None], axis=1)[:, 0]
