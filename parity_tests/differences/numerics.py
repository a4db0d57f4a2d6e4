"""Operations on numbers: default axes, ties, rounding, ranges."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import COSMETIC, CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Numerics: axes, ties, rounding, ranges"
STAGE = LAYERS


@difference(
    item="argmax of a matrix, without an axis",
    keras="tf.argmax takes axis 0; keras.ops.argmax flattens",
    torch="flattens",
    severity=SILENT_WRONG,
    hits="predictions read off a matrix of scores",
    recipe="pass the axis",
    sources=("tensorflow/python/ops/math_ops.py:L273", "torch/_torch_docs.py:L6838"),
)
class ArgmaxAxis:
    x = np.array([[1.0, 5.0], [7.0, 2.0]])

    def in_keras(x):
        return tf.argmax(x)

    def in_torch(x):
        return torch.argmax(torch.tensor(x))

    def torch_as_keras(x):
        return torch.argmax(torch.tensor(x), dim=0)

    def keras_as_torch(x):
        return keras.ops.argmax(x)


@difference(
    item="sum over an empty list of axes",
    keras="nothing is summed: the tensor comes back as it is",
    torch="everything is summed, as if no axes had been given",
    severity=SILENT_WRONG,
    hits="code that works out which axes to reduce, and finds none: losses and norms of scalars",
    recipe="torch: return the tensor where the list is empty; Keras: axis=None",
    sources=("tensorflow/python/ops/math_ops.py:L2229", "torch/_torch_docs.py:L10972"),
)
class EmptyAxes:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    axes = ()

    def in_keras(x, axes):
        return keras.ops.sum(x, axis=axes)

    def in_torch(x, axes):
        return torch.tensor(x).sum(dim=axes)

    def torch_as_keras(x, axes):
        x = torch.tensor(x)
        return x.sum(dim=axes) if axes else x

    def keras_as_torch(x, axes):
        return keras.ops.sum(x, axis=axes or None)


@difference(
    item="cumulative sum without an axis",
    keras="tf.cumsum takes axis 0; keras.ops.cumsum flattens",
    torch="TypeError: dim is required",
    severity=CRASH,
    hits="positions counted along a sequence",
    recipe="pass the axis",
    sources=("tensorflow/python/ops/math_ops.py:L4250", "torch/_torch_docs.py:L3436"),
    unaligned="Keras has no such check to turn on",
)
class CumsumAxis:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return tf.cumsum(x)

    def in_torch(x):
        return torch.cumsum(torch.tensor(x))

    def torch_as_keras(x):
        return torch.cumsum(torch.tensor(x), dim=0)


@difference(
    item="cumulative sum that begins with zero",
    keras="tf.cumsum(exclusive=True)",
    torch="TypeError: there is no such argument",
    severity=CRASH,
    hits="offsets of ragged batches, transmittance in volume rendering",
    recipe="torch: cumsum(x) − x; of products, divide, or shift by one and put 1 in front",
    sources=("tensorflow/python/ops/math_ops.py:L4250", "torch/_torch_docs.py:L3436"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class CumsumExclusive:
    x = np.array([1.0, 2.0, 4.0])

    def in_keras(x):
        return tf.cumsum(x, exclusive=True)

    def in_torch(x):
        return torch.cumsum(torch.tensor(x), 0, exclusive=True)

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.cumsum(x, 0) - x


@difference(
    item="logarithm of summed exponentials without an axis",
    keras="over all elements",
    torch="TypeError: dim is required",
    severity=CRASH,
    hits="hand-written likelihoods",
    recipe="torch: pass dim, all of them for a number",
    sources=("keras/src/backend/tensorflow/math.py:L77", "torch/_torch_docs.py:L6428"),
    unaligned="Keras has no such check to turn on",
)
class LogsumexpAxis:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return keras.ops.logsumexp(x)

    def in_torch(x):
        return torch.logsumexp(torch.tensor(x))

    def torch_as_keras(x):
        return torch.logsumexp(torch.tensor(x), dim=(0, 1))


@difference(
    item="axis of tf.math.l2_normalize, unless given",
    keras="none: the whole batch is one vector",
    torch="F.normalize: axis 1, each row by itself",
    severity=SILENT_WRONG,
    hits="cosine similarities and contrastive losses of a batch of embeddings",
    recipe="pass the axis",
    sources=("tensorflow/python/ops/nn_impl.py:L545", "torch/nn/functional.py:L6073"),
)
class NormalizeWithoutAxis:
    x = np.array([[3.0, 4.0], [6.0, 8.0]])

    def in_keras(x):
        return tf.math.l2_normalize(x)

    def in_torch(x):
        return F.normalize(torch.tensor(x))

    def torch_as_keras(x):
        return F.normalize(torch.tensor(x).flatten(), dim=0).reshape(x.shape)

    def keras_as_torch(x):
        return tf.math.l2_normalize(x, axis=1)


@difference(
    item="maximum along an axis",
    keras="the values",
    torch="a pair: the values and where they stand",
    severity=COSMETIC,
    hits="every torch.max(x, dim) and torch.min(x, dim); the next operation fails on the tuple",
    recipe="torch: torch.amax(x, dim); Keras: (max, argmax)",
    sources=("keras/src/backend/tensorflow/numpy.py:L729", "torch/_torch_docs.py:L6795"),
)
class MaxAlongAxis:
    x = np.array([[1.0, 5.0], [7.0, 2.0]])

    def in_keras(x):
        return keras.ops.max(x, axis=1)

    def in_torch(x):
        return tuple(torch.max(torch.tensor(x), dim=1))

    def torch_as_keras(x):
        return torch.amax(torch.tensor(x), dim=1)

    def keras_as_torch(x):
        return keras.ops.max(x, axis=1), keras.ops.argmax(x, axis=1)


@difference(
    item="product over several axes",
    keras="keras.ops.prod takes them",
    torch="TypeError: one axis; max, min and median alike, while sum, mean and amax take several",
    severity=CRASH,
    hits="likelihoods and sizes multiplied over rows and columns",
    recipe="torch: flatten the axes first; torch.amax for max",
    sources=("keras/src/backend/tensorflow/numpy.py:L2654", "torch/_torch_docs.py:L8849"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class SeveralAxes:
    x = np.arange(1.0, 9.0).reshape(2, 2, 2)

    def in_keras(x):
        return keras.ops.prod(x, axis=(1, 2))

    def in_torch(x):
        return torch.prod(torch.tensor(x), dim=(1, 2))

    def torch_as_keras(x):
        return torch.prod(torch.tensor(x).flatten(1), dim=1)


@difference(
    item="places of the largest k, some of them equal",
    keras="of equals the lower index first; so does tf.argsort",
    torch="of equals any, in any order; so does torch.argsort without stable=True",
    severity=COSMETIC,
    hits="beam search, retrieval and rankings with equal scores, and tests that compare indices",
    recipe="torch: torch.sort(descending=True, stable=True) and the first k; or compare values",
    sources=("tensorflow/python/ops/nn_ops.py:L5853", "torch/_torch_docs.py:L11561"),
    unaligned="torch follows no rule among equals",
)
class TopKTies:
    x = np.array([4.0, 3, 2, 1, 1, 0, 0, 0, 0, 4, 3, 4, 2, 3, 4, 3, 3, 2, 2, 4])

    def in_keras(x):
        return tf.math.top_k(x, k=4).indices

    def in_torch(x):
        return torch.topk(torch.tensor(x), k=4).indices

    def torch_as_keras(x):
        return torch.sort(torch.tensor(x), descending=True, stable=True).indices[:4]


@difference(
    item="rounding of halves",
    keras="to the even neighbour",
    torch="to the even neighbour",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L945", "torch/_torch_docs.py:L9659"),
)
class RoundHalf:
    x = np.array([0.5, 1.5, 2.5, -0.5, -1.5])

    def in_keras(x):
        return keras.ops.round(x)

    def in_torch(x):
        return torch.round(torch.tensor(x))


@difference(
    item="remainder of a negative number",
    keras="tf.math.mod and keras.ops.mod: of the divisor's sign",
    torch="torch.fmod: of the dividend's sign; torch.remainder and % do as Keras",
    severity=SILENT_WRONG,
    hits="angles and positions that wrap around",
    recipe="torch: torch.remainder; Keras: tf.truncatemod",
    sources=("keras/src/backend/tensorflow/numpy.py:L2278", "torch/_torch_docs.py:L4312"),
)
class RemainderSign:
    x = np.array([-7.0, 7.0])

    def in_keras(x):
        return keras.ops.mod(x, 3.0)

    def in_torch(x):
        return torch.fmod(torch.tensor(x), 3.0)

    def torch_as_keras(x):
        return torch.remainder(torch.tensor(x), 3.0)

    def keras_as_torch(x):
        return tf.truncatemod(x, tf.constant(3.0, x.dtype))


@difference(
    item="floor division of floating-point numbers",
    keras="floor of the rounded quotient: 1 // 0.1 is 10",
    torch="as in Python, what is left after the remainder: 1 // 0.1 is 9, as 0.1 is a little more",
    severity=SILENT_WRONG,
    hits="bins, time steps and grid cells computed as x // width",
    recipe="torch: torch.floor(x / y); Keras: (x − x % y) / y, rounded",
    sources=("tensorflow/python/ops/math_ops.py:L1708", "torch/_torch_docs.py:L4272"),
)
class FloorDivisionOfFloats:
    x = np.array([1.0, -1.0, 6.0])
    y = np.array([0.1, 0.1, 0.1])

    def in_keras(x, y):
        return tf.constant(x) // tf.constant(y)

    def in_torch(x, y):
        return torch.tensor(x) // torch.tensor(y)

    def torch_as_keras(x, y):
        return torch.floor(torch.tensor(x) / torch.tensor(y))

    def keras_as_torch(x, y):
        x, y = tf.constant(x), tf.constant(y)
        return tf.round((x - x % y) / y)


@difference(
    item="clipping to limits that are the wrong way round",
    keras="max(min(x, high), low): the lower limit wins",
    torch="min(max(x, low), high): the upper limit wins",
    severity=SILENT_WRONG,
    hits="limits that are learnt or computed, as the boxes of a detector at the border of an image",
    recipe="torch: x.clamp(max=high).clamp(min=low); Keras: minimum(maximum(x, low), high)",
    sources=("tensorflow/python/ops/clip_ops.py:L116", "torch/_refs/__init__.py:L2007"),
)
class ClipLimitsSwapped:
    x = np.array([1.0, 5.0])
    low = 3.0
    high = 2.0

    def in_keras(x, low, high):
        return keras.ops.clip(x, low, high)

    def in_torch(x, low, high):
        return torch.clamp(torch.tensor(x), low, high)

    def torch_as_keras(x, low, high):
        return torch.tensor(x).clamp(max=high).clamp(min=low)

    def keras_as_torch(x, low, high):
        return keras.ops.minimum(keras.ops.maximum(x, low), high)


@difference(
    item="number of values in a range whose step is no exact number",
    keras="counted in float32: from 1 to 1.3 by 0.1 are 3",
    torch="counted in double precision: 4, as 1.3 − 1 is a little more than 0.3",
    severity=SILENT_WRONG,
    hits="grids of thresholds and of time, which gain or lose their last point",
    recipe="linspace in both; or count by round((stop − start) / step)",
    sources=("tensorflow/python/ops/math_ops.py:L2018", "torch/_torch_docs.py:L9441"),
    ulp=1,
)
class RangeEnd:
    start = 1.0
    stop = 1.3
    step = 0.1

    def in_keras(start, stop, step):
        return tf.range(start, stop, step)

    def in_torch(start, stop, step):
        return torch.arange(start, stop, step)

    def torch_as_keras(start, stop, step):
        start, stop, step = (np.float32(v) for v in (start, stop, step))
        return torch.arange(int(np.ceil((stop - start) / step))) * step + start

    def keras_as_torch(start, stop, step):
        count = int(np.ceil((stop - start) / step))
        return tf.cast(start + step * np.arange(count), tf.float32)


@difference(
    item="evenly spaced integers",
    keras="keras.ops.linspace(dtype='int32'): rounded down, −3.33 to −4",
    torch="rounded towards zero, −3.33 to −3",
    severity=SILENT_WRONG,
    hits="indices of frames and layers picked at even distances, where they run below zero",
    recipe="torch: floor of a linspace of floats; Keras: cast a linspace of floats",
    sources=("keras/src/backend/tensorflow/numpy.py:L2043", "torch/_torch_docs.py:L6018"),
)
class LinspaceIntegers:
    def in_keras():
        return keras.ops.linspace(0, -10, 4, dtype="int32")

    def in_torch():
        return torch.linspace(0, -10, 4, dtype=torch.int32)

    def torch_as_keras():
        return torch.linspace(0, -10, 4).floor().int()

    def keras_as_torch():
        return keras.ops.cast(keras.ops.linspace(0, -10, 4), "int32")


@difference(
    item="evenly spaced numbers without the last",
    keras="keras.ops.linspace(endpoint=False)",
    torch="TypeError: there is no such argument",
    severity=CRASH,
    hits="angles over a full turn, frequencies, cells of a periodic grid",
    recipe="torch: one step more, and drop the last",
    sources=("keras/src/backend/tensorflow/numpy.py:L2009", "torch/_torch_docs.py:L6018"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class LinspaceEnd:
    stop = np.float64(2.0)

    def in_keras(stop):
        return keras.ops.linspace(0.0, stop, 4, endpoint=False, dtype="float64")

    def in_torch(stop):
        return torch.linspace(0.0, stop, 4, endpoint=False, dtype=torch.float64)

    def torch_as_keras(stop):
        return torch.linspace(0.0, stop, 5, dtype=torch.float64)[:-1]


@difference(
    item="linspace by a single step",
    keras="the start",
    torch="the start",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L116", "torch/_torch_docs.py:L6018"),
)
class LinspaceOfOne:
    def in_keras():
        return tf.linspace(np.float64(0), np.float64(1), 1)

    def in_torch():
        return torch.linspace(0, 1, 1, dtype=torch.float64)


@difference(
    item="how near float32 numbers must be to pass for equal in a test",
    keras="tf.debugging.assert_near: 10 ε = 1.2e-6, relative and absolute",
    torch="torch.testing.assert_close: 1.3e-6 relative, 1e-5 absolute",
    severity=CRASH,
    hits="tests that are ported with the code: what passes in torch fails in TensorFlow",
    recipe="pass rtol and atol in both",
    sources=("tensorflow/python/ops/check_ops.py:L917", "torch/testing/_comparison.py:L86"),
)
class AssertedCloseness:
    x = np.array([1.0], np.float32)
    y = np.array([1.000008], np.float32)

    def in_keras(x, y):
        tf.debugging.assert_near(x, y)
        return "passes"

    def in_torch(x, y):
        torch.testing.assert_close(torch.tensor(x), torch.tensor(y))
        return "passes"

    def torch_as_keras(x, y):
        tolerance = 10 * torch.finfo(torch.float32).eps
        tolerances = {"rtol": tolerance, "atol": tolerance}
        torch.testing.assert_close(torch.tensor(x), torch.tensor(y), **tolerances)
        return "passes"

    def keras_as_torch(x, y):
        tf.debugging.assert_near(x, y, rtol=1.3e-6, atol=1e-5)
        return "passes"


@difference(
    item="whether numbers are close to infinity",
    keras="keras.ops.isclose: −2.5 is close to −∞, and ∞ is not close to ∞",
    torch="isclose: only ∞ to ∞, as NumPy",
    severity=SILENT_WRONG,
    hits="tests of logits that are masked with −∞: they pass whatever the numbers are",
    recipe="torch: |x − y| ≤ atol + rtol·|y| as written; Keras: np.isclose",
    sources=("keras/src/backend/tensorflow/numpy.py:L1795", "torch/_torch_docs.py:L5507"),
)
class CloseToInfinity:
    x, y = np.array([-2.5, np.inf, 1.0]), np.array([-np.inf, np.inf, 1.0])

    def in_keras(x, y):
        return keras.ops.isclose(x, y)

    def in_torch(x, y):
        return torch.isclose(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        x, y = torch.tensor(x), torch.tensor(y)
        return (x - y).abs() <= 1e-8 + 1e-5 * y.abs()

    def keras_as_torch(x, y):
        return np.isclose(x, y)


@difference(
    item="order in which equal numbers are sorted",
    keras="argsort keeps their order",
    torch="argsort may not: stable=False",
    severity=SILENT_WRONG,
    hits="rankings and permutations by keys that repeat",
    recipe="torch: argsort(stable=True)",
    sources=("keras/src/backend/tensorflow/numpy.py:L996", "torch/_torch_docs.py:L10196"),
    unaligned="no order is promised that Keras could follow",
)
class SortOfEquals:
    x = np.array([1.0, 1.0, 0.0] * 20)

    def in_keras(x):
        return keras.ops.cast(keras.ops.argsort(x), "int64")

    def in_torch(x):
        return torch.argsort(torch.tensor(x))

    def torch_as_keras(x):
        return torch.argsort(torch.tensor(x), stable=True)


@difference(
    item="clipping on one side alone",
    keras="both limits are asked for: None raises ValueError",
    torch="clamp(max=…) is enough",
    severity=CRASH,
    hits="clip(x, None, 1), as NumPy allows",
    recipe="Keras: minimum or maximum",
    sources=("keras/src/backend/tensorflow/numpy.py:L1198", "torch/_torch_docs.py:L2853"),
    unaligned="torch need not ask for both",
)
class ClipOneSide:
    x = np.array([-1.0, 0.5, 2.0])

    def in_keras(x):
        return keras.ops.clip(x, None, 1.0)

    def in_torch(x):
        return torch.tensor(x).clamp(max=1.0)

    def keras_as_torch(x):
        return keras.ops.minimum(x, 1.0)
