"""Gradients of determinants and decompositions of matrices."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LOSSES, NONE, SILENT_WRONG, difference
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Gradients of matrix functions"
STAGE = LOSSES


@difference(
    item="gradient of the determinant of a singular matrix",
    keras="raises: it is det · inverse, and there is no inverse",
    torch="is computed from the LU decomposition: for this matrix 0, though the cofactors are not",
    severity=CRASH,
    hits="normalising flows, determinantal point processes",
    recipe="write the cofactors out; for larger matrices, keep them away from singular",
    unaligned="neither result is one to want",
    sources=(
        "tensorflow/python/ops/linalg_grad.py:L376",
        "torchgen/packaged/autograd/derivatives.yaml:L554",
    ),
)
class DeterminantSingular:
    x = np.array([[1.0, 2.0], [2.0, 4.0]])

    def in_keras(x):
        return keras_gradient(tf.linalg.det, x)

    def in_torch(x):
        return torch_gradient(torch.linalg.det, x)


@difference(
    item="gradient of eigenvectors when eigenvalues repeat",
    keras="finite: 1/(λᵢ − λⱼ) of two equals is made 0",
    torch="NaN: 1/(λᵢ − λⱼ) as written",
    severity=SILENT_WRONG,
    hits="whitening and spectral layers that start at the identity",
    recipe="torch: perturb the matrix; Keras: nothing to do, but the gradient means little",
    unaligned="either would take the backward pass of the other, written out",
    sources=(
        "tensorflow/python/ops/linalg_grad.py:L777",
        "torchgen/packaged/autograd/derivatives.yaml:L1735",
    ),
)
class EigenvectorsRepeated:
    x = np.eye(2)

    def in_keras(x):
        return keras_gradient(lambda x: tf.linalg.eigh(x)[1], x)

    def in_torch(x):
        return torch_gradient(lambda x: torch.linalg.eigh(x)[1], x)


@difference(
    item="gradient of singular vectors when singular values repeat",
    keras="finite: 1/(σᵢ² − σⱼ²) of two equals is made 0",
    torch="NaN: 1/(σᵢ² − σⱼ²) as written",
    severity=SILENT_WRONG,
    hits="orthogonal layers, alignment of point clouds (Procrustes)",
    recipe="torch: perturb the matrix; Keras: nothing to do, but the gradient means little",
    unaligned="either would take the backward pass of the other, written out",
    sources=(
        "tensorflow/python/ops/linalg_grad.py:L819",
        "torchgen/packaged/autograd/derivatives.yaml:L1726",
    ),
)
class SingularVectorsRepeated:
    x = np.eye(2)

    def in_keras(x):
        return keras_gradient(lambda x: tf.linalg.svd(x)[1][0, 0], x)

    def in_torch(x):
        return torch_gradient(lambda x: torch.linalg.svd(x)[0][0, 0], x)


@difference(
    item="gradient of an eigenvalue of a symmetric matrix, element by element",
    keras="in the lower triangle alone, twice as large off the diagonal",
    torch="symmetric",
    severity=SILENT_WRONG,
    hits="gradients with respect to a matrix that is not built symmetric",
    recipe="torch: tril(g + gᵀ) with the diagonal halved; Keras: (g + gᵀ) / 2",
    sources=(
        "tensorflow/python/ops/linalg_grad.py:L813",
        "torchgen/packaged/autograd/derivatives.yaml:L1736",
    ),
)
class EigenvalueTriangle:
    x = np.array([[2.0, 1.0], [1.0, 3.0]])

    def in_keras(x):
        return keras_gradient(lambda x: tf.linalg.eigh(x)[0][0], x)

    def in_torch(x):
        return torch_gradient(lambda x: torch.linalg.eigh(x)[0][0], x)

    def torch_as_keras(x):
        (g,) = torch_gradient(lambda x: torch.linalg.eigh(x)[0][0], x)
        return (torch.tril(g + g.T) - torch.diag(torch.diag(g)),)

    def keras_as_torch(x):
        (g,) = keras_gradient(lambda x: tf.linalg.eigh(x)[0][0], x)
        return [(g + tf.transpose(g)) / 2]


@difference(
    item="gradient of the Cholesky factor, element by element",
    keras="symmetric, and the lower triangle alone is read",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/ops/linalg_grad.py:L464",
        "torchgen/packaged/autograd/derivatives.yaml:L409",
    ),
)
class CholeskyGradient:
    x = np.array([[2.0, 5.0], [1.0, 3.0]])

    def in_keras(x):
        return keras_gradient(tf.linalg.cholesky, x)

    def in_torch(x):
        return torch_gradient(torch.linalg.cholesky, x)


@difference(
    item="gradient of a Vandermonde matrix",
    keras="there",
    torch="torch.vander raises in backward: it writes over what it needs; linalg.vander does not",
    severity=CRASH,
    hits="polynomial features whose nodes are learnt",
    recipe="torch: torch.linalg.vander(x).flip(-1)",
    sources=("keras/src/backend/tensorflow/numpy.py:L3623", "torch/_torch_docs.py:L13009"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class VandermondeGradient:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        return keras_gradient(keras.ops.vander, x)

    def in_torch(x):
        return torch_gradient(torch.vander, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: torch.linalg.vander(x).flip(-1), x)
