"""Matrices: which factors come back, in which order, and with which default."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Linear algebra"
STAGE = LAYERS


@difference(
    item="1-norm of a matrix",
    keras="tf.norm(ord=1): the sum of all sizes, as of a vector; of ord=2 alike",
    torch="torch.linalg.norm(ord=1): the largest column sum; torch.norm(p=1) as TensorFlow",
    severity=SILENT_WRONG,
    hits="L1 penalties of kernels",
    recipe="torch: torch.linalg.vector_norm; Keras: keras.ops.norm(ord=1)",
    sources=("tensorflow/python/ops/linalg_ops.py:L563", "torch/linalg/__init__.py:L1356"),
)
class MatrixNorm:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return tf.norm(x, ord=1)

    def in_torch(x):
        return torch.linalg.norm(torch.tensor(x), ord=1)

    def torch_as_keras(x):
        return torch.linalg.vector_norm(torch.tensor(x), ord=1)

    def keras_as_torch(x):
        return keras.ops.norm(x, ord=1)


@difference(
    item="norm of a matrix, no order given",
    keras="the root of the sum of squares",
    torch="the root of the sum of squares",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/linalg_ops.py:L563", "torch/linalg/__init__.py:L1356"),
)
class FrobeniusNorm:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return tf.norm(x)

    def in_torch(x):
        return torch.linalg.norm(torch.tensor(x))


@difference(
    item="diag of a matrix",
    keras="tf.linalg.diag: each row becomes a diagonal matrix; keras.ops.diag: the diagonal",
    torch="torch.diag: the diagonal",
    severity=SILENT_WRONG,
    hits="covariances of a batch from their standard deviations",
    recipe="torch: diag_embed; Keras: tf.linalg.diag_part",
    sources=("tensorflow/python/ops/array_ops.py:L2079", "torch/_torch_docs.py:L3515"),
)
class DiagOfMatrix:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return tf.linalg.diag(x)

    def in_torch(x):
        return torch.diag(torch.tensor(x))

    def torch_as_keras(x):
        return torch.diag_embed(torch.tensor(x))

    def keras_as_torch(x):
        return tf.linalg.diag_part(x)


@difference(
    item="diagonals of a batch of matrices",
    keras="tf.linalg.diag_part: of the last two axes; so tf.linalg.trace",
    torch="torch.diagonal: of the first two; so keras.ops.diagonal and keras.ops.trace",
    severity=SILENT_WRONG,
    hits="variances taken from a batch of covariances",
    recipe="torch: dim1=-2, dim2=-1; Keras: keras.ops.diagonal",
    sources=("tensorflow/python/ops/array_ops.py:L2248", "torch/_torch_docs.py:L3688"),
)
class DiagonalOfBatch:
    x = np.arange(8.0).reshape(2, 2, 2)

    def in_keras(x):
        return tf.linalg.diag_part(x)

    def in_torch(x):
        return torch.diagonal(torch.tensor(x))

    def torch_as_keras(x):
        return torch.diagonal(torch.tensor(x), dim1=-2, dim2=-1)

    def keras_as_torch(x):
        return keras.ops.diagonal(x)


@difference(
    item="what the singular value decomposition returns",
    keras="tf.linalg.svd: the singular values, U, and V, which is not transposed",
    torch="U, the singular values, and V transposed; so does keras.ops.svd",
    severity=SILENT_WRONG,
    hits="whitening, low-rank adapters, principal components",
    recipe="Keras: keras.ops.svd; torch: (S, U, Vh.mT)",
    sources=("tensorflow/python/ops/linalg_ops.py:L492", "torch/linalg/__init__.py:L1742"),
)
class SvdOutputs:
    # singular vectors have no sign of their own: sizes are compared
    x = np.random.default_rng(0).normal(size=(3, 3))

    def in_keras(x):
        _, _, last = tf.linalg.svd(x)
        return tf.abs(last)

    def in_torch(x):
        _, _, last = torch.linalg.svd(torch.tensor(x))
        return last.abs()

    def torch_as_keras(x):
        _, _, last = torch.linalg.svd(torch.tensor(x))
        return last.mT.abs()

    def keras_as_torch(x):
        _, _, last = keras.ops.svd(x)
        return keras.ops.abs(last)


@difference(
    item="size of the factors of a singular value decomposition",
    keras="tf.linalg.svd: full_matrices=False",
    torch="full_matrices=True; so has keras.ops.svd",
    severity=SILENT_WRONG,
    hits="tall matrices: a factor as large as the number of rows squared",
    recipe="pass full_matrices",
    sources=("tensorflow/python/ops/linalg_ops.py:L492", "torch/linalg/__init__.py:L1742"),
)
class SvdSize:
    x = np.ones((3, 2))

    def in_keras(x):
        return np.array(tf.linalg.svd(x)[1].shape)

    def in_torch(x):
        return np.array(torch.linalg.svd(torch.tensor(x)).U.shape)

    def torch_as_keras(x):
        return np.array(torch.linalg.svd(torch.tensor(x), full_matrices=False).U.shape)

    def keras_as_torch(x):
        return np.array(tf.linalg.svd(x, full_matrices=True)[1].shape)


@difference(
    item="signs of eigenvectors",
    keras="those of its own algorithm (Eigen)",
    torch="those of LAPACK; singular vectors part alike",
    severity=SILENT_WRONG,
    hits="principal components: scores of one framework stored for the other",
    recipe="turn each so that its largest element is positive, in both",
    sources=("tensorflow/python/ops/linalg_ops.py:L444", "torch/linalg/__init__.py:L679"),
    unaligned="the recipe turns both",
)
class EigenvectorSigns:
    x = np.random.default_rng(0).normal(size=(8, 8))

    def in_keras(x):
        return tf.linalg.eigh(x + x.T)[1]

    def in_torch(x):
        return torch.linalg.eigh(torch.tensor(x + x.T)).eigenvectors


@difference(
    item="order of the eigenvalues of a matrix that is not symmetric",
    keras="tf.linalg.eigvals: as Eigen finds them",
    torch="torch.linalg.eigvals: as LAPACK finds them",
    severity=SILENT_WRONG,
    hits="spectral radii of recurrent kernels, read off the first; the orders are often the same",
    recipe="sort by size in both",
    sources=("tensorflow/python/ops/linalg_ops.py:L416", "torch/linalg/__init__.py:L587"),
    unaligned="neither promises an order",
)
class EigenvalueOrder:
    x = np.random.default_rng(0).normal(size=(3, 3))

    def in_keras(x):
        return tf.linalg.eigvals(x)

    def in_torch(x):
        return torch.linalg.eigvals(torch.tensor(x))


@difference(
    item="which half of a matrix Cholesky's factorisation reads",
    keras="the lower; the upper may hold anything",
    torch="the lower; the upper may hold anything",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/gen_linalg_ops.py:L768", "torch/linalg/__init__.py:L74"),
)
class CholeskyHalf:
    x = np.array([[4.0, 99.0], [2.0, 3.0]])

    def in_keras(x):
        return tf.linalg.cholesky(x)

    def in_torch(x):
        return torch.linalg.cholesky(torch.tensor(x))


@difference(
    item="Cholesky factor of a matrix that is not positive definite",
    keras="tf.linalg.cholesky: NaN; keras.ops.cholesky: an error",
    torch="an error",
    severity=CRASH,
    hits="Gaussian processes that catch the error to add to the diagonal: in tf there is none",
    recipe="Keras: keras.ops.cholesky, or look for NaN; torch: torch.linalg.cholesky_ex",
    sources=("tensorflow/python/ops/gen_linalg_ops.py:L768", "torch/linalg/__init__.py:L74"),
)
class CholeskyIndefinite:
    x = np.array([[-1.0, 0.0], [0.0, 1.0]])

    def in_keras(x):
        return bool(np.isnan(tf.linalg.cholesky(x)).any())

    def in_torch(x):
        return bool(torch.linalg.cholesky(torch.tensor(x)).isnan().any())

    def torch_as_keras(x):
        factor, info = torch.linalg.cholesky_ex(torch.tensor(x))
        factor = torch.where(info == 0, factor, torch.nan)
        return bool(factor.isnan().any())

    def keras_as_torch(x):
        return bool(np.isnan(keras.ops.cholesky(x)).any())


@difference(
    item="order of the arguments of cholesky_solve",
    keras="the factor, then the right-hand side",
    torch="the right-hand side, then the factor",
    severity=SILENT_WRONG,
    hits="Gaussian processes; of square right-hand sides nothing fails",
    recipe="swap the two",
    sources=("tensorflow/python/ops/linalg_ops.py:L151", "torch/_torch_docs.py:L2705"),
)
class CholeskySolve:
    factor = np.array([[2.0, 0.0], [1.0, 1.0]])
    right = np.array([[4.0, 2.0], [2.0, 6.0]])

    def in_keras(factor, right):
        return tf.linalg.cholesky_solve(factor, right)

    def in_torch(factor, right):
        return torch.cholesky_solve(torch.tensor(factor), torch.tensor(right))

    def torch_as_keras(factor, right):
        return torch.cholesky_solve(torch.tensor(right), torch.tensor(factor))

    def keras_as_torch(factor, right):
        return tf.linalg.cholesky_solve(right, factor)


@difference(
    item="which half a triangular system has, unless said",
    keras="tf.linalg.triangular_solve: lower=True; keras.ops.solve_triangular: lower=False",
    torch="torch.linalg.solve_triangular: TypeError, upper is required",
    severity=CRASH,
    hits="Gaussian processes, and whitening by a Cholesky factor",
    recipe="torch: upper=False",
    sources=("keras/src/backend/tensorflow/linalg.py:L191", "torch/linalg/__init__.py:L2326"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class TriangularHalf:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array([[1.0], [1.0]])

    def in_keras(x, y):
        return tf.linalg.triangular_solve(x, y)

    def in_torch(x, y):
        return torch.linalg.solve_triangular(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        return torch.linalg.solve_triangular(torch.tensor(x), torch.tensor(y), upper=False)


@difference(
    item="logarithm of a determinant",
    keras="tf.linalg.logdet: by Cholesky, of the lower half alone, as if symmetric",
    torch="torch.logdet: of any matrix whose determinant is positive",
    severity=SILENT_WRONG,
    hits="normalising flows, whose matrices are not symmetric",
    recipe="Keras: tf.linalg.slogdet; torch: by the Cholesky factor",
    sources=("tensorflow/python/ops/linalg/linalg_impl.py:L96", "torch/_torch_docs.py:L12641"),
)
class LogDeterminant:
    x = np.array([[3.0, 2.0], [1.0, 3.0]])

    def in_keras(x):
        return tf.linalg.logdet(x)

    def in_torch(x):
        return torch.logdet(torch.tensor(x))

    def torch_as_keras(x):
        return 2 * torch.linalg.cholesky(torch.tensor(x)).diagonal().log().sum()

    def keras_as_torch(x):
        return tf.linalg.slogdet(x)[1]


@difference(
    item="how an LU factorisation tells the order of the rows",
    keras="a permutation, counted from 0",
    torch="pivots as LAPACK's, counted from 1: row i changed places with row pivots[i]",
    severity=SILENT_WRONG,
    hits="determinants and solvers by hand",
    recipe="torch: go through the exchanges in order; Keras: find the exchanges",
    sources=("keras/src/backend/tensorflow/linalg.py:L45", "torch/linalg/__init__.py:L2406"),
)
class LuPivots:
    x = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 1.0], [9.0, 1.0, 2.0]])

    def in_keras(x):
        return keras.ops.lu_factor(x)[1]

    def in_torch(x):
        return torch.linalg.lu_factor(torch.tensor(x)).pivots

    def torch_as_keras(x):
        rows = list(range(len(x)))
        for row, pivot in enumerate(torch.linalg.lu_factor(torch.tensor(x)).pivots.tolist()):
            rows[row], rows[pivot - 1] = rows[pivot - 1], rows[row]
        return np.array(rows)

    def keras_as_torch(x):
        rows, pivots = list(range(len(x))), []
        for row, wanted in enumerate(np.array(keras.ops.lu_factor(x)[1])):
            place = rows.index(wanted)
            rows[row], rows[place] = rows[place], rows[row]
            pivots.append(place + 1)
        return np.array(pivots)


@difference(
    item="singular values that a pseudo-inverse takes for zero",
    keras="tf.linalg.pinv: below 10 max(m, n) ε of the largest",
    torch="below max(m, n) ε of the largest",
    severity=SILENT_WRONG,
    hits="least squares with columns that are nearly dependent",
    recipe="pass rcond, or rtol",
    sources=("tensorflow/python/ops/linalg/linalg_impl.py:L809", "torch/linalg/__init__.py:L2064"),
)
class PseudoInverseCutoff:
    x = np.diag([1.0, 2.0**-49])

    def in_keras(x):
        return tf.linalg.pinv(x)

    def in_torch(x):
        return torch.linalg.pinv(torch.tensor(x))

    def torch_as_keras(x):
        rtol = 10 * max(x.shape) * torch.finfo(torch.float64).eps
        return torch.linalg.pinv(torch.tensor(x), rtol=rtol)

    def keras_as_torch(x):
        return tf.linalg.pinv(x, rcond=max(x.shape) * np.finfo(np.float64).eps)


@difference(
    item="rank of a float64 matrix that is handed over as an array",
    keras="the array is rounded to float32, and so is the limit: 10⁻⁷ of the largest",
    torch="in double precision: 10⁻¹⁵",
    severity=SILENT_WRONG,
    hits="tests for columns that depend on each other",
    recipe="TensorFlow: tf.constant(A) first; torch: A.float() to do likewise",
    sources=("tensorflow/python/ops/linalg/linalg_impl.py:L800", "torch/linalg/__init__.py:L1266"),
)
class MatrixRank:
    A = np.diag([1.0, 1e-8])

    def in_keras(A):
        return int(tf.linalg.matrix_rank(A))

    def in_torch(A):
        return int(torch.linalg.matrix_rank(torch.tensor(A)))

    def torch_as_keras(A):
        return int(torch.linalg.matrix_rank(torch.tensor(A).float()))

    def keras_as_torch(A):
        return int(tf.linalg.matrix_rank(tf.constant(A)))


@difference(
    item="linear system whose right-hand side is a vector",
    keras="tf.linalg.solve raises: it asks for a column",
    torch="takes it, and gives a vector",
    severity=CRASH,
    hits="ports of NumPy code",
    recipe="TensorFlow: keras.ops.solve, or b[:, None] and [:, 0]",
    sources=("tensorflow/python/ops/gen_linalg_ops.py:L1696", "torch/linalg/__init__.py:L249"),
    unaligned="torch need not refuse a vector",
)
class SolveVector:
    A, b = np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([1.0, 2.0])

    def in_keras(A, b):
        return tf.linalg.solve(A, b)

    def in_torch(A, b):
        return torch.linalg.solve(torch.tensor(A), torch.tensor(b))

    def keras_as_torch(A, b):
        return tf.linalg.solve(A, b[:, None])[:, 0]


@difference(
    item="trace of a batch of matrices",
    keras="keras.ops.trace: along the first two axes, as NumPy; tf.linalg.trace: the last two",
    torch="trace raises: it takes one matrix",
    severity=CRASH,
    hits="log-determinants and Jacobians of flows",
    recipe="torch: diagonal(dim1=0, dim2=1).sum(-1); for the last two axes, dim1=-2, dim2=-1",
    sources=("keras/src/backend/tensorflow/numpy.py:L3275", "torch/_torch_docs.py:L11590"),
    unaligned="Keras need not refuse a batch",
)
class TraceOfBatch:
    A = np.arange(8.0).reshape(2, 2, 2)

    def in_keras(A):
        return keras.ops.trace(A)

    def in_torch(A):
        return torch.trace(torch.tensor(A))

    def torch_as_keras(A):
        return torch.tensor(A).diagonal(dim1=0, dim2=1).sum(-1)
