"""Operations on tensors: other defaults, other orders of axes, and what happens at the edges."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Numerics and operations"
STAGE = "layers"
RNG = np.random.default_rng(0)


@difference(
    item="standard deviation where nothing is said",
    keras="divides by n: tf.math.reduce_std, keras.ops.std",
    torch="divides by n − 1: torch.std",
    severity=SILENT_WRONG,
    hits="every normalisation written by hand",
    recipe="torch: correction=0; TensorFlow: times √(n/(n − 1))",
    sources=("tensorflow/python/ops/math_ops.py:L2694", "torch/_torch_docs.py:L10795"),
)
class StandardDeviation:
    x = np.array([1.0, 2.0, 4.0])

    def in_keras(x):
        return tf.math.reduce_std(x)

    def in_torch(x):
        return torch.std(torch.tensor(x))

    def torch_as_keras(x):
        return torch.std(torch.tensor(x), correction=0)

    def keras_as_torch(x):
        return tf.math.reduce_std(x) * np.sqrt(len(x) / (len(x) - 1))


@difference(
    item="variance where nothing is said",
    keras="divides by n: tf.math.reduce_variance, keras.ops.var",
    torch="divides by n − 1: torch.var",
    severity=SILENT_WRONG,
    hits="batch statistics computed by hand",
    recipe="torch: correction=0; TensorFlow: times n/(n − 1)",
    sources=("keras/src/ops/numpy.py:L9185", "torch/_torch_docs.py:L12143"),
)
class Variance:
    x = np.array([1.0, 2.0, 4.0])

    def in_keras(x):
        return keras.ops.var(x)

    def in_torch(x):
        return torch.var(torch.tensor(x))

    def torch_as_keras(x):
        return torch.var(torch.tensor(x), correction=0)

    def keras_as_torch(x):
        return keras.ops.var(x) * len(x) / (len(x) - 1)


@difference(
    item="median of an even number of values",
    keras="keras.ops.median: the mean of the middle two",
    torch="torch.median: the lower of them",
    severity=SILENT_WRONG,
    hits="robust statistics, thresholds",
    recipe="torch: torch.quantile(x, 0.5); Keras: sort, and take the one at (n − 1)//2",
    sources=("keras/src/ops/numpy.py:L5265", "torch/_torch_docs.py:L7038"),
)
class Median:
    x = np.array([4.0, 1.0, 3.0, 2.0])

    def in_keras(x):
        return keras.ops.median(x)

    def in_torch(x):
        return torch.median(torch.tensor(x))

    def torch_as_keras(x):
        return torch.quantile(torch.tensor(x), 0.5)

    def keras_as_torch(x):
        return keras.ops.sort(x)[(len(x) - 1) // 2]


@difference(
    item="repeat",
    keras="each element twice: 1, 1, 2, 2",
    torch="Tensor.repeat: all of it twice: 1, 2, 1, 2",
    severity=SILENT_WRONG,
    hits="beams, and everything that is expanded along the batch",
    recipe="torch.repeat_interleave for keras.ops.repeat; keras.ops.tile for Tensor.repeat",
    sources=("keras/src/ops/numpy.py:L7292", "torch/_tensor_docs.py:L4094"),
)
class Repeat:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        return keras.ops.repeat(x, 2)

    def in_torch(x):
        return torch.tensor(x).repeat(2)

    def torch_as_keras(x):
        return torch.repeat_interleave(torch.tensor(x), 2)

    def keras_as_torch(x):
        return keras.ops.tile(x, 2)


@difference(
    item="order of the axes in widths of padding",
    keras="a pair for each axis, the first axis first",
    torch="F.pad: one list, the last axis first",
    severity=SILENT_WRONG,
    hits="every padding written out; on square images it is not noticed",
    recipe="turn the order of the axes around",
    sources=("keras/src/ops/numpy.py:L6787", "torch/nn/functional.py:L5735"),
)
class PadOrder:
    x = np.ones((2, 2))

    def in_keras(x):
        return keras.ops.pad(x, ((1, 0), (0, 2)))

    def in_torch(x):
        return F.pad(torch.tensor(x), (1, 0, 0, 2))

    def torch_as_keras(x):
        return F.pad(torch.tensor(x), (0, 2, 1, 0))

    def keras_as_torch(x):
        return keras.ops.pad(x, ((0, 2), (1, 0)))


@difference(
    item="padding by reflection and its neighbour",
    keras='tf.pad "SYMMETRIC" repeats the edge, "REFLECT" does not',
    torch='F.pad "reflect" does not repeat the edge, "replicate" repeats it alone',
    severity=SILENT_WRONG,
    hits='ports that take "symmetric" for "reflect"',
    recipe='"REFLECT" for "reflect"; "SYMMETRIC" by flipped pieces in torch',
    sources=("tensorflow/python/ops/array_ops.py:L3197", "torch/nn/functional.py:L5735"),
)
class PadSymmetric:
    x = np.array([[1.0, 2.0, 3.0]])

    def in_keras(x):
        return tf.pad(x, [[0, 0], [2, 2]], mode="SYMMETRIC")

    def in_torch(x):
        return F.pad(torch.tensor(x), (2, 2), mode="reflect")

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.cat([x[:, :2].flip(1), x, x[:, -2:].flip(1)], 1)

    def keras_as_torch(x):
        return tf.pad(x, [[0, 0], [2, 2]], mode="REFLECT")


@difference(
    item="argmax where there is a NaN",
    keras="NaN is never the largest: the place of the largest number",
    torch="NaN is the largest: its place",
    severity=SILENT_WRONG,
    hits="predicted classes once a model has diverged",
    recipe="look for NaN first; torch: nan_to_num(nan=-inf); TensorFlow: NaN to ∞",
    sources=("tensorflow/python/ops/math_ops.py:L271", "torch/_torch_docs.py:L6835"),
)
class ArgmaxNan:
    x = np.array([1.0, np.nan, 5.0])

    def in_keras(x):
        return tf.argmax(x)

    def in_torch(x):
        return torch.argmax(torch.tensor(x))

    def torch_as_keras(x):
        return torch.argmax(torch.nan_to_num(torch.tensor(x), nan=-torch.inf))

    def keras_as_torch(x):
        return tf.argmax(tf.where(tf.math.is_nan(x), np.inf, x))


@difference(
    item="argmax where several are largest",
    keras="the first",
    torch="the first, on a CPU",
    severity=NONE,
    hits="nobody on a CPU; torch promises nothing",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L271", "torch/_torch_docs.py:L6835"),
)
class ArgmaxTies:
    x = np.array([1.0, 5.0, 5.0])

    def in_keras(x):
        return tf.argmax(x)

    def in_torch(x):
        return torch.argmax(torch.tensor(x))


@difference(
    item="argmax without an axis",
    keras="tf.argmax: along axis 0 (keras.ops.argmax: of all elements)",
    torch="of all elements, laid in a row",
    severity=SILENT_WRONG,
    hits="predicted classes of a batch",
    recipe="pass the axis in both",
    sources=("tensorflow/python/ops/math_ops.py:L271", "torch/_torch_docs.py:L6835"),
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
    item="sign of NaN",
    keras="NaN",
    torch="0",
    severity=COSMETIC,
    hits="sign-based updates after a divergence: torch hides it",
    recipe="torch: torch.where(isnan(x), x, sign(x)); TensorFlow: NaN to 0 first",
    sources=("tensorflow/python/ops/math_ops.py:L775", "torch/_torch_docs.py:L9970"),
)
class SignNan:
    x = np.array([np.nan, -2.0, 0.0])

    def in_keras(x):
        return tf.sign(x)

    def in_torch(x):
        return torch.sign(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.where(torch.isnan(x), x, torch.sign(x))

    def keras_as_torch(x):
        return tf.sign(tf.where(tf.math.is_nan(x), 0.0, x))


@difference(
    item="one_hot of a label out of range",
    keras="a row of zeros, of floats",
    torch="RuntimeError",
    severity=CRASH,
    hits="labels of −1 for what is to be ignored",
    recipe="torch: compare with arange; TensorFlow: check first",
    sources=("tensorflow/python/ops/array_ops.py:L3988", "torch/nn/functional.py:L5901"),
)
class OneHotRange:
    y = np.array([0, 3, -1])

    def in_keras(y):
        return tf.one_hot(y, 3)

    def in_torch(y):
        return F.one_hot(torch.tensor(y), 3)

    def torch_as_keras(y):
        return (torch.tensor(y)[:, None] == torch.arange(3)).float()

    def keras_as_torch(y):
        tf.debugging.assert_less(y, np.int64(3), "a label is out of range")
        return tf.one_hot(y, 3, dtype=tf.int64)


@difference(
    item="one_hot, its type",
    keras="float32",
    torch="int64",
    severity=SILENT_WRONG,
    hits="losses that multiply by it: a type error in TensorFlow, a promotion in torch",
    recipe="torch: F.one_hot(y, n).float(); TensorFlow: dtype=tf.int64",
    sources=("tensorflow/python/ops/array_ops.py:L3988", "torch/nn/functional.py:L5901"),
)
class OneHotType:
    y = np.array([0, 2])

    def in_keras(y):
        return tf.one_hot(y, 3).dtype.name

    def in_torch(y):
        return str(F.one_hot(torch.tensor(y), 3).dtype).removeprefix("torch.")

    def torch_as_keras(y):
        return str(F.one_hot(torch.tensor(y), 3).float().dtype).removeprefix("torch.")

    def keras_as_torch(y):
        return tf.one_hot(y, 3, dtype=tf.int64).dtype.name


@difference(
    item="a gather beyond the end, or before the start",
    keras="tf.gather: InvalidArgumentError for a negative index",
    torch="counts from the end",
    severity=CRASH,
    hits="ids of −1",
    recipe="TensorFlow: ids % n; torch: check that none is negative",
    sources=("tensorflow/python/ops/array_ops.py:L4997", "torch/_torch_docs.py:L5355"),
)
class GatherNegative:
    x = np.array([1.0, 2.0, 3.0])
    ids = np.array([-1])

    def in_keras(x, ids):
        return tf.gather(x, ids)

    def in_torch(x, ids):
        return torch.tensor(x)[torch.tensor(ids)]

    def torch_as_keras(x, ids):
        return torch.index_select(torch.tensor(x), 0, torch.tensor(ids))

    def keras_as_torch(x, ids):
        return tf.gather(x, ids % len(x))


@difference(
    item="reduce_max of [NaN, 1] under XLA",
    keras="jit_compile=True drops the NaN: 1; without it NaN",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="fit, which compiles where it can: checks for NaN find none",
    recipe="TensorFlow: jit_compile=False, or put the NaN back",
    sources=("keras/src/trainers/trainer.py:L49", "torch/_torch_docs.py:L6792"),
    unaligned="torch passes NaN on in every mode",
)
class XlaMaxNan:
    x = np.array([np.nan, 1.0])

    def in_keras(x):
        return tf.function(lambda x: tf.reduce_max(x), jit_compile=True)(tf.constant(x))

    def in_torch(x):
        return torch.tensor(x).max()

    def keras_as_torch(x):
        def largest(x):
            spoilt = tf.reduce_any(tf.math.is_nan(x))
            return tf.where(spoilt, tf.constant(np.nan, x.dtype), tf.reduce_max(x))

        return tf.function(largest, jit_compile=True)(tf.constant(x))


@difference(
    item="float32 numbers below the smallest normal one",
    keras="flushed to zero by TensorFlow's kernels",
    torch="kept",
    severity=COSMETIC,
    hits="tails of softmax and of products of probabilities",
    recipe="torch.set_flush_denormal(True), where the processor can; TensorFlow: scale up first",
    sources=("tensorflow/python/ops/math_ops.py:L945", "torch/__init__.py:L1335"),
    unaligned="TensorFlow has no switch for it",
)
class Subnormals:
    x = np.full(1000, 1e-39, np.float32)

    def in_keras(x):
        return tf.math.count_nonzero(tf.constant(x) * 2.0)

    def in_torch(x):
        return torch.count_nonzero(torch.tensor(x) * 2.0)

    def torch_as_keras(x):
        torch.set_flush_denormal(True)
        try:
            return torch.count_nonzero(torch.tensor(x) * 2.0)
        finally:
            torch.set_flush_denormal(False)


@difference(
    item="resizing by nearest neighbours, 5 to 7",
    keras="takes the pixel whose centre is nearest",
    torch='mode="nearest": ⌊i·scale⌋, of corners; "nearest-exact" takes centres',
    severity=SILENT_WRONG,
    hits="feature pyramids and masks of other sizes",
    recipe='torch: mode="nearest-exact"; TensorFlow: gather by ⌊i·scale⌋',
    sources=("tensorflow/python/ops/image_ops_impl.py:L1620", "torch/nn/functional.py:L4977"),
)
class ResizeNearest:
    x = np.arange(25.0, dtype=np.float32).reshape(1, 5, 5, 1)

    def in_keras(x):
        return tf.image.resize(x, (7, 7), method="nearest")

    def in_torch(x):
        return F.interpolate(torch.tensor(x).movedim(-1, 1), (7, 7)).movedim(1, -1)

    def torch_as_keras(x):
        x = torch.tensor(x).movedim(-1, 1)
        return F.interpolate(x, (7, 7), mode="nearest-exact").movedim(1, -1)

    def keras_as_torch(x):
        at = np.arange(7) * 5 // 7
        return tf.gather(tf.gather(x, at, axis=1), at, axis=2)


@difference(
    item="topk, the order of equals",
    keras="the lower index first",
    torch="any",
    severity=NONE,
    hits="nobody who asks for the values",
    recipe="compare values, not indices",
    sources=("tensorflow/python/ops/nn_ops.py:L5820", "torch/_torch_docs.py:L11541"),
)
class TopK:
    x = np.array([1.0, 3.0, 3.0, 2.0])

    def in_keras(x):
        return tf.math.top_k(x, 2).values

    def in_torch(x):
        return torch.topk(torch.tensor(x), 2).values


@difference(
    item="matmul of a vector with a matrix",
    keras="tf.matmul asks for two axes at least: InvalidArgumentError",
    torch="takes the vector as a row",
    severity=CRASH,
    hits="code that passes one sample",
    recipe="TensorFlow: tf.linalg.matvec, or keras.ops.matmul; torch: unsqueeze",
    sources=("tensorflow/python/ops/math_ops.py:L3475", "torch/_torch_docs.py:L7635"),
    unaligned="torch takes it; to be refused, check x.ndim",
)
class MatmulVector:
    x = np.ones(3)
    W = np.arange(6.0).reshape(3, 2)

    def in_keras(x, W):
        return tf.matmul(x, W)

    def in_torch(x, W):
        return torch.matmul(torch.tensor(x), torch.tensor(W))

    def keras_as_torch(x, W):
        return keras.ops.matmul(x, W)


@difference(
    item="transpose without axes",
    keras="turns all axes around",
    torch="Tensor.t() and mT are of two axes; transpose asks for two",
    severity=CRASH,
    hits="tensors of three axes",
    recipe="torch: x.permute(*range(x.ndim)[::-1]); TensorFlow: give perm",
    sources=("tensorflow/python/ops/array_ops.py:L1826", "torch/_torch_docs.py:L11189"),
)
class Transpose:
    x = np.arange(6.0).reshape(1, 2, 3)

    def in_keras(x):
        return tf.transpose(x)

    def in_torch(x):
        return torch.tensor(x).t()

    def torch_as_keras(x):
        return torch.tensor(x).permute(*range(x.ndim)[::-1])

    def keras_as_torch(x):
        tf.debugging.assert_rank_at_most(x, 2)
        return tf.transpose(x)


@difference(
    item="split, its second argument",
    keras="tf.split(x, 2): into two pieces",
    torch="torch.split(x, 2): into pieces of two",
    severity=SILENT_WRONG,
    hits="gates and heads that are split off; where there are as many pieces it is not noticed",
    recipe="torch.chunk for tf.split; tf.split by a list of sizes for torch.split",
    sources=("tensorflow/python/ops/array_ops.py:L1744", "torch/functional.py:L120"),
)
class Split:
    x = np.arange(6.0)

    def in_keras(x):
        return tf.split(x, 2)[0]

    def in_torch(x):
        return torch.split(torch.tensor(x), 2)[0]

    def torch_as_keras(x):
        return torch.chunk(torch.tensor(x), 2)[0]

    def keras_as_torch(x):
        return tf.split(x, [2] * (len(x) // 2))[0]


@difference(
    item="a split into pieces that do not come out even",
    keras="error: 5 is not divisible by 2",
    torch="chunk: the last piece is smaller",
    severity=CRASH,
    hits="splits of the batch over devices",
    recipe="TensorFlow: sizes as a list; torch: check that it comes out",
    sources=("tensorflow/python/ops/array_ops.py:L1744", "torch/_torch_docs.py:L2000"),
)
class SplitUneven:
    x = np.arange(5.0)

    def in_keras(x):
        return tf.split(x, 2)[1]

    def in_torch(x):
        return torch.chunk(torch.tensor(x), 2)[1]

    def torch_as_keras(x):
        return torch.stack(torch.chunk(torch.tensor(x), 2))[1]  # raises unless they are equal

    def keras_as_torch(x):
        return tf.split(x, [3, 2])[1]


@difference(
    item="squeeze of an axis that is not 1",
    keras="error",
    torch="left as it is",
    severity=CRASH,
    hits="code that squeezes a batch of one and meets a batch of two",
    recipe="torch: index [:, 0] after a check; TensorFlow: squeeze what is 1 alone",
    sources=("tensorflow/python/ops/array_ops.py:L4288", "torch/_torch_docs.py:L10745"),
)
class Squeeze:
    x = np.ones((2, 3))

    def in_keras(x):
        return tf.squeeze(x, axis=0)

    def in_torch(x):
        return torch.squeeze(torch.tensor(x), 0)

    def torch_as_keras(x):
        return torch.tensor(x).reshape(x.shape[1:])  # raises unless the axis is 1

    def keras_as_torch(x):
        return tf.squeeze(x, axis=0) if x.shape[0] == 1 else tf.constant(x)


@difference(
    item="round of a half",
    keras="to the even number",
    torch="to the even number",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L942", "torch/_torch_docs.py:L9656"),
)
class RoundHalf:
    x = np.array([0.5, 1.5, 2.5, -0.5])

    def in_keras(x):
        return tf.round(x)

    def in_torch(x):
        return torch.round(torch.tensor(x))


@difference(
    item="linspace by a single step",
    keras="tf.linspace(0, 1, 1): the start",
    torch="the start",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L113", "torch/_torch_docs.py:L6015"),
)
class Linspace:
    def in_keras():
        return tf.linspace(np.float64(0), np.float64(1), 1)

    def in_torch():
        return torch.linspace(0, 1, 1, dtype=torch.float64)


@difference(
    item="norm where no axis is given, of a batch",
    keras="tf.norm: of all elements",
    torch="F.normalize: along axis 1",
    severity=SILENT_WRONG,
    hits="cosine similarities: tf.math.l2_normalize without an axis takes the batch as one vector",
    recipe="pass the axis in both",
    sources=("tensorflow/python/ops/nn_impl.py:L541", "torch/nn/functional.py:L6070"),
)
class Normalize:
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
    item="ε of a normalised vector",
    keras="x/√max(Σx², 1e-12)",
    torch="x/max(‖x‖, 1e-12)",
    severity=SILENT_WRONG,
    hits="vectors shorter than 1e-6: Keras leaves them short, torch makes them 1",
    recipe="torch: eps=1e-6; TensorFlow: epsilon=1e-24",
    sources=("tensorflow/python/ops/nn_impl.py:L541", "torch/nn/functional.py:L6070"),
)
class NormalizeEpsilon:
    x = np.array([[3e-8, 4e-8]])

    def in_keras(x):
        return tf.math.l2_normalize(x, axis=1)

    def in_torch(x):
        return F.normalize(torch.tensor(x))

    def torch_as_keras(x):
        return F.normalize(torch.tensor(x), eps=1e-6)

    def keras_as_torch(x):
        return tf.math.l2_normalize(x, axis=1, epsilon=1e-24)


@difference(
    item="cumsum along which axis",
    keras="tf.cumsum: axis 0 where none is given",
    torch="the axis has to be given: TypeError",
    severity=CRASH,
    hits="discounted returns and positions",
    recipe="pass the axis in both",
    sources=("tensorflow/python/ops/math_ops.py:L4248", "torch/_torch_docs.py:L3433"),
    unaligned="TensorFlow's default cannot be taken away: give the axis",
)
class Cumsum:
    x = np.arange(6.0).reshape(2, 3)

    def in_keras(x):
        return tf.cumsum(x)

    def in_torch(x):
        return torch.cumsum(torch.tensor(x))

    def torch_as_keras(x):
        return torch.cumsum(torch.tensor(x), dim=0)


@difference(
    item="cumsum that begins with zero",
    keras="exclusive=True",
    torch="no such argument: torch includes the element",
    severity=SILENT_WRONG,
    hits="offsets of ragged batches, transmittance in rendering",
    recipe="torch: cumsum(x) − x; TensorFlow: exclusive=False",
    sources=("tensorflow/python/ops/math_ops.py:L4248", "torch/_torch_docs.py:L3433"),
)
class CumsumExclusive:
    x = np.array([1.0, 2.0, 4.0])

    def in_keras(x):
        return tf.cumsum(x, exclusive=True)

    def in_torch(x):
        return torch.cumsum(torch.tensor(x), 0)

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.cumsum(x, 0) - x

    def keras_as_torch(x):
        return tf.cumsum(x)


@difference(
    item="unique, its order",
    keras="tf.unique: as they first appear",
    torch="torch.unique: sorted",
    severity=SILENT_WRONG,
    hits="vocabularies and classes numbered by it",
    recipe="torch: order by the first place of each; TensorFlow: sort",
    sources=("tensorflow/python/ops/array_ops.py:L1643", "torch/functional.py:L803"),
)
class Unique:
    x = np.array([3, 1, 3, 2])

    def in_keras(x):
        return tf.unique(x).y

    def in_torch(x):
        return torch.unique(torch.tensor(x))

    def torch_as_keras(x):
        return torch.tensor(list(dict.fromkeys(x.tolist())))

    def keras_as_torch(x):
        return tf.sort(tf.unique(x).y)


@difference(
    item="clip where the limits are crossed",
    keras="tf.clip_by_value(x, 2, 1): the lower limit, min before max",
    torch="clamp: the upper limit",
    severity=COSMETIC,
    hits="limits that are computed",
    recipe="see that the lower limit is the lower",
    sources=("tensorflow/python/ops/clip_ops.py:L34", "torch/_torch_docs.py:L2850"),
)
class ClipCrossed:
    x = np.array([0.0, 1.5, 3.0])

    def in_keras(x):
        return tf.clip_by_value(x, 2.0, 1.0)

    def in_torch(x):
        return torch.clamp(torch.tensor(x), 2.0, 1.0)

    def torch_as_keras(x):
        return torch.clamp(torch.clamp(torch.tensor(x), max=1.0), min=2.0)

    def keras_as_torch(x):
        return tf.minimum(tf.maximum(x, 2.0), 1.0)


@difference(
    item="mean of no elements",
    keras="NaN",
    torch="NaN",
    severity=NONE,
    hits="both alike: a loss over an empty mask is NaN",
    recipe="divide by max(n, 1)",
    sources=("tensorflow/python/ops/math_ops.py:L2571", "torch/_torch_docs.py:L6924"),
)
class MeanEmpty:
    x = np.zeros(0)

    def in_keras(x):
        return tf.reduce_mean(x)

    def in_torch(x):
        return torch.tensor(x).mean()


@difference(
    item="largest of no elements",
    keras="−∞",
    torch="RuntimeError",
    severity=CRASH,
    hits="pools over sequences without steps",
    recipe="torch: append −∞; TensorFlow: check first",
    sources=("tensorflow/python/ops/math_ops.py:L3045", "torch/_torch_docs.py:L6648"),
)
class MaxEmpty:
    x = np.zeros(0)

    def in_keras(x):
        return tf.reduce_max(x)

    def in_torch(x):
        return torch.tensor(x).max()

    def torch_as_keras(x):
        return torch.cat([torch.tensor(x), torch.tensor([-torch.inf])]).max()

    def keras_as_torch(x):
        return x[np.argmax(x)]  # raises of no elements


@difference(
    item="matrices of a batch, their singular values",
    keras="tf.linalg.svd: s, U, V",
    torch="torch.linalg.svd: U, s, Vᴴ, of full matrices",
    severity=SILENT_WRONG,
    hits="low-rank layers: V where its transpose is meant",
    recipe="mind the order, and the transpose",
    sources=("tensorflow/python/ops/linalg_ops.py:L489", "torch/linalg/__init__.py:L1739"),
)
class Svd:
    A = RNG.normal(size=(3, 3))

    def in_keras(A):
        s, U, V = tf.linalg.svd(A)
        return U @ tf.linalg.diag(s) @ V

    def in_torch(A):
        U, s, V = torch.linalg.svd(torch.tensor(A))
        return U @ torch.diag(s) @ V

    def torch_as_keras(A):
        U, s, Vh = torch.linalg.svd(torch.tensor(A))
        return U @ torch.diag(s) @ Vh.mH

    def keras_as_torch(A):
        s, U, V = tf.linalg.svd(A)
        return U @ tf.linalg.diag(s) @ tf.linalg.adjoint(V)


@difference(
    item="least squares of a matrix without full rank",
    keras="tf.linalg.lstsq(fast=True): the normal equations, which lose half of the digits",
    torch="torch.linalg.lstsq: by QR",
    severity=SLOW_DRIFT,
    hits="regressions on columns that nearly agree",
    recipe="TensorFlow: fast=False; torch: solve the normal equations",
    sources=("tensorflow/python/ops/linalg_ops.py:L244", "torch/linalg/__init__.py:L1078"),
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


@difference(
    item="bits of a seed that is used twice",
    keras="keras.random.normal(seed=3) gives the same numbers each time",
    torch="torch.randn goes on, whatever manual_seed was",
    severity=SILENT_WRONG,
    hits="noise and dropout written by hand: in Keras all calls agree",
    recipe="Keras: a SeedGenerator(3); torch: a new Generator().manual_seed(3) for each call",
    sources=("keras/src/backend/tensorflow/random.py:L23", "torch/random.py:L49"),
)
class SeedTwice:
    def in_keras():
        one, other = (keras.random.normal((4,), seed=3) for _ in range(2))
        return bool(np.array_equal(one, other))

    def in_torch():
        torch.manual_seed(3)
        one, other = (torch.randn(4) for _ in range(2))
        return torch.equal(one, other)

    def torch_as_keras():
        one, other = (torch.randn(4, generator=torch.Generator().manual_seed(3)) for _ in range(2))
        return torch.equal(one, other)

    def keras_as_torch():
        seed = keras.random.SeedGenerator(3)
        one, other = (keras.random.normal((4,), seed=seed) for _ in range(2))
        return bool(np.array_equal(one, other))


@difference(
    item="concatenation along which axis",
    keras="keras.ops.concatenate: 0; the layer Concatenate: −1",
    torch="torch.cat: 0",
    severity=SILENT_WRONG,
    hits="models with branches: the layer's default is the last axis",
    recipe="pass the axis in both",
    sources=("keras/src/layers/merging/concatenate.py:L8", "torch/_torch_docs.py:L2381"),
)
class Concatenate:
    x = np.ones((2, 2))

    def in_keras(x):
        return keras.layers.Concatenate(dtype="float64")([x, 2 * x])

    def in_torch(x):
        return torch.cat([torch.tensor(x), torch.tensor(2 * x)])

    def torch_as_keras(x):
        return torch.cat([torch.tensor(x), torch.tensor(2 * x)], dim=-1)

    def keras_as_torch(x):
        return keras.layers.Concatenate(axis=0, dtype="float64")([x, 2 * x])


@difference(
    item="assignment to an element",
    keras="a tensor cannot be assigned to: TypeError",
    torch="in place",
    severity=CRASH,
    hits="loops that fill a tensor",
    recipe="TensorFlow: tf.tensor_scatter_nd_update, or a tf.Variable; torch: clone first",
    sources=("tensorflow/python/framework/ops.py:L302", "torch/_tensor.py:L798"),
    unaligned="a torch tensor can always be written to",
)
class AssignElement:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        x = tf.constant(x)
        x[0] = 5.0
        return x

    def in_torch(x):
        x = torch.tensor(x)
        x[0] = 5.0
        return x

    def keras_as_torch(x):
        return tf.tensor_scatter_nd_update(x, [[0]], tf.constant([5.0], tf.float64))


@difference(
    item="a tensor made of an array",
    keras="a copy",
    torch="torch.from_numpy and as_tensor share its memory",
    severity=SILENT_WRONG,
    hits="buffers that are filled anew for each batch",
    recipe="torch: torch.tensor copies; TensorFlow: assign to a tf.Variable",
    sources=("tensorflow/python/framework/constant_op.py:L178", "torch/_torch_docs.py:L4409"),
    unaligned="a TensorFlow tensor never changes",
)
class SharedMemory:
    def in_keras():
        array = np.array([1.0, 2.0])
        x = tf.constant(array)
        array[0] = 9.0
        return x

    def in_torch():
        array = np.array([1.0, 2.0])
        x = torch.from_numpy(array)
        array[0] = 9.0
        return x

    def torch_as_keras():
        array = np.array([1.0, 2.0])
        x = torch.tensor(array)
        array[0] = 9.0
        return x


@difference(
    item="slicing with a negative step",
    keras="x[::-1] turns around",
    torch="ValueError",
    severity=CRASH,
    hits="reversed sequences",
    recipe="torch: x.flip(0)",
    sources=("tensorflow/python/ops/tensor_getitem_override.py:L67", "torch/_torch_docs.py:L11228"),
    unaligned="TensorFlow allows it",
)
class NegativeStep:
    x = np.arange(3.0)

    def in_keras(x):
        return tf.constant(x)[::-1]

    def in_torch(x):
        return torch.tensor(x)[::-1]

    def torch_as_keras(x):
        return torch.tensor(x).flip(0)


@difference(
    item="indexing by an array of ids",
    keras="x[ids] of a tensor: TypeError; tf.gather is asked for",
    torch="picks the rows",
    severity=CRASH,
    hits="NumPy-like code",
    recipe="TensorFlow: tf.gather(x, ids); or keras.ops.take in both",
    sources=("tensorflow/python/ops/array_ops.py:L4997", "torch/_torch_docs.py:L5355"),
    unaligned="torch allows it",
)
class FancyIndex:
    x = np.arange(6.0).reshape(3, 2)
    ids = np.array([2, 0])

    def in_keras(x, ids):
        return tf.constant(x)[ids]

    def in_torch(x, ids):
        return torch.tensor(x)[torch.tensor(ids)]

    def keras_as_torch(x, ids):
        return tf.gather(x, ids)


@difference(
    item="running mean of many losses",
    keras="keras.metrics.Mean adds up in float32",
    torch="a Python sum of loss.item(), in double precision",
    severity=COSMETIC,
    hits="reported losses of long epochs, in the sixth digit",
    recipe='Keras: keras.metrics.Mean(dtype="float64"); torch: add up in float32',
    sources=("keras/src/metrics/reduction_metrics.py:L97", "torch/_tensor_docs.py:L2790"),
)
class RunningMean:
    losses = np.random.default_rng(0).random(2000).astype(np.float32)

    def in_keras(losses):
        mean = keras.metrics.Mean()
        for L in losses:
            mean.update_state(L)
        return np.float64(mean.result())

    def in_torch(losses):
        return sum(torch.tensor(L).item() for L in losses) / len(losses)

    def torch_as_keras(losses):
        total = torch.tensor(0.0)
        for L in losses:
            total += torch.tensor(L)
        return (total / len(losses)).double()

    def keras_as_torch(losses):
        mean = keras.metrics.Mean(dtype="float64")
        for L in losses:
            mean.update_state(L)
        return np.float64(mean.result())
