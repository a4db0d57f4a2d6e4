"""Gradients at ties and kinks: who gets the gradient where several could."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LOSSES,
    NONE,
    SILENT_WRONG,
    difference,
)

TITLE = "Gradients at ties and kinks"
STAGE = LOSSES


def keras_gradient(function, *inputs):
    """Of the sum of what a function returns, with respect to each input."""
    inputs = [tf.convert_to_tensor(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return tape.gradient(y, inputs)


def torch_gradient(function, *inputs):
    """Of the sum of what a function returns, with respect to each input."""
    inputs = [torch.tensor(x, requires_grad=True) for x in inputs]
    return torch.autograd.grad(function(*inputs).sum(), inputs)


@difference(
    item="gradient of the maximum or the minimum along an axis, of equal elements",
    keras="shared out evenly among them",
    torch="max(dim).values and min(dim).values give all of it to one of them",
    severity=SILENT_WRONG,
    hits="pooling over time, hard triplets, Chamfer distances, after a ReLU full of zeros",
    recipe="torch: amax, amin; Keras: gather at argmax, argmin",
    sources=(
        "tensorflow/python/ops/math_grad.py:L232",
        "torchgen/packaged/autograd/derivatives.yaml:L1125",
    ),
)
class MaxTies:
    x = np.array([[0.0, 2.0, 2.0, 2.0], [1.0, 1.0, 3.0, 1.0]])

    def in_keras(x):
        largest = keras_gradient(lambda x: tf.reduce_max(x, axis=1), x)
        return largest, keras_gradient(lambda x: tf.reduce_min(x, axis=1), x)

    def in_torch(x):
        largest = torch_gradient(lambda x: x.max(dim=1).values, x)
        return largest, torch_gradient(lambda x: x.min(dim=1).values, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: x.amax(1), x), torch_gradient(lambda x: x.amin(1), x)

    def keras_as_torch(x):
        def at(index):
            return lambda x: tf.gather(x, index(x, axis=1), batch_dims=1)

        return keras_gradient(at(tf.argmax), x), keras_gradient(at(tf.argmin), x)


@difference(
    item="gradient of the maximum of all elements, several of them equal",
    keras="shared out evenly among them",
    torch="max() without dim shares it out evenly, unlike max(dim)",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/ops/math_grad.py:L232",
        "torchgen/packaged/autograd/derivatives.yaml:L1129",
    ),
)
class MaxOfAll:
    x = np.array([0.0, 2.0, 2.0, 2.0])

    def in_keras(x):
        return keras_gradient(tf.reduce_max, x)

    def in_torch(x):
        return torch_gradient(torch.max, x)


@difference(
    item="gradient of the maximum of all elements, one of them NaN",
    keras="NaN for every element: none is equal to the maximum, and it is divided by 0",
    torch="1 for the NaN, 0 for the others",
    severity=COSMETIC,
    hits="finding out where a NaN came from",
    recipe="torch: amax; Keras: gather at the NaN",
    sources=(
        "tensorflow/python/ops/math_grad.py:L232",
        "torchgen/packaged/autograd/derivatives.yaml:L1129",
    ),
)
class MaxOfNan:
    x = np.array([1.0, np.nan, 2.0])

    def in_keras(x):
        return keras_gradient(tf.reduce_max, x)

    def in_torch(x):
        return torch_gradient(torch.max, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: x.amax(dim=0), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.reduce_mean(x[tf.math.is_nan(x)]), x)


@difference(
    item="gradient of maximum(x, y) and minimum(x, y) where x = y",
    keras="all of it to x",
    torch="half to each",
    severity=SILENT_WRONG,
    hits="clipped losses, hinges written with maximum, intersections of boxes",
    recipe="torch: where(x >= y, x, y); Keras: add half of x and y where they are equal",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1584",
        "torchgen/packaged/autograd/derivatives.yaml:L1133",
    ),
)
class MaximumOfEquals:
    x = np.array([1.0, 2.0])
    y = np.array([1.0, 3.0])

    def in_keras(x, y):
        return keras_gradient(tf.maximum, x, y), keras_gradient(tf.minimum, x, y)

    def in_torch(x, y):
        return torch_gradient(torch.maximum, x, y), torch_gradient(torch.minimum, x, y)

    def torch_as_keras(x, y):
        larger = torch_gradient(lambda x, y: torch.where(x >= y, x, y), x, y)
        return larger, torch_gradient(lambda x, y: torch.where(x <= y, x, y), x, y)

    def keras_as_torch(x, y):
        def shared(x, y, of):
            return tf.where(x == y, (x + y) / 2, of(x, y))

        larger = keras_gradient(lambda x, y: shared(x, y, tf.maximum), x, y)
        return larger, keras_gradient(lambda x, y: shared(x, y, tf.minimum), x, y)


@difference(
    item="a relu written maximum(x, 0), its gradient at 0",
    keras="1: all of it goes to the first of two equals",
    torch="1/2, though relu itself has 0",
    severity=SILENT_WRONG,
    hits="hand-written networks and hinge losses whose margin is met exactly",
    recipe="call relu in both, which has 0; or clamp(min=0) in torch, which has 1",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1547",
        "torchgen/packaged/autograd/derivatives.yaml:L1133",
    ),
)
class ReluByMaximum:
    x = np.array([-1.0, 0.0, 1.0])

    def in_keras(x):
        return keras_gradient(lambda x: tf.maximum(x, 0.0), x)

    def in_torch(x):
        return torch_gradient(lambda x: torch.maximum(x, torch.zeros_like(x)), x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: x.clamp(min=0), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: (tf.maximum(x, 0.0) + tf.nn.relu(x)) / 2, x)


@difference(
    item="gradients of relu and |x| at 0, and of clip at its limits",
    keras="0, 0 and 1",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/ops/clip_ops.py:L129",
        "torchgen/packaged/autograd/derivatives.yaml:L428",
    ),
)
class ClipEnds:
    x = np.array([-1.0, 0.0, 1.0, 2.0])

    def in_keras(x):
        clipped = keras_gradient(lambda x: tf.clip_by_value(x, 0.0, 1.0), x)
        return keras_gradient(tf.nn.relu, x), keras_gradient(tf.abs, x), clipped

    def in_torch(x):
        clipped = torch_gradient(lambda x: x.clamp(0.0, 1.0), x)
        return torch_gradient(torch.relu, x), torch_gradient(torch.abs, x), clipped


@difference(
    item="gradient of the largest by sort and by top_k, of equal elements",
    keras="all of it to the first",
    torch="all of it to the first",
    severity=NONE,
    hits="nobody; torch promises the order of equals for sort(stable=True) alone",
    recipe="torch: sort with stable=True",
    sources=(
        "tensorflow/python/ops/sort_ops.py:L31",
        "torchgen/packaged/autograd/derivatives.yaml:L1612",
    ),
)
class SortTies:
    x = np.array([1.0, 2.0, 2.0])

    def in_keras(x):
        return keras_gradient(lambda x: tf.sort(x, direction="DESCENDING")[0], x)

    def in_torch(x):
        def largest(x):
            return torch.sort(x, stable=True, descending=True).values[0]

        return torch_gradient(largest, x)


@difference(
    item="gradient of logaddexp(x, y) where x = y",
    keras="1 and 0: max(x, y) gives all to x, and |x − y| has slope 0",
    torch="1/2 and 1/2, as the softmax of two equals is",
    severity=SILENT_WRONG,
    hits="mixture losses and CTC written by hand, at their symmetric start",
    recipe="torch: maximum(x, y) + log1p(exp(−|x − y|)); Keras: logsumexp of the two, stacked",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L2109",
        "torchgen/packaged/autograd/derivatives.yaml:L989",
    ),
)
class LogaddexpOfEquals:
    x = np.array([1.0, 2.0])
    y = np.array([1.0, 3.0])

    def in_keras(x, y):
        return keras_gradient(keras.ops.logaddexp, x, y)

    def in_torch(x, y):
        return torch_gradient(torch.logaddexp, x, y)

    def torch_as_keras(x, y):
        def logaddexp(x, y):
            return torch.where(x >= y, x, y) + torch.log1p(torch.exp(-(x - y).abs()))

        return torch_gradient(logaddexp, x, y)

    def keras_as_torch(x, y):
        return keras_gradient(lambda x, y: tf.reduce_logsumexp(tf.stack([x, y]), axis=0), x, y)


@difference(
    item="gradient of hypot(x, y) where |x| = |y|",
    keras="√2 and 0: the larger of two equals is taken to be x",
    torch="x/r and y/r, 0.7071 each",
    severity=SILENT_WRONG,
    hits="magnitudes of spectra, distances on a grid",
    recipe="Keras: sqrt(x² + y²); torch: nothing to do",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L1761",
        "torchgen/packaged/autograd/derivatives.yaml:L814",
    ),
    unaligned="Keras goes by way of max and min; copying its mistake serves nobody",
)
class HypotOfEquals:
    x = np.array([3.0, 3.0])
    y = np.array([4.0, 3.0])

    def in_keras(x, y):
        return keras_gradient(keras.ops.hypot, x, y)

    def in_torch(x, y):
        return torch_gradient(torch.hypot, x, y)

    def keras_as_torch(x, y):
        return keras_gradient(lambda x, y: tf.sqrt(x**2 + y**2), x, y)


@difference(
    item="gradient of expm1 far left of zero",
    keras="eˣ: 1.9·10⁻²² at −50",
    torch="expm1(x) + 1, in which the digits of eˣ are lost: 0 at −50",
    severity=COSMETIC,
    hits="rates and probabilities written 1 − e⁻ˣ; in float32 from −10 on",
    recipe="torch: exp(x) − 1 where x is below −1; Keras: expm1(x) + 1 by hand",
    sources=(
        "tensorflow/python/ops/math_grad.py:L752",
        "torchgen/packaged/autograd/derivatives.yaml:L660",
    ),
)
class Expm1FarLeft:
    x = np.array([-50.0, -40.0])

    def in_keras(x):
        return keras_gradient(tf.math.expm1, x)

    def in_torch(x):
        return torch_gradient(torch.expm1, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: torch.exp(x) - 1, x)

    def keras_as_torch(x):
        return [tf.math.expm1(x) + 1]


@difference(
    item="gradient of the median of an even number of elements",
    keras="half to each of the two in the middle, whose mean it is",
    torch="all of it to the lower one",
    severity=SILENT_WRONG,
    hits="robust losses",
    recipe="torch: quantile(x, 0.5); Keras: take the lower of the middle from sort",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L2199",
        "torchgen/packaged/autograd/derivatives.yaml:L1157",
    ),
)
class MedianOfEven:
    x = np.array([4.0, 1.0, 3.0, 2.0])

    def in_keras(x):
        return keras_gradient(keras.ops.median, x)

    def in_torch(x):
        return torch_gradient(torch.median, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: x.quantile(0.5), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.sort(x)[(len(x) - 1) // 2], x)


@difference(
    item="gradient of the maximum of each segment, of equal elements",
    keras="segment_max shares it out evenly",
    torch="scatter_reduce with 'amax' shares it out evenly",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/ops/math_grad.py:L455",
        "torchgen/packaged/autograd/derivatives.yaml:L3074",
    ),
)
class SegmentMaxTies:
    x = np.array([2.0, 2.0, 1.0])
    segments = np.array([0, 0, 1])

    def in_keras(x, segments):
        return keras_gradient(lambda x: tf.math.segment_max(x, segments), x)

    def in_torch(x, segments):
        def largest(x):
            start = torch.zeros(2, dtype=x.dtype)
            at = torch.tensor(segments)
            return start.scatter_reduce(0, at, x, "amax", include_self=False)

        return torch_gradient(largest, x)


@difference(
    item="gradient of floor, ceil and round",
    keras="None: the operations are not connected, and the optimizer skips the weight",
    torch="0",
    severity=CRASH,
    hits="quantisation written by hand, where arithmetic with None fails",
    recipe="Keras: tape.gradient(…, unconnected_gradients='zero'); torch: there is no need",
    unaligned="a None that fails later is nothing that torch should be made to give",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1786",
        "torchgen/packaged/autograd/derivatives.yaml:L709",
    ),
)
class FloorGradient:
    x = np.array([0.5, 1.5])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.floor(x)
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        torch.floor(x).sum().backward()
        return x.grad

    def keras_as_torch(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.floor(x)
        return tape.gradient(y, x, unconnected_gradients="zero")


@difference(
    item="gradient of the remainder that has the sign of the dividend",
    keras="tf.truncatemod has none: LookupError",
    torch="fmod has: 1, and minus the whole quotient",
    severity=CRASH,
    hits="phases and angles wrapped into a period",
    recipe="Keras: x − y · stop_gradient(trunc(x / y)); or floormod, which is torch.remainder",
    unaligned="an error is nothing that torch should be made to raise",
    sources=(
        "tensorflow/python/ops/gen_math_ops.py:L12774",
        "torchgen/packaged/autograd/derivatives.yaml:L717",
    ),
)
class TruncatemodGradient:
    x = np.array([5.0, -5.0])
    y = np.array([3.0, 3.0])

    def in_keras(x, y):
        return keras_gradient(tf.truncatemod, x, y)

    def in_torch(x, y):
        return torch_gradient(torch.fmod, x, y)

    def keras_as_torch(x, y):
        def fmod(x, y):
            whole = tf.stop_gradient(keras.ops.trunc(x / y))
            return x - y * whole

        return keras_gradient(fmod, x, y)


@difference(
    item="gradient of floor division",
    keras="None for both, without a word",
    torch="raises: the derivative is not implemented",
    severity=CRASH,
    hits="buckets and grids computed within a model",
    recipe="write floor(x / y), and see how floor has its gradient",
    unaligned="neither result is one to want",
    sources="tensorflow/python/ops/math_grad.py:L1469",
)
class FloorDivision:
    x = np.array([5.0, -5.0])
    y = np.array([3.0, 3.0])

    def in_keras(x, y):
        return keras_gradient(lambda x, y: x // y, x, y)

    def in_torch(x, y):
        return torch_gradient(lambda x, y: x // y, x, y)


@difference(
    item="gradient of an accuracy",
    keras="None: argmax and == are not connected",
    torch="raises: nothing that was computed requires a gradient",
    severity=CRASH,
    hits="metrics minimised as if they were losses",
    recipe="minimise a loss: cross-entropy",
    unaligned="neither gives a gradient",
    sources=("tensorflow/python/ops/math_grad.py:L36", "torch/autograd/__init__.py:L407"),
)
class AccuracyGradient:
    scores = np.array([[1.0, 3.0], [2.0, 0.0]])
    labels = np.array([1, 1])

    def in_keras(scores, labels):
        def accuracy(scores):
            return tf.reduce_mean(tf.cast(tf.argmax(scores, axis=1) == labels, tf.float64))

        return keras_gradient(accuracy, scores)

    def in_torch(scores, labels):
        def accuracy(scores):
            return (scores.argmax(dim=1) == torch.tensor(labels)).double().mean()

        return torch_gradient(accuracy, scores)
