"""Jacobians, gradients of complex numbers and of lookups, and gradients of one's own."""

import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LOOP,
    NONE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Jacobians, sparse, complex and custom gradients"
STAGE = LOOP


@difference(
    item="jacobian, the order of its axes",
    keras="those of the output, then those of the input",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/eager/backprop.py:L1085", "torch/autograd/functional.py:L587"),
)
class Jacobian:
    x = np.array([[1.0, 3.0], [5.0, 7.0]])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        return tape.jacobian(y, x)

    def in_torch(x):
        return torch.autograd.functional.jacobian(lambda x: x**3, torch.tensor(x))


@difference(
    item="jacobian of each sample of a batch",
    keras="tape.batch_jacobian: (batch, outputs, inputs)",
    torch="jacobian has the zeros between samples too: (batch, outputs, batch, inputs)",
    severity=COSMETIC,
    hits="contractive autoencoders, flows; memory grows with the square of the batch",
    recipe="torch: vmap(jacrev(f)); Keras: tape.jacobian",
    sources=("tensorflow/python/eager/backprop.py:L1198", "torch/autograd/functional.py:L587"),
)
class BatchJacobian:
    x = np.array([[1.0, 3.0], [5.0, 7.0]])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        return tape.batch_jacobian(y, x)

    def in_torch(x):
        return torch.autograd.functional.jacobian(lambda x: x**3, torch.tensor(x))

    def torch_as_keras(x):
        return torch.func.vmap(torch.func.jacrev(lambda x: x**3))(torch.tensor(x))

    def keras_as_torch(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        return tape.jacobian(y, x)


@difference(
    item="Hessian",
    keras="the jacobian of a gradient, by two tapes",
    torch="torch.autograd.functional.hessian, the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/eager/backprop.py:L1085", "torch/autograd/functional.py:L856"),
)
class Hessian:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_prod(x) ** 2
            gradient = inner.gradient(y, x)
        return outer.jacobian(gradient, x)

    def in_torch(x):
        return torch.autograd.functional.hessian(lambda x: x.prod() ** 2, torch.tensor(x))


@difference(
    item="directional derivative by forward mode",
    keras="tf.autodiff.ForwardAccumulator",
    torch="torch.func.jvp, the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/eager/forwardprop.py:L230",
        "torch/_functorch/eager_transforms.py:L1094",
    ),
)
class ForwardMode:
    x = np.array([1.0, 3.0])
    direction = np.array([1.0, -1.0])

    def in_keras(x, direction):
        x = tf.constant(x)
        with tf.autodiff.ForwardAccumulator(x, tf.constant(direction)) as accumulator:
            y = x**3
        return accumulator.jvp(y)

    def in_torch(x, direction):
        pair = torch.tensor(x), torch.tensor(direction)
        return torch.func.jvp(lambda x: x**3, pair[:1], pair[1:])[1]


@difference(
    item="gradient of a holomorphic function",
    keras="the conjugate of the derivative, without a word",
    torch="raises: a complex result has no implicit gradient; with ones, the same conjugate",
    severity=CRASH,
    hits="complex-valued networks",
    recipe="torch: grad_outputs of ones; conjugate in both to have the derivative",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("tensorflow/python/ops/math_grad.py:L1428", "torch/autograd/__init__.py:L213"),
)
class Holomorphic:
    z = np.array([1.0 + 2.0j])

    def in_keras(z):
        return keras_gradient(lambda z: z * z, z)

    def in_torch(z):
        return torch_gradient(lambda z: z * z, z)

    def torch_as_keras(z):
        z = torch.tensor(z, requires_grad=True)
        return torch.autograd.grad(z * z, z, grad_outputs=torch.ones_like(z))


@difference(
    item="gradient of a real function of a complex number",
    keras="2 ∂f/∂z̄: for |z|² it is 2z",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_grad.py:L652", "torch/autograd/__init__.py:L407"),
)
class RealOfComplex:
    z = np.array([1.0 + 2.0j])

    def in_keras(z):
        return keras_gradient(lambda z: tf.abs(z) ** 2, z)

    def in_torch(z):
        return torch_gradient(lambda z: z.abs() ** 2, z)


@difference(
    item="gradient of a table that rows were looked up in",
    keras="IndexedSlices: one row for each lookup, repeated ones apart; + of two raises TypeError",
    torch="a whole table, repeated rows added up",
    severity=SILENT_WRONG,
    hits="norms of the gradients of embeddings, taken of .values; gradients added over batches",
    recipe="Keras: tf.convert_to_tensor(gradient); torch: sparse=True for rows by lookup",
    sources=(
        "tensorflow/python/framework/indexed_slices.py:L55",
        "torchgen/packaged/autograd/derivatives.yaml:L2045",
    ),
)
class LookupGradient:
    table = np.ones((4, 2))
    rows = np.array([1, 1, 2])

    def in_keras(table, rows):
        table = tf.Variable(table)
        with tf.GradientTape() as tape:
            y = tf.gather(table, rows)
        return tape.gradient(y, table).values

    def in_torch(table, rows):
        table = torch.tensor(table, requires_grad=True)
        F.embedding(torch.tensor(rows), table).sum().backward()
        return table.grad

    def torch_as_keras(table, rows):
        table = torch.tensor(table, requires_grad=True)
        F.embedding(torch.tensor(rows), table, sparse=True).sum().backward()
        return table.grad._values()

    def keras_as_torch(table, rows):
        table = tf.Variable(table)
        with tf.GradientTape() as tape:
            y = tf.gather(table, rows)
        return tf.convert_to_tensor(tape.gradient(y, table))
