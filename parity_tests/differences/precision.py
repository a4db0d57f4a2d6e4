"""Digits: what sums, constants and rounding cost, in which type."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    COSMETIC,
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Numerics: precision"
STAGE = LAYERS


@difference(
    item="float32 mean over the rows of a tall matrix",
    keras="the rows are added one after the other: 10⁻⁴ is lost over 10⁵ rows",
    torch="the rows are added in blocks: the last digit is lost",
    severity=SLOW_DRIFT,
    hits="statistics by channel over images and data sets, as in batch normalisation by hand",
    recipe="Keras: cast to float64 first, or lay the long axis last",
    sources=("tensorflow/python/ops/math_ops.py:L2573", "torch/_torch_docs.py:L6927"),
    unaligned="digits that are lost are nothing that torch should be made to lose",
    ulp=2,
)
class MeanOfRows:
    x = np.full((100_000, 2), 0.1, np.float32)

    def in_keras(x):
        return tf.reduce_mean(x, axis=0)

    def in_torch(x):
        return torch.tensor(x).mean(dim=0)

    def keras_as_torch(x):
        return tf.cast(tf.reduce_mean(tf.cast(x, tf.float64), axis=0), tf.float32)


@difference(
    item="float32 sum of all elements",
    keras="added in blocks",
    torch="added in blocks",
    severity=NONE,
    hits="nobody: the two are a unit or two of the last place apart",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L2229", "torch/_torch_docs.py:L10951"),
    ulp=4,
)
class SumOfAll:
    x = np.random.default_rng(0).random(100_000, dtype=np.float32)

    def in_keras(x):
        return tf.reduce_sum(x)

    def in_torch(x):
        return torch.tensor(x).sum()


@difference(
    item="cumulative sum of 16-bit numbers",
    keras="the running sum is float16 too: counting by ones it stops at 2048",
    torch="the running sum is float32 or better, and rounded for each element",
    severity=SILENT_WRONG,
    hits="positions and lengths counted from a mask under mixed precision (bfloat16 stops at 256); "
    "in float32 the same loses digits of long sums",
    recipe="Keras: cast to float32 or to integers first, and back",
    sources=("tensorflow/python/ops/math_ops.py:L4250", "torch/_torch_docs.py:L3436"),
    unaligned="a sum that stands still is nothing that torch should be made to give",
    ulp=0,
)
class CumsumHalf:
    mask = np.ones(4096, np.float16)

    def in_keras(mask):
        return tf.cumsum(mask)

    def in_torch(mask):
        return torch.cumsum(torch.tensor(mask), dim=0)

    def keras_as_torch(mask):
        return tf.cast(tf.cumsum(tf.cast(mask, tf.float32)), tf.float16)


@difference(
    item="mean of float16 numbers whose sum overflows",
    keras="tf.reduce_mean sums in float16: infinite; keras.ops.mean in float32",
    torch="sums in float32",
    severity=SILENT_WRONG,
    hits="losses and statistics under mixed precision in tf",
    recipe="Keras: keras.ops.mean, or cast first; torch: sum in float16, then divide",
    sources=("tensorflow/python/ops/math_ops.py:L2573", "torch/_torch_docs.py:L6927"),
    unaligned="torch has no float16 sum of its own: it accumulates in float32",
    ulp=0,
)
class HalfPrecisionMean:
    x = np.array([60000.0, 60000.0], np.float16)

    def in_keras(x):
        return tf.reduce_mean(x)

    def in_torch(x):
        return torch.tensor(x).mean()

    def keras_as_torch(x):
        return keras.ops.mean(x)


@difference(
    item="norm of float16 numbers",
    keras="the squares are summed in float16: ∞ from 256 on; l2_normalize then gives 0",
    torch="the squares are summed in float32",
    severity=SILENT_WRONG,
    hits="embeddings and gradients normalised under mixed precision",
    recipe="Keras: cast to float32 first, and back",
    sources=("keras/src/backend/tensorflow/linalg.py:L78", "torch/linalg/__init__.py:L1495"),
    unaligned="an overflow is nothing that torch should be made to have",
    ulp=0,
)
class NormHalf:
    x = np.full(300, 300.0, np.float16)

    def in_keras(x):
        return keras.ops.norm(x)

    def in_torch(x):
        return torch.linalg.vector_norm(torch.tensor(x))

    def keras_as_torch(x):
        return tf.cast(keras.ops.norm(tf.cast(x, tf.float32)), tf.float16)


@difference(
    item="the last digits of a float32 matrix product",
    keras="sums as Eigen and oneDNN order them",
    torch="sums as MKL or oneDNN order them",
    severity=COSMETIC,
    hits="tests that ask for equality; convolutions part alike",
    recipe="compare in float64, or to the digits that a sum of n products has",
    sources=("tensorflow/python/ops/math_ops.py:L3477", "torch/_torch_docs.py:L7638"),
    unaligned="the order of the sums is the libraries' own",
    ulp=0,
)
class MatmulFloat32:
    x = np.random.default_rng(0).normal(size=(256, 1000)).astype(np.float32)
    y = np.random.default_rng(1).normal(size=(1000, 256)).astype(np.float32)

    def in_keras(x, y):
        return tf.matmul(x, y)

    def in_torch(x, y):
        return torch.matmul(torch.tensor(x), torch.tensor(y))


@difference(
    item="float32 numbers below 1.2e-38 (subnormal)",
    keras="TensorFlow's kernels flush them to 0 on a CPU, compiled by XLA or not",
    torch="kept",
    severity=COSMETIC,
    hits="products of many probabilities, and weights that have decayed to nothing",
    recipe="torch.set_flush_denormal(True); TensorFlow cannot be told to keep them",
    sources=("tensorflow/python/ops/math_ops.py:L508", "torch/_torch_docs.py:L9900"),
    unaligned="TensorFlow's threads flush them, whatever is set",
    ulp=0,
)
class SubnormalNumbers:
    x = np.array([1e-39, 1e-40, 1.0], np.float32)

    def in_keras(x):
        return keras.ops.multiply(x, np.float32(2.0))

    def in_torch(x):
        return torch.tensor(x) * 2.0

    def torch_as_keras(x):
        torch.set_flush_denormal(True)
        result = torch.tensor(x) * 2.0
        torch.set_flush_denormal(False)
        return result


@difference(
    item="quantile of float64 values",
    keras="the fraction is made a float32: of 0.1, 0.10000000149",
    torch="the fraction is of the type of the values",
    severity=SLOW_DRIFT,
    hits="thresholds and intervals computed in float64, which part after eight digits; so does "
    "the dx of keras.ops.trapezoid",
    recipe="torch: round the fraction to float32; Keras: hand it over as np.float64",
    sources=("keras/src/backend/tensorflow/numpy.py:L2785", "torch/_torch_docs.py:L7173"),
)
class QuantileFraction:
    x = np.array([1.0, 2.0, 4.0, 8.0])

    def in_keras(x):
        return keras.ops.quantile(x, 0.1)

    def in_torch(x):
        return torch.quantile(torch.tensor(x), 0.1)

    def torch_as_keras(x):
        return torch.quantile(torch.tensor(x), float(np.float32(0.1)))

    def keras_as_torch(x):
        return keras.ops.quantile(x, np.float64(0.1))


@difference(
    item="float64 numbers rounded to tens",
    keras="multiplied and divided by a 0.1 of float32: 25 becomes 29.9999996",
    torch="divided and multiplied by 10: 20, as a half goes to the even number",
    severity=SILENT_WRONG,
    hits="ages and prices binned by rounding, which then fail to be equal",
    recipe="torch: round(x · f) / f with f = np.float32(0.1); Keras: round(x / 10) · 10",
    sources=("keras/src/backend/tensorflow/numpy.py:L3236", "torch/_torch_docs.py:L9659"),
)
class RoundToTens:
    x = np.array([15.0, 25.0, 1234.0])

    def in_keras(x):
        return keras.ops.round(x, -1)

    def in_torch(x):
        return torch.round(torch.tensor(x), decimals=-1)

    def torch_as_keras(x):
        factor = float(np.float32(0.1))
        return torch.round(torch.tensor(x) * factor) / factor

    def keras_as_torch(x):
        return keras.ops.round(x / 10) * 10


@difference(
    item="least squares of a matrix without full rank",
    keras="tf.linalg.lstsq(fast=True): the normal equations, which lose half of the digits",
    torch="torch.linalg.lstsq: by QR",
    severity=SLOW_DRIFT,
    hits="regressions on columns that nearly agree",
    recipe="TensorFlow: fast=False; torch: solve the normal equations",
    sources=("tensorflow/python/ops/linalg_ops.py:L247", "torch/linalg/__init__.py:L1081"),
    unaligned="the two decompositions round differently; 1e-9 is left where columns nearly agree",
    ulp=1,
)
class LeastSquares:
    A = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-6], [1.0, 1.0 - 1e-6]])
    b = np.array([[2.0], [2.0 + 1e-6], [2.0 - 1e-6]])

    def in_keras(A, b):
        return tf.cast(tf.linalg.lstsq(A, b), tf.float32)

    def in_torch(A, b):
        return torch.linalg.lstsq(torch.tensor(A), torch.tensor(b)).solution.float()

    def keras_as_torch(A, b):
        return tf.cast(tf.linalg.lstsq(A, b, fast=False), tf.float32)
