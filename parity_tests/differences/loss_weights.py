"""Weights of classes and of samples: what a mean divides by, and which losses they reach."""

import keras
import numpy as np
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

TITLE = "Losses: weights of classes and samples"
STAGE = LOSSES


@difference(
    item="mean of a cross-entropy with weights of classes",
    keras="Σ w l / n: sample and class weights change the size of the loss",
    torch="Σ w l / Σ w",
    severity=SILENT_WRONG,
    hits="unbalanced classes; equals another learning rate in every batch",
    recipe="Keras: reduction='mean_with_sample_weight'; torch: reduction='none', then the mean",
    sources=("keras/src/losses/loss.py:L153", "torch/nn/functional.py:L3555"),
)
class ClassWeightMean:
    y = np.array([0, 2, 2])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7], [0.0, 1.0, 3.0]])
    weights = np.array([1.0, 2.0, 5.0])

    def in_keras(y, z, weights):
        loss = keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")
        return loss(y, z, sample_weight=weights[y])

    def in_torch(y, z, weights):
        loss = nn.CrossEntropyLoss(weight=torch.tensor(weights))
        return loss(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z, weights):
        loss = nn.CrossEntropyLoss(weight=torch.tensor(weights), reduction="none")
        return loss(torch.tensor(z), torch.tensor(y)).mean()

    def keras_as_torch(y, z, weights):
        loss = keras.losses.SparseCategoricalCrossentropy(
            True, reduction="mean_with_sample_weight", dtype="float64"
        )
        return loss(y, z, sample_weight=weights[y])


@difference(
    item="weights of classes together with label smoothing",
    keras="the weight of the true class multiplies the whole loss",
    torch="each term of the smoothed label has the weight of its own class",
    severity=SILENT_WRONG,
    hits="unbalanced classes with label smoothing",
    recipe="torch: weight the losses afterwards; Keras: weight the smoothed labels",
    sources=("keras/src/losses/loss.py:L190", "torch/nn/functional.py:L3555"),
)
class ClassWeightSmoothing:
    y = np.array([0, 2, 2])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7], [0.0, 1.0, 3.0]])
    weights = np.array([1.0, 2.0, 5.0])

    def in_keras(y, z, weights):
        loss = keras.losses.CategoricalCrossentropy(
            True, 0.1, reduction="mean_with_sample_weight", dtype="float64"
        )
        return loss(np.eye(3)[y], z, sample_weight=weights[y])

    def in_torch(y, z, weights):
        loss = nn.CrossEntropyLoss(weight=torch.tensor(weights), label_smoothing=0.1)
        return loss(torch.tensor(z), torch.tensor(y))

    def torch_as_keras(y, z, weights):
        loss = nn.CrossEntropyLoss(label_smoothing=0.1, reduction="none")
        of_sample = torch.tensor(weights[y])
        return (of_sample * loss(torch.tensor(z), torch.tensor(y))).sum() / of_sample.sum()

    def keras_as_torch(y, z, weights):
        smoothed = np.eye(3)[y] * (1 - 0.1) + 0.1 / 3
        log_p = keras.ops.log_softmax(z)
        return -keras.ops.sum(weights * smoothed * log_p) / np.sum(weights[y])


@difference(
    item="weights of the samples",
    keras="every loss takes sample_weight",
    torch="an error: a weight is of a class, and fixed when the loss is made",
    severity=CRASH,
    hits="importance weights, boosting",
    recipe="torch: reduction='none', times the weights, then the mean",
    sources=("keras/src/losses/loss.py:L56", "torch/nn/functional.py:L3472"),
    unaligned="Keras has no setting that makes it refuse",
)
class SampleWeights:
    y = np.array([0, 2])
    z = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])
    weights = np.array([1.0, 3.0])

    def in_keras(y, z, weights):
        loss = keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")
        return loss(y, z, sample_weight=weights)

    def in_torch(y, z, weights):
        loss = nn.CrossEntropyLoss()
        return loss(torch.tensor(z), torch.tensor(y), sample_weight=torch.tensor(weights))

    def torch_as_keras(y, z, weights):
        losses = nn.CrossEntropyLoss(reduction="none")(torch.tensor(z), torch.tensor(y))
        return (torch.tensor(weights) * losses).mean()


@difference(
    item="class weights and the loss of the validation",
    keras="class_weight of fit weights the training alone",
    torch="a loss made with weights weights wherever it is called",
    severity=SILENT_WRONG,
    hits="early stopping and model choice of unbalanced classes",
    recipe="torch: a second loss without weights for the validation",
    sources=("keras/src/backend/tensorflow/trainer.py:L456", "torch/nn/functional.py:L3555"),
)
class ValidationClassWeights:
    y = np.array([0, 1])
    z = np.array([[2.0, -1.0], [0.5, 0.0]])
    weights = np.array([1.0, 9.0])

    def in_keras(y, z):
        model = keras.Sequential([keras.layers.Identity(dtype="float64")])
        loss = keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")
        model.compile(loss=loss, run_eagerly=True)  # evaluate takes no class_weight
        return round(model.evaluate(z, y, verbose=0), 5)

    def in_torch(y, z, weights):
        loss = nn.CrossEntropyLoss(weight=torch.tensor(weights))
        return round(float(loss(torch.tensor(z), torch.tensor(y))), 5)

    def torch_as_keras(y, z):
        return round(float(nn.CrossEntropyLoss()(torch.tensor(z), torch.tensor(y))), 5)

    def keras_as_torch(y, z, weights):
        loss = keras.losses.SparseCategoricalCrossentropy(
            True, reduction="mean_with_sample_weight", dtype="float64"
        )
        return round(float(loss(y, z, sample_weight=weights[y])), 5)


@difference(
    item="weights of some classes only",
    keras="class_weight: a class that is not named has the weight 1",
    torch="an error: weight has one number for each class",
    severity=CRASH,
    hits="class_weight={1: 5.0}, taken over as it stands",
    recipe="torch: fill up with 1",
    sources=(
        "keras/src/trainers/data_adapters/data_adapter_utils.py:L134",
        "torch/nn/functional.py:L3555",
    ),
    unaligned="Keras has no setting that makes it refuse",
)
class ClassWeightsIncomplete:
    y = np.array([0, 1, 2])
    z = np.random.default_rng(0).normal(size=(3, 3))
    label, weight = 1, 5.0

    def in_keras(y, z, label, weight):
        model = keras.Sequential([keras.layers.Identity()])
        model.compile(loss=keras.losses.SparseCategoricalCrossentropy(True), run_eagerly=True)
        return round(model.fit(z, y, class_weight={label: weight}, verbose=0).history["loss"][0], 5)

    def in_torch(y, z, weight):
        loss = nn.CrossEntropyLoss(weight=torch.tensor([weight]).double(), reduction="none")
        return round(float(loss(torch.tensor(z), torch.tensor(y)).mean()), 5)

    def torch_as_keras(y, z, label, weight):
        weights = torch.ones(z.shape[1], dtype=torch.float64)
        weights[label] = weight
        loss = nn.CrossEntropyLoss(weight=weights, reduction="none")
        return round(float(loss(torch.tensor(z), torch.tensor(y)).mean()), 5)


@difference(
    item="weights of classes for labels at each step, ids of shape (samples, steps)",
    keras="class_weight takes a row of ids for a one-hot row: one weight for each sample, which "
    "does not fit the losses of the steps; no error where there are as many steps as samples",
    torch="each label has the weight of its class",
    severity=CRASH,
    hits="taggers of sequences, and segmentation, with rare classes",
    recipe="Keras: sample_weight=weights[y]",
    sources=(
        "keras/src/trainers/data_adapters/data_adapter_utils.py:L128",
        "torch/nn/functional.py:L3555",
    ),
    unaligned="an error is nothing that torch should be made to raise",
)
class ClassWeightOfSteps:
    y = np.array([[0, 1, 0], [0, 0, 1]])
    z = np.random.default_rng(0).normal(size=(2, 3, 3))
    weights = np.array([1.0, 4.0, 9.0])

    def in_keras(y, z, weights):
        model = keras.Sequential([keras.layers.Identity()])
        model.compile(loss=keras.losses.SparseCategoricalCrossentropy(True), run_eagerly=True)
        history = model.fit(z, y, class_weight=dict(enumerate(weights)), verbose=0).history
        return round(history["loss"][0], 5)

    def in_torch(y, z, weights):
        loss = nn.CrossEntropyLoss(weight=torch.tensor(weights), reduction="none")
        return round(float(loss(torch.tensor(z).movedim(-1, 1), torch.tensor(y)).mean()), 5)

    def keras_as_torch(y, z, weights):
        model = keras.Sequential([keras.layers.Identity()])
        model.compile(loss=keras.losses.SparseCategoricalCrossentropy(True), run_eagerly=True)
        history = model.fit(z, y, sample_weight=weights[y], verbose=0).history
        return round(history["loss"][0], 5)


@difference(
    item="mean of a binary cross-entropy with weights of the samples",
    keras="Σ w l / n",
    torch="Σ w l / n, unlike the weights of cross_entropy",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/losses/loss.py:L153", "torch/nn/functional.py:L3689"),
)
class BinaryWeights:
    y = np.array([[1.0], [0.0], [1.0]])
    z = np.array([[2.0], [-0.7], [0.5]])
    weights = np.array([[1.0], [2.0], [5.0]])

    def in_keras(y, z, weights):
        loss = keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
        return loss(y, z, sample_weight=weights)

    def in_torch(y, z, weights):
        z, y, weights = torch.tensor(z), torch.tensor(y), torch.tensor(weights)
        return F.binary_cross_entropy_with_logits(z, y, weight=weights)


@difference(
    item="one weight for each sample, and as many steps as samples",
    keras="broadcast along the last axis: a weight of each step; nothing is said",
    torch="broadcast along the last axis: a weight of each step; nothing is said",
    severity=NONE,
    hits="both alike: to weight samples, write weights[:, None]",
    recipe="nothing to do",
    sources=("keras/src/losses/loss.py:L190", "torch/nn/functional.py:L4245"),
)
class WeightAxis:
    y = np.arange(9.0).reshape(3, 3, 1)
    p = np.ones((3, 3, 1))
    weights = np.array([1.0, 2.0, 5.0])

    def in_keras(y, p, weights):
        return keras.losses.MeanSquaredError(dtype="float64")(y, p, sample_weight=weights)

    def in_torch(y, p, weights):
        losses = nn.MSELoss(reduction="none")(torch.tensor(p), torch.tensor(y)).mean(-1)
        return (torch.tensor(weights) * losses).mean()
