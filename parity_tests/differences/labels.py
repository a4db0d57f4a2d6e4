"""Labels of a cross-entropy: ids or one-hot, types and axes, smoothing, what is ignored."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LOSSES,
    NONE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.losses import gradient

TITLE = "Losses: labels of cross-entropy"
STAGE = LOSSES


@difference(
    item="a class id beyond the last class",
    keras="an error on a CPU",
    torch="an error on a CPU",
    severity=NONE,
    hits="nobody, on a CPU",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L1438", "torch/nn/functional.py:L3555"),
)
class LabelBeyondClasses:
    y = np.array([3])
    z = np.array([[2.0, -1.0, 0.5]])

    def in_keras(y, z):
        return keras.losses.sparse_categorical_crossentropy(y, z, from_logits=True)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))


@difference(
    item="class id −100",
    keras="an error: ignore_class is None",
    torch="left out of the mean: ignore_index=−100",
    severity=CRASH,
    hits="token labels padded with −100, as tokenizers' tools do",
    recipe="Keras: ignore_class=−100; torch: an ignore_index that does not occur",
    sources=("keras/src/losses/losses.py:L2314", "torch/nn/functional.py:L3477"),
)
class IgnoredByDefault:
    y = np.array([0, -100, 2])
    z = np.array([[2.0, -1.0, 0.5], [1.0, 1.0, 4.0], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")
        return loss(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), ignore_index=-1)

    def keras_as_torch(y, z):
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=-100, dtype="float64"
        )
        return loss(y, z)


@difference(
    item="labels that are ignored, some of them",
    keras="left out of sum and count",
    torch="left out of sum and count",
    severity=NONE,
    hits="nobody who uses the loss as an object",
    recipe="nothing to do",
    sources=("keras/src/losses/losses.py:L2369", "torch/nn/functional.py:L3555"),
)
class SomeIgnored:
    y = np.array([0, 1, 2])
    z = np.array([[2.0, -1.0, 0.5], [1.0, 1.0, 4.0], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        loss = keras.losses.SparseCategoricalCrossentropy(True, ignore_class=1, dtype="float64")
        return loss(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), ignore_index=1)


@difference(
    item="labels that are ignored, by the function and its mean",
    keras="zeros that the mean counts",
    torch="F.cross_entropy leaves them out of the count",
    severity=SILENT_WRONG,
    hits="training loops of one's own in Keras, padded sequences",
    recipe="Keras: the loss object, or divide by the number of valid labels",
    sources=("keras/src/losses/losses.py:L2368", "torch/nn/functional.py:L3555"),
)
class IgnoredInFunction:
    y = np.array([0, 1, 2])
    z = np.array([[2.0, -1.0, 0.5], [1.0, 1.0, 4.0], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        losses = keras.losses.sparse_categorical_crossentropy(y, z, True, ignore_class=1)
        return keras.ops.mean(losses)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), ignore_index=1)

    def torch_as_keras(y, z):
        losses = F.cross_entropy(torch.tensor(z), torch.tensor(y), ignore_index=1, reduction="none")
        return losses.mean()

    def keras_as_torch(y, z):
        losses = keras.losses.sparse_categorical_crossentropy(y, z, True, ignore_class=1)
        return keras.ops.sum(losses) / np.sum(y != 1)


@difference(
    item="labels that are ignored, all of them",
    keras="0",
    torch="NaN, 0/0",
    severity=SILENT_WRONG,
    hits="batches with nothing but padding: one of them ruins the weights in torch",
    recipe="torch: reduction='sum', divided by max(count, 1)",
    sources=("keras/src/losses/loss.py:L159", "torch/nn/functional.py:L3555"),
)
class AllIgnored:
    y = np.array([1, 1])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        loss = keras.losses.SparseCategoricalCrossentropy(True, ignore_class=1, dtype="float64")
        return loss(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), ignore_index=1)

    def torch_as_keras(y, z):
        y = torch.tensor(y)
        total = F.cross_entropy(torch.tensor(z), y, ignore_index=1, reduction="sum")
        return total / (y != 1).sum().clamp(min=1)

    def keras_as_torch(y, z):
        losses = keras.losses.sparse_categorical_crossentropy(y, z, True, ignore_class=1)
        return keras.ops.sum(losses) / tf.reduce_sum(tf.cast(y != 1, "float64"))


@difference(
    item="label smoothing of cross-entropy, one-hot labels",
    keras="y (1 − s) + s/C",
    torch="y (1 − s) + s/C",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/losses/losses.py:L2202", "torch/nn/functional.py:L3480"),
)
class LabelSmoothing:
    y = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        loss = keras.losses.CategoricalCrossentropy(True, label_smoothing=0.1, dtype="float64")
        return loss(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), label_smoothing=0.1)


@difference(
    item="label smoothing of cross-entropy, class ids",
    keras="an error: SparseCategoricalCrossentropy has no such argument",
    torch="label_smoothing takes ids as well",
    severity=CRASH,
    hits="classifiers with integer labels",
    recipe="Keras: one-hot labels and CategoricalCrossentropy",
    sources=("keras/src/losses/losses.py:L2314", "torch/nn/functional.py:L3480"),
    unaligned="torch has no setting that makes it refuse",
)
class LabelSmoothingOfIds:
    y = np.array([0, 2])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        return keras.losses.SparseCategoricalCrossentropy(True, label_smoothing=0.1)(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y), label_smoothing=0.1)

    def keras_as_torch(y, z):
        loss = keras.losses.CategoricalCrossentropy(True, label_smoothing=0.1, dtype="float64")
        return loss(np.eye(3)[y], z)


@difference(
    item="label smoothing of binary cross-entropy",
    keras="y (1 − s) + s/2",
    torch="an error: no such argument",
    severity=CRASH,
    hits="binary and multi-label classifiers",
    recipe="torch: smooth the labels beforehand",
    sources=("keras/src/losses/losses.py:L2412", "torch/nn/functional.py:L3628"),
    unaligned="Keras has no setting that makes it refuse",
)
class BinaryLabelSmoothing:
    y = np.array([[1.0], [0.0]])
    z = np.array([[2.0], [-0.7]])

    def in_keras(y, z):
        loss = keras.losses.BinaryCrossentropy(True, label_smoothing=0.2, dtype="float64")
        return loss(y, z)

    def in_torch(y, z):
        return nn.BCEWithLogitsLoss(label_smoothing=0.2)(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        y = torch.tensor(y) * (1 - 0.2) + 0.2 / 2
        return nn.BCEWithLogitsLoss()(torch.tensor(z), y)


@difference(
    item="cross-entropy with soft labels",
    keras="−Σ y log p, mean over the batch",
    torch="−Σ y log p, mean over the batch",
    severity=NONE,
    hits="nobody, as long as labels sum to one",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L1364", "torch/nn/functional.py:L3555"),
)
class SoftLabels:
    y = np.array([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        return keras.losses.CategoricalCrossentropy(True, dtype="float64")(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))


@difference(
    item="gradient of cross-entropy whose labels do not sum to one",
    keras="p − y, as though they did; the loss itself is right",
    torch="p Σy − y",
    severity=SILENT_WRONG,
    hits="one-hot labels times a weight, multi-hot labels, mixed losses",
    recipe="Keras: −Σ y log_softmax; torch: scale the loss, not the labels",
    sources=("keras/src/backend/tensorflow/nn.py:L1364", "torch/nn/functional.py:L3555"),
)
class UnnormalizedLabels:
    y = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        def loss(z):
            return keras.losses.categorical_crossentropy(y, z, from_logits=True)

        return gradient(loss, z)

    def in_torch(y, z):
        z = torch.tensor(z, requires_grad=True)
        F.cross_entropy(z, torch.tensor(y), reduction="sum").backward()
        return z.grad

    def torch_as_keras(y, z):
        z = torch.tensor(z, requires_grad=True)
        (torch.logsumexp(z, 1).sum() - (torch.tensor(y) * z).sum()).backward()
        return z.grad

    def keras_as_torch(y, z):
        def loss(z):
            return -tf.reduce_sum(y * tf.nn.log_softmax(z))

        return gradient(loss, z)


@difference(
    item="cross-entropy for each pixel or step: where classes stand",
    keras="on the last axis",
    torch="on axis 1: an error, unless the sizes fit by chance, as here; then the softmax runs "
    "along the steps",
    severity=SILENT_WRONG,
    hits="segmentation, taggers and language models",
    recipe="torch: logits.movedim(−1, 1)",
    sources=("keras/src/backend/tensorflow/nn.py:L1418", "torch/nn/functional.py:L3555"),
)
class ClassAxis:
    y = np.array([[0, 1, 2], [2, 2, 0]])
    z = np.random.default_rng(1).normal(size=(2, 3, 3))

    def in_keras(y, z):
        return keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        return F.cross_entropy(torch.tensor(z).movedim(-1, 1), torch.tensor(y))

    def keras_as_torch(y, z):
        z = keras.ops.moveaxis(z, 1, -1)
        return keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")(y, z)


@difference(
    item="class ids of 32 bits",
    keras="cast to what is needed",
    torch="an error: ids are int64 (or uint8)",
    severity=CRASH,
    hits="labels from NumPy on Windows, from TensorFlow, from tables",
    recipe="torch: y.long()",
    sources=("keras/src/backend/tensorflow/nn.py:L1407", "torch/nn/functional.py:L3555"),
    unaligned="Keras has no setting that makes it refuse",
)
class LabelDtype:
    y = np.array([0, 2], dtype="int32")
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        return keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y).long())


@difference(
    item="class ids in a column, shape (n, 1)",
    keras="squeezed",
    torch="an error",
    severity=CRASH,
    hits="labels from CIFAR-10 as Keras loads it, and from tables",
    recipe="torch: y.squeeze(−1)",
    sources=("keras/src/backend/tensorflow/nn.py:L1410", "torch/nn/functional.py:L3555"),
    unaligned="Keras has no setting that makes it refuse",
)
class LabelColumn:
    y = np.array([[0], [2]])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        return keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y).squeeze(-1))


@difference(
    item="binary cross-entropy with integer labels",
    keras="cast to the type of the prediction",
    torch="an error: labels are of the prediction's type",
    severity=CRASH,
    hits="binary labels as they come from a table",
    recipe="torch: y.to(p.dtype)",
    sources=("keras/src/losses/losses.py:L2409", "torch/nn/functional.py:L3625"),
    unaligned="Keras has no setting that makes it refuse",
)
class BinaryIntegerLabels:
    y = np.array([[1], [0]])
    p = np.array([[0.75], [0.25]])

    def in_keras(y, p):
        return keras.losses.BinaryCrossentropy(dtype="float64")(y, p)

    def in_torch(y, p):
        return nn.BCELoss()(torch.tensor(p), torch.tensor(y))

    def torch_as_keras(y, p):
        return nn.BCELoss()(torch.tensor(p), torch.tensor(y).to(torch.float64))


@difference(
    item="one-hot labels of integers",
    keras="cast to the type of the prediction",
    torch="an error: integers are taken for class ids",
    severity=CRASH,
    hits="labels from F.one_hot, and from tables",
    recipe="torch: y.to(z.dtype)",
    sources=("keras/src/losses/losses.py:L2188", "torch/nn/functional.py:L3555"),
    unaligned="Keras has no setting that makes it refuse",
)
class OneHotIntegers:
    y = np.array([[1, 0, 0], [0, 0, 1]])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])

    def in_keras(y, z):
        return keras.losses.CategoricalCrossentropy(True, dtype="float64")(y, z)

    def in_torch(y, z):
        return F.cross_entropy(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z):
        z = torch.tensor(z)
        return F.cross_entropy(z, torch.tensor(y).to(z.dtype))
