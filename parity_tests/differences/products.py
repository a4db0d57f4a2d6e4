"""Products of vectors, matrices and batches of them."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Products"
STAGE = LAYERS


@difference(
    item="dot of two matrices",
    keras="keras.ops.dot: their product",
    torch="RuntimeError: torch.dot takes vectors alone",
    severity=CRASH,
    hits="code that goes from NumPy to torch",
    recipe="torch: matmul, or @",
    sources=("keras/src/backend/tensorflow/numpy.py:L1502", "torch/_torch_docs.py:L4010"),
    unaligned="Keras has no such check to turn on",
)
class DotOfMatrices:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return keras.ops.dot(x, x)

    def in_torch(x):
        return torch.dot(torch.tensor(x), torch.tensor(x))

    def torch_as_keras(x):
        return torch.tensor(x) @ torch.tensor(x)


@difference(
    item="* of two matrices, and @",
    keras="element by element; the product",
    torch="element by element; the product",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L508", "torch/_torch_docs.py:L7638"),
)
class Products:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return tf.constant(x) * tf.constant(x), tf.constant(x) @ tf.constant(x)

    def in_torch(x):
        return torch.tensor(x) * torch.tensor(x), torch.tensor(x) @ torch.tensor(x)


@difference(
    item="dot of two tensors with more than two axes",
    keras="the last axis of the first with the last but one of the second, all else kept apart",
    torch="matmul: the leading axes are paired as batches",
    severity=SILENT_WRONG,
    hits="attention written with np.dot or keras.ops.dot",
    recipe="torch: torch.tensordot(x, y, dims=([-1], [-2])); Keras: matmul",
    sources=("keras/src/backend/tensorflow/numpy.py:L1502", "torch/_torch_docs.py:L7638"),
)
class DotOfBatches:
    x = np.arange(8.0).reshape(2, 2, 2)

    def in_keras(x):
        return keras.ops.dot(x, x)

    def in_torch(x):
        return torch.matmul(torch.tensor(x), torch.tensor(x))

    def torch_as_keras(x):
        return torch.tensordot(torch.tensor(x), torch.tensor(x), dims=([-1], [-2]))

    def keras_as_torch(x):
        return keras.ops.matmul(x, x)


@difference(
    item="product of a vector and a matrix",
    keras="tf.matmul: an error, two axes at least; so tf.linalg.solve of a vector",
    torch="the vector counts as a row",
    severity=CRASH,
    hits="code that passes one sample",
    recipe="Keras: keras.ops.matmul, or tf.linalg.matvec",
    sources=("tensorflow/python/ops/math_ops.py:L3477", "torch/_torch_docs.py:L7638"),
    unaligned="an error is nothing that torch should be made to raise",
)
class MatmulVector:
    x = np.ones(3)
    y = np.arange(6.0).reshape(3, 2)

    def in_keras(x, y):
        return tf.matmul(x, y)

    def in_torch(x, y):
        return torch.matmul(torch.tensor(x), torch.tensor(y))

    def keras_as_torch(x, y):
        return keras.ops.matmul(x, y)


@difference(
    item="an axis of length 1 in einsum, where the same letter is longer elsewhere",
    keras="an error",
    torch="the axis is broadcast",
    severity=CRASH,
    hits="attention and mixtures in which one tensor is shared by heads or experts",
    recipe="Keras: sum the axis of length 1 away, under a letter of its own",
    sources=("tensorflow/python/ops/special_math_ops.py:L620", "torch/functional.py:L175"),
    unaligned="an error is nothing that torch should be made to raise",
)
class EinsumBroadcast:
    x = np.array([[1.0], [2.0]])
    y = np.arange(6.0).reshape(3, 2)

    def in_keras(x, y):
        return keras.ops.einsum("ij,jk->ik", x, y)

    def in_torch(x, y):
        return torch.einsum("ij,jk->ik", torch.tensor(x), torch.tensor(y))

    def keras_as_torch(x, y):
        return keras.ops.einsum("il,jk->ik", x, y)


@difference(
    item="vdot of complex vectors",
    keras="keras.ops.vdot: the sum of products, nothing is conjugated",
    torch="torch.vdot conjugates the first, as NumPy does",
    severity=SILENT_WRONG,
    hits="norms and overlaps of complex signals and states, which come out negative",
    recipe="torch: torch.dot; Keras: vdot(conjugate(x), y)",
    sources=("keras/src/backend/tensorflow/numpy.py:L3369", "torch/_torch_docs.py:L4040"),
    ulp=1,
)
class VdotComplex:
    # complex64: keras.ops.vdot has no complex128
    x = np.array([1j, 2.0], np.complex64)

    def in_keras(x):
        return keras.ops.vdot(x, x)

    def in_torch(x):
        return torch.vdot(torch.tensor(x), torch.tensor(x))

    def torch_as_keras(x):
        return torch.dot(torch.tensor(x), torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.vdot(keras.ops.conjugate(x), x)


@difference(
    item="axis of a cross product, unless given",
    keras="the last",
    torch="torch.cross: the first of length 3; torch.linalg.cross: the last",
    severity=SILENT_WRONG,
    hits="normals and rotations of batches of three vectors",
    recipe="torch: torch.linalg.cross; Keras: axis=0",
    sources=("keras/src/backend/tensorflow/numpy.py:L1269", "torch/_torch_docs.py:L3257"),
)
class CrossAxis:
    x = np.arange(9.0).reshape(3, 3)
    y = np.eye(3)

    def in_keras(x, y):
        return keras.ops.cross(x, y)

    def in_torch(x, y):
        return torch.cross(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        return torch.linalg.cross(torch.tensor(x), torch.tensor(y))

    def keras_as_torch(x, y):
        return keras.ops.cross(x, y, axis=0)


@difference(
    item="outer product of matrices",
    keras="keras.ops.outer lays them out as vectors",
    torch="RuntimeError: vectors only",
    severity=CRASH,
    hits="code that goes from NumPy to torch",
    recipe="torch: torch.outer(x.flatten(), y.flatten())",
    sources=("keras/src/backend/tensorflow/numpy.py:L2624", "torch/_torch_docs.py:L4958"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class OuterOfMatrices:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return keras.ops.outer(x, x)

    def in_torch(x):
        return torch.outer(torch.tensor(x), torch.tensor(x))

    def torch_as_keras(x):
        return torch.outer(torch.tensor(x).flatten(), torch.tensor(x).flatten())
