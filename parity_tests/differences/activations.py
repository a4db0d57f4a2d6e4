"""Activations: other slopes and constants, other limits, and what happens at infinity."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import (
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Activations"
STAGE = LAYERS


@difference(
    item="slope of leaky_relu left of zero",
    keras="0.2 in keras.activations.leaky_relu and tf.nn.leaky_relu",
    torch="0.01 in F.leaky_relu and nn.LeakyReLU",
    severity=SILENT_WRONG,
    hits="every network with a leaky ReLU whose slope is not written out",
    recipe="pass negative_slope in both",
    sources=("keras/src/activations/activations.py:L112", "torch/nn/functional.py:L1951"),
)
class LeakyReluSlope:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.leaky_relu(x)

    def in_torch(x):
        return F.leaky_relu(torch.tensor(x))

    def torch_as_keras(x):
        # Keras hands the slope over as a float32
        return F.leaky_relu(torch.tensor(x), negative_slope=float(np.float32(0.2)))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, 0.01 * x)


@difference(
    item="slope of leaky_relu in float64, 0.01 in both",
    keras="the slope is an attribute of the operation in float32: 0.009999999776",
    torch="0.01 in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after eight digits",
    recipe="torch: round the slope to float32; Keras: write the formula",
    sources=("keras/src/backend/tensorflow/nn.py:L105", "torch/nn/functional.py:L1951"),
)
class LeakyReluSlopeFloat32:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.leaky_relu(x, negative_slope=0.01)

    def in_torch(x):
        return F.leaky_relu(torch.tensor(x), negative_slope=0.01)

    def torch_as_keras(x):
        return F.leaky_relu(torch.tensor(x), negative_slope=float(np.float32(0.01)))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, 0.01 * x)


@difference(
    item="relu6 at its two kinks, its gradient",
    keras="0 at 0 and at 6",
    torch="0 at 0 and at 6",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L38", "torch/nn/functional.py:L1776"),
)
class Relu6Kinks:
    x = np.array([-1.0, 0.0, 3.0, 6.0, 7.0])

    def in_keras(x):
        x = keras.ops.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = keras.activations.relu6(x)
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        F.relu6(x).sum().backward()
        return x.grad


@difference(
    item="softmax of a row that is masked throughout",
    keras="zeros: Softmax(mask=) adds the largest negative number, and multiplies by the mask",
    torch="NaN: masked_fill with −∞ leaves 0/0",
    severity=SILENT_WRONG,
    hits="attention over a batch with an empty sequence",
    recipe="mask with finfo.min and multiply by the mask afterwards; or fill with −∞ in Keras too",
    sources=("keras/src/layers/activations/softmax.py:L39", "torch/nn/functional.py:L2124"),
)
class SoftmaxFullyMasked:
    x = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    mask = np.array([[True, False, True], [False, False, False]])

    def in_keras(x, mask):
        return keras.layers.Softmax(dtype="float64")(x, mask=mask)

    def in_torch(x, mask):
        return F.softmax(torch.tensor(x).masked_fill(~torch.tensor(mask), -torch.inf), dim=-1)

    def torch_as_keras(x, mask):
        mask = torch.tensor(mask)
        filled = torch.tensor(x).masked_fill(~mask, torch.finfo(torch.float64).min / 2)
        return F.softmax(filled, dim=-1) * mask

    def keras_as_torch(x, mask):
        return keras.ops.softmax(keras.ops.where(mask, x, -np.inf), axis=-1)
