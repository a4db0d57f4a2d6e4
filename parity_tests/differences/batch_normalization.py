"""Batch normalisation: momentum, which variance, ε, mode, what is frozen, masks."""

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LAYERS,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Batch normalisation"
STAGE = LAYERS


@difference(
    item="momentum of batch normalisation's running mean",
    keras="0.99: the share of the old value that is kept",
    torch="0.1: the share of the new value that is taken",
    severity=SILENT_WRONG,
    hits="everyone who leaves it out, and everyone who copies the number",
    recipe="momentum of torch = 1 − momentum of Keras",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L163",
        "torch/nn/modules/batchnorm.py:L42",
    ),
    steps=(1, 10, 100),
)
class BatchNormMomentum:
    x = np.random.default_rng(0).normal(1.0, 2.0, size=(6, 2))

    def in_keras(x, steps):
        norm = keras.layers.BatchNormalization(dtype="float64")
        for _ in range(steps):
            norm(x, training=True)
        return norm.moving_mean

    def in_torch(x, steps):
        norm = nn.BatchNorm1d(2, dtype=torch.float64)
        for _ in range(steps):
            norm(torch.tensor(x))
        return norm.running_mean

    def torch_as_keras(x, steps):
        norm = nn.BatchNorm1d(2, momentum=1 - 0.99, dtype=torch.float64)
        for _ in range(steps):
            norm(torch.tensor(x))
        return norm.running_mean

    def keras_as_torch(x, steps):
        norm = keras.layers.BatchNormalization(momentum=1 - 0.1, dtype="float64")
        for _ in range(steps):
            norm(x, training=True)
        return norm.moving_mean


@difference(
    item="batch normalisation's running variance, at the same momentum",
    keras="of the batch as it is, Σ(x − m)²/n",
    torch="corrected for its size, Σ(x − m)²/(n − 1); the output still divides by n",
    severity=SLOW_DRIFT,
    hits="inference after training with small batches: 1 % at 100 values a channel",
    recipe="take what is added times (n − 1)/n in torch, or n/(n − 1) in Keras",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L390",
        "torch/nn/modules/batchnorm.py:L210",
    ),
    steps=(1, 10, 100),
)
class BatchNormVariance:
    x = np.random.default_rng(0).normal(1.0, 2.0, size=(6, 2))

    def in_keras(x, steps):
        norm = keras.layers.BatchNormalization(momentum=0.9, dtype="float64")
        for _ in range(steps):
            norm(x, training=True)
        return norm.moving_variance

    def in_torch(x, steps):
        norm = nn.BatchNorm1d(2, dtype=torch.float64)
        for _ in range(steps):
            norm(torch.tensor(x))
        return norm.running_var

    def torch_as_keras(x, steps):
        norm = nn.BatchNorm1d(2, dtype=torch.float64)
        for _ in range(steps):
            before = norm.running_var.clone()
            norm(torch.tensor(x))
            added = norm.running_var - (1 - norm.momentum) * before
            norm.running_var -= added / len(x)
        return norm.running_var

    def keras_as_torch(x, steps):
        norm = keras.layers.BatchNormalization(momentum=0.9, dtype="float64")
        norm.build(x.shape)
        for _ in range(steps):
            before = np.array(norm.moving_variance)
            norm(x, training=True)
            after = np.array(norm.moving_variance)
            added = after - norm.momentum * before
            norm.moving_variance.assign(after + added / (len(x) - 1))
        return norm.moving_variance


@difference(
    item="ε of batch normalisation",
    keras="10⁻³",
    torch="10⁻⁵",
    severity=SILENT_WRONG,
    hits="channels whose variance is not far above it",
    recipe="write it out in both",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L164",
        "torch/nn/modules/batchnorm.py:L41",
    ),
)
class BatchNormEpsilon:
    x = np.random.default_rng(0).normal(scale=0.1, size=(6, 2))

    def in_keras(x):
        return keras.layers.BatchNormalization(dtype="float64")(x, training=True)

    def in_torch(x):
        return nn.BatchNorm1d(2, dtype=torch.float64)(torch.tensor(x)).detach()

    def torch_as_keras(x):
        return nn.BatchNorm1d(2, eps=1e-3, dtype=torch.float64)(torch.tensor(x)).detach()

    def keras_as_torch(x):
        return keras.layers.BatchNormalization(epsilon=1e-5, dtype="float64")(x, training=True)


@difference(
    item="mode of a batch normalisation that has just been made",
    keras="inference: training=False outside fit",
    torch="training, until eval() is called; and a forward pass moves the statistics",
    severity=SILENT_WRONG,
    hits="predictions that depend on the other samples, loops that never learn statistics",
    recipe="Keras: pass training=True in a loop of your own; torch: call eval() to predict",
    sources=("keras/src/layers/layer.py:L935", "torch/nn/modules/module.py:L505"),
)
class BatchNormMode:
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(6, 2))

    def in_keras(x):
        return keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")(x)

    def in_torch(x):
        return nn.BatchNorm1d(2, eps=1e-3, dtype=torch.float64)(torch.tensor(x)).detach()

    def torch_as_keras(x):
        return nn.BatchNorm1d(2, eps=1e-3, dtype=torch.float64).eval()(torch.tensor(x)).detach()

    def keras_as_torch(x):
        norm = keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")
        return norm(x, training=True)


@difference(
    item="batch normalisation whose weights are frozen, in training",
    keras="trainable=False is inference as well: the running statistics are used and kept",
    torch="requires_grad_(False) freezes γ and β alone: the batch is used, the statistics move",
    severity=SILENT_WRONG,
    hits="fine-tuning on top of a frozen network",
    recipe="torch: eval() on what is frozen, after every train(); Keras: freeze γ and β only",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L363",
        "torch/nn/modules/batchnorm.py:L200",
    ),
)
class BatchNormFrozen:
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(6, 2))

    def in_keras(x):
        norm = keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")
        norm.trainable = False
        return norm(x, training=True)

    def in_torch(x):
        norm = nn.BatchNorm1d(2, eps=1e-3, dtype=torch.float64)
        norm.requires_grad_(False)
        return norm.train()(torch.tensor(x))

    def torch_as_keras(x):
        norm = nn.BatchNorm1d(2, eps=1e-3, dtype=torch.float64)
        norm.requires_grad_(False)
        return norm.train().eval()(torch.tensor(x))

    def keras_as_torch(x):
        norm = keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")
        norm.build(x.shape)
        norm.gamma.trainable = norm.beta.trainable = False
        return norm(x, training=True)


@difference(
    item="batch normalisation of a batch with one value a channel, in training",
    keras="is 0 before β: the value less itself",
    torch="ValueError",
    severity=CRASH,
    hits="the last batch of an epoch, with one sample left over",
    recipe="drop the last batch, or give torch the mean and a variance of 0",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L364",
        "torch/nn/functional.py:L2854",
    ),
    unaligned="Keras has no setting that refuses a single value",
)
class BatchNormOneValue:
    x = np.array([[1.0, 2.0]])
    beta = np.array([0.5, -0.5])

    def in_keras(x, beta):
        norm = keras.layers.BatchNormalization(dtype="float64")
        norm.build(x.shape)
        norm.beta.assign(beta)
        return norm(x, training=True)

    def in_torch(x, beta):
        return F.batch_norm(torch.tensor(x), None, None, bias=torch.tensor(beta), training=True)

    def torch_as_keras(x, beta):
        x = torch.tensor(x)
        return F.batch_norm(x, x[0], torch.zeros_like(x[0]), bias=torch.tensor(beta))


@difference(
    item="axis of the channels in batch normalisation",
    keras="the last",
    torch="axis 1",
    severity=SILENT_WRONG,
    hits="channels-last tensors handed to torch where the sizes happen to fit",
    recipe="torch: move the channels to axis 1; Keras: axis=1",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L162",
        "torch/nn/modules/batchnorm.py:L210",
    ),
)
class BatchNormAxis:
    x = np.random.default_rng(0).normal(size=(2, 3, 3))

    def in_keras(x):
        return keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")(x, training=True)

    def in_torch(x):
        return nn.BatchNorm1d(3, eps=1e-3, dtype=torch.float64)(torch.tensor(x)).detach()

    def torch_as_keras(x):
        return nn.BatchNorm1d(3, eps=1e-3, dtype=torch.float64)(torch.tensor(x).mT).mT.detach()

    def keras_as_torch(x):
        norm = keras.layers.BatchNormalization(axis=1, epsilon=1e-3, dtype="float64")
        return norm(x, training=True)


@difference(
    item="batch normalisation of padded sequences, in training",
    keras="a mask leaves padding out of mean and variance, with 10⁻⁷ added to the count",
    torch="padding counts",
    severity=SILENT_WRONG,
    hits="batch normalisation behind Embedding(mask_zero=True) or Masking",
    recipe="torch: take mean and variance of what the mask keeps; Keras: hand over no mask",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L457",
        "torch/nn/modules/batchnorm.py:L210",
    ),
)
class BatchNormMask:
    x = np.random.default_rng(0).normal(size=(2, 3, 2))
    mask = np.array([[True, False, False], [True, True, True]])

    def in_keras(x, mask):
        norm = keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")
        return norm(x, training=True, mask=mask)

    def in_torch(x, mask):
        norm = nn.BatchNorm1d(2, eps=1e-3, dtype=torch.float64)
        return norm(torch.tensor(x).mT).mT.detach()

    def torch_as_keras(x, mask):
        x, mask = torch.tensor(x), torch.tensor(mask)
        count = mask.sum().double() + 1e-7
        mean = x[mask].sum(0) / count
        variance = (x[mask] - mean).square().sum(0) / count
        return F.batch_norm(x.mT, mean, variance, eps=1e-3).mT

    def keras_as_torch(x, mask):
        norm = keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")
        return norm(x, training=True)


@difference(
    item="float32 batch normalisation of values far from zero, in training",
    keras="x (γ r) + (β − m γ r): two large products are subtracted",
    torch="the same, of a mean and a variance that are summed in another order",
    severity=COSMETIC,
    hits="inputs that were never centred",
    recipe="centre the input first, or compute in float64",
    sources=("keras/src/backend/tensorflow/nn.py:L1564", "torch/nn/functional.py:L2859"),
    unaligned="the last bits of neither can be set",
)
class BatchNormFarFromZero:
    x = np.random.default_rng(0).normal(3000.0, 0.1, size=(64, 2)).astype("float32")

    def in_keras(x):
        return keras.layers.BatchNormalization(epsilon=1e-3)(x, training=True)

    def in_torch(x):
        return nn.BatchNorm1d(2, eps=1e-3)(torch.tensor(x)).detach()


@difference(
    item="batch normalisation of a batch without samples, in training",
    keras="the running statistics become NaN, and stay so",
    torch="the running statistics are left as they are",
    severity=SILENT_WRONG,
    hits="detectors and mixtures of experts, whose batch of proposals may be empty",
    recipe="Keras: call the layer only where there are samples",
    unaligned="statistics that are lost are nothing that torch should be made to keep",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L364",
        "torch/nn/functional.py:L2859",
    ),
)
class BatchNormEmpty:
    x = np.zeros((0, 2))

    def in_keras(x):
        norm = keras.layers.BatchNormalization(dtype="float64")
        norm(x, training=True)
        return norm.moving_mean

    def in_torch(x):
        norm = nn.BatchNorm1d(2, dtype=torch.float64)
        norm(torch.tensor(x))
        return norm.running_mean

    def keras_as_torch(x):
        norm = keras.layers.BatchNormalization(dtype="float64")
        norm.build(x.shape)
        if len(x):
            norm(x, training=True)
        return norm.moving_mean
