"""Where a NaN goes, and what comes of no values."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import COSMETIC, CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "NaN, infinity, and nothing"
STAGE = LAYERS


@difference(
    item="argmax beside a NaN",
    keras="passes over it: the largest number",
    torch="the NaN counts as the largest",
    severity=SILENT_WRONG,
    hits="models that have begun to diverge: the accuracy of TensorFlow stays plausible",
    recipe="torch: nan_to_num(nan=-inf) first; Keras: replace NaN by +inf first",
    sources=("tensorflow/python/ops/math_ops.py:L273", "torch/_torch_docs.py:L6840"),
)
class ArgmaxNan:
    x = np.array([1.0, np.nan, 5.0])

    def in_keras(x):
        return keras.ops.argmax(x)

    def in_torch(x):
        return torch.argmax(torch.tensor(x))

    def torch_as_keras(x):
        return torch.argmax(torch.nan_to_num(torch.tensor(x), nan=-torch.inf))

    def keras_as_torch(x):
        return keras.ops.argmax(keras.ops.where(keras.ops.isnan(x), np.inf, x))


@difference(
    item="largest value beside a NaN",
    keras="NaN, wherever it stands",
    torch="NaN, wherever it stands",
    severity=NONE,
    hits="nobody in eager execution; a compiler may drop the NaN",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L3047", "torch/_torch_docs.py:L6651"),
)
class MaxNan:
    x = np.array([[np.nan, 1.0, 2.0], [1.0, np.nan, 2.0], [1.0, 2.0, np.nan]])

    def in_keras(x):
        return tf.reduce_max(x, axis=1)

    def in_torch(x):
        return torch.amax(torch.tensor(x), dim=1)


@difference(
    item="largest value beside a NaN, under XLA",
    keras="the NaN is dropped with jit_compile=True, and kept without",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="compiled models: a diverged run looks sound",
    recipe="Keras: jit_compile=False; torch: nan_to_num(nan=-inf) first",
    sources=("keras/src/trainers/trainer.py:L49", "torch/_torch_docs.py:L6651"),
    ulp=0,
)
class MaxNanCompiled:
    x = np.array([np.nan, 1.0], np.float32)

    def in_keras(x):
        return tf.function(tf.reduce_max, jit_compile=True)(tf.constant(x))

    def in_torch(x):
        return torch.tensor(x).max()

    def torch_as_keras(x):
        return torch.nan_to_num(torch.tensor(x), nan=-torch.inf).max()

    def keras_as_torch(x):
        return tf.reduce_max(x)


@difference(
    item="sign of NaN",
    keras="NaN",
    torch="0",
    severity=COSMETIC,
    hits="sign-based optimizers and quantisation, where a NaN vanishes in torch",
    recipe="torch: torch.where(x.isnan(), x, x.sign()); Keras: where(isnan(x), 0, sign(x))",
    sources=("tensorflow/python/ops/math_ops.py:L778", "torch/_torch_docs.py:L9973"),
)
class SignNan:
    x = np.array([np.nan, 0.0, -2.0])

    def in_keras(x):
        return keras.ops.sign(x)

    def in_torch(x):
        return torch.sign(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.where(x.isnan(), x, x.sign())

    def keras_as_torch(x):
        return keras.ops.where(keras.ops.isnan(x), 0.0, keras.ops.sign(x))


@difference(
    item="sorting with a NaN",
    keras="NaN compares false with everything: what stands around it stays unsorted",
    torch="NaN counts as the largest, and comes last",
    severity=SILENT_WRONG,
    hits="ranking scores of which one is undefined",
    recipe="Keras: replace NaN by +inf before sorting; torch: filter it out",
    sources=("tensorflow/python/ops/sort_ops.py:L31", "torch/_torch_docs.py:L10131"),
    unaligned="the order that TensorFlow leaves is no rule to follow",
)
class SortNan:
    x = np.array([3.0, np.nan, 1.0, 2.0])

    def in_keras(x):
        return tf.sort(x)

    def in_torch(x):
        return torch.sort(torch.tensor(x)).values

    def keras_as_torch(x):
        nan = keras.ops.isnan(x)
        ordered = keras.ops.sort(keras.ops.where(nan, np.inf, x))
        numbers = keras.ops.sum(keras.ops.cast(~nan, "int32"))
        return keras.ops.where(keras.ops.arange(x.size) < numbers, ordered, np.nan)


@difference(
    item="largest k beside a NaN",
    keras="the NaN comes after every number it was not compared with",
    torch="the NaN comes first",
    severity=SILENT_WRONG,
    hits="beam search and top-k accuracy of a model that diverges",
    recipe="Keras: replace NaN by +inf first; torch: nan_to_num(nan=-inf) first",
    sources=("tensorflow/python/ops/nn_ops.py:L5822", "torch/_torch_docs.py:L11544"),
    unaligned="the order that TensorFlow leaves is no rule to follow",
)
class TopKNan:
    x = np.array([3.0, np.nan, 1.0, 2.0])

    def in_keras(x):
        return tf.math.top_k(x, k=2).indices

    def in_torch(x):
        return torch.topk(torch.tensor(x), k=2).indices

    def keras_as_torch(x):
        return tf.math.top_k(tf.where(tf.math.is_nan(x), np.inf, x), k=2).indices


@difference(
    item="largest of no values",
    keras="−∞ of tf.reduce_max",
    torch="RuntimeError",
    severity=CRASH,
    hits="batches in which a mask selects nothing",
    recipe="torch: append −∞ to the values; Keras: keras.ops.max, which raises",
    sources=("tensorflow/python/ops/math_ops.py:L3047", "torch/_torch_docs.py:L6651"),
)
class MaxOfNothing:
    x = np.array([])

    def in_keras(x):
        return tf.reduce_max(x)

    def in_torch(x):
        return torch.tensor(x).max()

    def torch_as_keras(x):
        return F.pad(torch.tensor(x), (0, 1), value=-torch.inf).max()

    def keras_as_torch(x):
        return keras.ops.max(x)


@difference(
    item="mean of no values",
    keras="NaN",
    torch="NaN",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L2573", "torch/_torch_docs.py:L6927"),
)
class MeanOfNothing:
    x = np.array([])

    def in_keras(x):
        return tf.reduce_mean(x)

    def in_torch(x):
        return torch.tensor(x).mean()
