"""Regularizers and constraints: what is penalised, by how much, and what holds weights in place."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    LOSSES,
    NONE,
    OPTIMIZER,
    SILENT_WRONG,
    difference,
)

TITLE = "Regularizers and constraints"
STAGE = LOSSES


@difference(
    item="penalty of a layer's output",
    keras="activity_regularizer: the penalty is divided by the size of the batch",
    torch="written as a sum of squares it grows with the batch",
    severity=SILENT_WRONG,
    hits="sparse autoencoders: the strength has another meaning, and depends on the batch",
    recipe="torch: divide by len(h); Keras: add_loss of the sum in a layer of one's own",
    sources=("keras/src/layers/layer.py:L1023", "torch/nn/functional.py:L4245"),
)
class ActivityPenalty:
    h = np.random.default_rng(0).normal(size=(4, 3))

    def in_keras(h):
        layer = keras.layers.ActivityRegularization(l2=0.5, dtype="float64")
        layer(h)
        return layer.losses

    def in_torch(h):
        return [0.5 * torch.tensor(h).square().sum()]

    def torch_as_keras(h):
        return [0.5 * torch.tensor(h).square().sum() / len(h)]

    def keras_as_torch(h):
        class Penalty(keras.layers.Layer):
            def call(self, h):
                self.add_loss(0.5 * keras.ops.sum(h**2))
                return h

        layer = Penalty(dtype="float64")
        layer(h)
        return layer.losses


@difference(
    item="an L2 penalty in a training loop of one's own",
    keras="kernel_regularizer only fills model.losses: fit adds them, a tape must be told",
    torch="weight_decay acts in every step, whoever wrote the loop",
    severity=SILENT_WRONG,
    hits="loops with GradientTape: the network is not regularized at all",
    recipe="Keras: add sum(model.losses) to the loss; torch: weight_decay=0",
    sources=("keras/src/trainers/trainer.py:L391", "torch/optim/sgd.py:L346"),
)
class PenaltyInOwnLoop:
    x, w = np.array([[2.0]]), np.array([[3.0]])

    def in_keras(x, w):
        l2 = keras.regularizers.L2(0.25)
        layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=l2, dtype="float64")
        layer.build(x.shape)
        layer.set_weights([w])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x))
        keras.optimizers.SGD(0.5).apply(tape.gradient(loss, layer.weights), layer.weights)
        return layer.kernel

    def in_torch(x, w):
        w = nn.Parameter(torch.tensor(w))
        optimizer = torch.optim.SGD([w], lr=0.5, weight_decay=0.5)
        (torch.tensor(x) @ w).sum().backward()
        optimizer.step()
        return w.detach()

    def torch_as_keras(x, w):
        w = nn.Parameter(torch.tensor(w))
        optimizer = torch.optim.SGD([w], lr=0.5)
        (torch.tensor(x) @ w).sum().backward()
        optimizer.step()
        return w.detach()

    def keras_as_torch(x, w):
        l2 = keras.regularizers.L2(0.25)
        layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=l2, dtype="float64")
        layer.build(x.shape)
        layer.set_weights([w])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x)) + sum(layer.losses)
        keras.optimizers.SGD(0.5).apply(tape.gradient(loss, layer.weights), layer.weights)
        return layer.kernel


@difference(
    item="penalty of a layer that is frozen",
    keras="losses leaves it out: only trainable weights are penalised",
    torch="a sum over parameters() has it, frozen or not",
    severity=SILENT_WRONG,
    hits="losses reported in fine-tuning, and early stopping by them",
    recipe="torch: leave out p with requires_grad False; Keras: call the regularizer oneself",
    sources=("keras/src/layers/layer.py:L1298", "torch/nn/modules/module.py:L2665"),
)
class FrozenPenalty:
    w = np.array([[1.0, -2.0]])

    def in_keras(w):
        l2 = keras.regularizers.L2(0.5)
        layer = keras.layers.Dense(2, use_bias=False, kernel_regularizer=l2, dtype="float64")
        layer.build((None, 1))
        layer.set_weights([w])
        layer.trainable = False
        return float(sum(layer.losses))

    def in_torch(w):
        layer = nn.Linear(1, 2, bias=False, dtype=torch.float64)
        layer.load_state_dict({"weight": torch.tensor(w.T)})
        layer.requires_grad_(False)
        return float(sum(0.5 * p.square().sum() for p in layer.parameters()))

    def torch_as_keras(w):
        layer = nn.Linear(1, 2, bias=False, dtype=torch.float64)
        layer.load_state_dict({"weight": torch.tensor(w.T)})
        layer.requires_grad_(False)
        return float(sum(0.5 * p.square().sum() for p in layer.parameters() if p.requires_grad))

    def keras_as_torch(w):
        l2 = keras.regularizers.L2(0.5)
        layer = keras.layers.Dense(2, use_bias=False, kernel_regularizer=l2, dtype="float64")
        layer.build((None, 1))
        layer.set_weights([w])
        layer.trainable = False
        return float(sum(l2(v) for v in layer.weights))


@difference(
    item="a weight that must not become negative",
    keras="kernel_constraint=NonNeg(): every optimizer applies it behind its update",
    torch="there is no such argument; parameters go where the update takes them",
    severity=SILENT_WRONG,
    hits="ports of monotone networks, of Wasserstein critics, of max-norm dropout networks",
    recipe="torch: under no_grad, clamp_ (or what the constraint does) behind each step",
    sources=("keras/src/optimizers/base_optimizer.py:L530", "torch/optim/sgd.py:L346"),
    stage=OPTIMIZER,
)
class ConstraintBehindStep:
    w, g = np.array([0.25, 1.0]), np.array([1.0, 1.0])

    def in_keras(w, g):
        v = keras.Variable(w, dtype="float64")
        v.constraint = keras.constraints.NonNeg()
        keras.optimizers.SGD(0.5).apply([tf.constant(g)], [v])
        return v.numpy()

    def in_torch(w, g):
        w = nn.Parameter(torch.tensor(w))
        w.grad = torch.tensor(g)
        torch.optim.SGD([w], lr=0.5).step()
        return w.detach()

    def torch_as_keras(w, g):
        w = nn.Parameter(torch.tensor(w))
        w.grad = torch.tensor(g)
        torch.optim.SGD([w], lr=0.5).step()
        with torch.no_grad():
            w.clamp_(min=0)
        return w.detach()

    def keras_as_torch(w, g):
        v = keras.Variable(w, dtype="float64")
        keras.optimizers.SGD(0.5).apply([tf.constant(g)], [v])
        return v.numpy()


@difference(
    item="the axis of a largest norm",
    keras="MaxNorm(axis=0) sums over axis 0: a norm for each column",
    torch="renorm(dim=0) keeps dim 0 and sums over the others: a norm for each row",
    severity=SILENT_WRONG,
    hits="max-norm constraints, on a square kernel or one that was transposed once too often",
    recipe="torch: dim=1 for axis=0 on the same matrix; on weight = kernel.T, dim=0",
    unaligned="both add 10⁻⁷ to the norm, but Keras also where the norm is small enough, so that "
    "only the formula itself makes torch the same",
    sources=("keras/src/constraints/constraints.py:L111", "torch/_torch_docs.py:L9557"),
    stage=OPTIMIZER,
)
class MaxNormAxis:
    w = np.array([[3.0, 0.0], [4.0, 0.5]])

    def in_keras(w):
        return keras.constraints.MaxNorm(1.0, axis=0)(tf.constant(w))

    def in_torch(w):
        return torch.renorm(torch.tensor(w), 2, 0, 1.0)

    def torch_as_keras(w):
        w = torch.tensor(w)
        norms = w.norm(dim=0, keepdim=True)
        return w * (norms.clamp(max=1.0) / (norms + 1e-7))


@difference(
    item="a vector brought to length 1",
    keras="constraints.UnitNorm divides by the norm + 10⁻⁷",
    torch="F.normalize divides by max(norm, 10⁻¹²)",
    severity=COSMETIC,
    hits="comparisons in float64, after seven digits; vectors shorter than about 10⁻⁵",
    recipe="torch: divide by norm + 1e-7; Keras: ops.normalize, whose ε is 10⁻¹² in the square",
    sources=("keras/src/constraints/constraints.py:L154", "torch/nn/functional.py:L6100"),
    stage=OPTIMIZER,
)
class UnitNormConstraint:
    w = np.array([[3.0, 0.0], [4.0, 0.5]])

    def in_keras(w):
        return keras.constraints.UnitNorm(axis=0)(tf.constant(w))

    def in_torch(w):
        return F.normalize(torch.tensor(w), dim=0)

    def torch_as_keras(w):
        w = torch.tensor(w)
        return w / (w.norm(dim=0, keepdim=True) + 1e-7)

    def keras_as_torch(w):
        return keras.ops.normalize(tf.constant(w), axis=0)


@difference(
    item="slope of an L1 penalty at a weight of 0",
    keras="0, the sign of 0",
    torch="0, the sign of 0",
    severity=NONE,
    hits="sparse networks, whose weights are 0",
    recipe="none needed",
    sources=(
        "keras/src/regularizers/regularizers.py:L237",
        "torchgen/packaged/autograd/derivatives.yaml:L222",
    ),
)
class L1AtZero:
    w = np.array([0.0, 2.0, -1.0])

    def in_keras(w):
        w = tf.constant(w)
        with tf.GradientTape() as tape:
            tape.watch(w)
            penalty = keras.regularizers.L1(0.5)(w)
        return tape.gradient(penalty, w)

    def in_torch(w):
        w = torch.tensor(w, requires_grad=True)
        (0.5 * w.abs().sum()).backward()
        return w.grad
