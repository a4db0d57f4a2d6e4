"""Pooling: what padding counts for, ties, masks, indices, and axes that are kept."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from parity_tests.differences.resizing import channels_first, channels_last

TITLE = "Pooling"
STAGE = LAYERS


@difference(
    item="whether zeros of the padding count in an average",
    keras="no: the sum is divided by the number of pixels in the window",
    torch="yes: count_include_pad=True divides by the size of the window",
    severity=SILENT_WRONG,
    hits="the borders of every average pooling with padding: Inception",
    recipe="torch: count_include_pad=False; Keras: pad with zeros, and 'valid'",
    sources=("keras/src/backend/tensorflow/nn.py:L278", "torch/nn/modules/pooling.py:L766"),
)
class AveragePoolCount:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 2))

    def in_keras(image):
        return keras.ops.average_pool(image, 3, 1, padding="same")

    def in_torch(image):
        return channels_last(F.avg_pool2d(channels_first(image), 3, 1, padding=1))

    def torch_as_keras(image):
        x = channels_first(image)
        return channels_last(F.avg_pool2d(x, 3, 1, padding=1, count_include_pad=False))

    def keras_as_torch(image):
        image = keras.ops.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)])
        return keras.ops.average_pool(image, 3, 1)


@difference(
    item="average pooling 'same' with a stride of 2 on an even size, against padding=1",
    keras="the window hangs over behind, and what is outside does not count",
    torch="padding=1 begins one pixel in front",
    severity=SILENT_WRONG,
    hits="downsampling by a 3 × 3 average",
    recipe="torch: padding=0, ceil_mode=True; Keras: pad on every side, and 'valid'",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/pooling.py:L764"),
)
class AveragePoolSameStride:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))

    def in_keras(image):
        return keras.ops.average_pool(image, 3, 2, padding="same")

    def in_torch(image):
        return channels_last(F.avg_pool2d(channels_first(image), 3, 2, padding=1))

    def torch_as_keras(image):
        return channels_last(F.avg_pool2d(channels_first(image), 3, 2, ceil_mode=True))

    def keras_as_torch(image):
        image = keras.ops.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)])
        return keras.ops.average_pool(image, 3, 2)


@difference(
    item="maximum pooling 'same' with a stride of 2 on an even size, against padding=1",
    keras="the window hangs over behind",
    torch="padding=1 begins one pixel in front",
    severity=SILENT_WRONG,
    hits="the first pooling of ResNet and its like",
    recipe="torch: padding=0, ceil_mode=True; Keras: pad with −∞ on every side, and 'valid'",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/pooling.py:L100"),
)
class MaxPoolSameStride:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))

    def in_keras(image):
        return tf.nn.max_pool2d(tf.constant(image), 3, 2, "SAME")

    def in_torch(image):
        return channels_last(F.max_pool2d(channels_first(image), 3, 2, padding=1))

    def torch_as_keras(image):
        return channels_last(F.max_pool2d(channels_first(image), 3, 2, ceil_mode=True))

    def keras_as_torch(image):
        sides = [(0, 0), (1, 1), (1, 1), (0, 0)]
        return tf.nn.max_pool2d(tf.pad(image, sides, constant_values=-np.inf), 3, 2, "VALID")


@difference(
    item="maximum pooling 'same', 2 × 2 with a stride of 1, against padding=1",
    keras="keeps the size: one row and column hang over behind",
    torch="one row and column more",
    severity=SILENT_WRONG,
    hits="tiny YOLO",
    recipe="torch: pad (0, 1, 0, 1) with −∞; Keras: pad with −∞ on every side, and 'valid'",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/pooling.py:L100"),
)
class MaxPoolSameStrideOne:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 2))

    def in_keras(image):
        return tf.nn.max_pool2d(tf.constant(image), 2, 1, "SAME")

    def in_torch(image):
        return channels_last(F.max_pool2d(channels_first(image), 2, 1, padding=1))

    def torch_as_keras(image):
        x = F.pad(channels_first(image), (0, 1, 0, 1), value=-torch.inf)
        return channels_last(F.max_pool2d(x, 2, 1))

    def keras_as_torch(image):
        sides = [(0, 0), (1, 1), (1, 1), (0, 0)]
        return tf.nn.max_pool2d(tf.pad(image, sides, constant_values=-np.inf), 2, 1, "VALID")


@difference(
    item="precision of maximum pooling of a NumPy array in float64",
    keras="tf.nn.max_pool2d, and keras.ops.max_pool by it, round it to float32",
    torch="float64",
    severity=SLOW_DRIFT,
    hits="comparisons in float64: what is picked out of the array is not found in it again",
    recipe="TensorFlow: hand over a tensor; torch: float() to do likewise",
    sources=("keras/src/backend/tensorflow/nn.py:L250", "torch/nn/functional.py:L814"),
)
class MaxPoolFloat64Array:
    image = np.array([0.1, 0.2, 0.3, 0.7]).reshape(1, 2, 2, 1)

    def in_keras(image):
        tf.zeros(())  # the first operation of a process takes another way, which does not round
        return keras.ops.max_pool(image, 2)

    def in_torch(image):
        return channels_last(F.max_pool2d(channels_first(image), 2))

    def torch_as_keras(image):
        return channels_last(F.max_pool2d(channels_first(image).float(), 2))

    def keras_as_torch(image):
        return keras.ops.max_pool(keras.ops.convert_to_tensor(image), 2)


@difference(
    item="what is padded in front of maximum pooling",
    keras="ZeroPadding2D, as keras.applications pads: zeros take part",
    torch="padding=1: −∞, which never wins",
    severity=SILENT_WRONG,
    hits="inputs below zero: pooling in front of the ReLU, leaky ReLU, ELU",
    recipe="pad with the same number in both",
    sources=("keras/src/applications/resnet.py:L160", "torch/nn/modules/pooling.py:L100"),
)
class MaxPoolZeroPadding:
    image = -np.random.default_rng(0).uniform(1, 2, size=(1, 5, 5, 2))

    def in_keras(image):
        image = keras.layers.ZeroPadding2D(1, dtype="float64")(image)
        return keras.layers.MaxPooling2D(3, 2, dtype="float64")(image)

    def in_torch(image):
        return channels_last(nn.MaxPool2d(3, 2, padding=1)(channels_first(image)))

    def torch_as_keras(image):
        return channels_last(nn.MaxPool2d(3, 2)(F.pad(channels_first(image), (1, 1, 1, 1))))

    def keras_as_torch(image):
        return keras.layers.MaxPooling2D(3, 2, padding="same", dtype="float64")(image)


@difference(
    item="maximum pooling without a stride, on an odd size",
    keras="strides by the size of the window; what is left over is dropped",
    torch="strides by the size of the window; what is left over is dropped",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L242", "torch/nn/modules/pooling.py:L58"),
)
class MaxPoolDefaults:
    image = np.random.default_rng(0).normal(size=(1, 5, 5, 2))

    def in_keras(image):
        return keras.layers.MaxPooling2D(2, dtype="float64")(image)

    def in_torch(image):
        return channels_last(nn.MaxPool2d(2)(channels_first(image)))


@difference(
    item="gradient of maximum pooling where two pixels tie",
    keras="goes to the first",
    torch="goes to the first",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/nn_grad.py:L679", "torch/nn/functional.py:L814"),
)
class MaxPoolTies:
    image = np.array([[1.0, 1.0], [0.0, 1.0]]).reshape(1, 2, 2, 1)

    def in_keras(image):
        image = tf.constant(image)
        with tf.GradientTape() as tape:
            tape.watch(image)
            y = tf.nn.max_pool2d(image, 2, 2, "VALID")
        return tape.gradient(y, image)

    def in_torch(image):
        x = channels_first(image).requires_grad_()
        F.max_pool2d(x, 2).sum().backward()
        return channels_last(x.grad)


@difference(
    item="gradient of a global maximum where two pixels tie",
    keras="GlobalMaxPooling2D is a reduction: it is shared among them",
    torch="AdaptiveMaxPool2d(1) is a pooling: it goes to the first",
    severity=SILENT_WRONG,
    hits="maps behind a ReLU, where all is 0",
    recipe="torch: x.amax((2, 3)); Keras: MaxPooling2D over the whole map",
    sources=(
        "keras/src/layers/pooling/global_max_pooling2d.py:L65",
        "torch/nn/modules/pooling.py:L1346",
    ),
)
class GlobalMaxTies:
    image = np.array([[1.0, 1.0], [0.0, 1.0]]).reshape(1, 2, 2, 1)

    def in_keras(image):
        image = tf.constant(image)
        with tf.GradientTape() as tape:
            tape.watch(image)
            y = keras.layers.GlobalMaxPooling2D(dtype="float64")(image)
        return tape.gradient(y, image)

    def in_torch(image):
        x = channels_first(image).requires_grad_()
        nn.AdaptiveMaxPool2d(1)(x).sum().backward()
        return channels_last(x.grad)

    def torch_as_keras(image):
        x = channels_first(image).requires_grad_()
        x.amax((2, 3)).sum().backward()
        return channels_last(x.grad)

    def keras_as_torch(image):
        image = tf.constant(image)
        with tf.GradientTape() as tape:
            tape.watch(image)
            y = keras.layers.MaxPooling2D(image.shape[1:3], dtype="float64")(image)
        return tape.gradient(y, image)


@difference(
    item="where the maximum stood",
    keras="max_pool_with_argmax: (row · width + column) · channels + channel",
    torch="return_indices: row · width + column",
    severity=SILENT_WRONG,
    hits="SegNet and other unpooling",
    recipe="divide TensorFlow's index by the number of channels, or the other way round",
    sources=("tensorflow/python/ops/nn_ops.py:L5147", "torch/nn/modules/pooling.py:L102"),
)
class MaxPoolIndices:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 3))

    def in_keras(image):
        return tf.nn.max_pool_with_argmax(image, 2, 2, "VALID")[1]

    def in_torch(image):
        return channels_last(F.max_pool2d(channels_first(image), 2, return_indices=True)[1])

    def torch_as_keras(image):
        x = channels_first(image)
        pixels = channels_last(F.max_pool2d(x, 2, return_indices=True)[1])
        return pixels * x.shape[1] + torch.arange(x.shape[1])

    def keras_as_torch(image):
        return tf.nn.max_pool_with_argmax(image, 2, 2, "VALID")[1] // image.shape[-1]


@difference(
    item="shape that global average pooling leaves",
    keras="(batch, channels)",
    torch="AdaptiveAvgPool2d(1): (batch, channels, 1, 1)",
    severity=SILENT_WRONG,
    hits="classifiers: what is added or compared next broadcasts",
    recipe="torch: flatten(1); Keras: keepdims=True",
    sources=(
        "keras/src/layers/pooling/global_average_pooling2d.py:L65",
        "torch/nn/modules/pooling.py:L1475",
    ),
)
class GlobalAverageShape:
    image = np.random.default_rng(0).normal(size=(2, 4, 4, 3))

    def in_keras(image):
        return keras.layers.GlobalAveragePooling2D(dtype="float64")(image)

    def in_torch(image):
        return nn.AdaptiveAvgPool2d(1)(channels_first(image))

    def torch_as_keras(image):
        return nn.AdaptiveAvgPool2d(1)(channels_first(image)).flatten(1)

    def keras_as_torch(image):
        pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, dtype="float64")(image)
        return keras.ops.transpose(pooled, (0, 3, 1, 2))


@difference(
    item="average over the steps of padded sequences",
    keras="GlobalAveragePooling1D leaves masked steps out, and counts without them",
    torch="mean counts every step",
    severity=SILENT_WRONG,
    hits="text classifiers on Embedding(mask_zero=True): the mask comes along unseen",
    recipe="torch: sum what the mask keeps, and divide by its sum; Keras: hand over no mask",
    sources=(
        "keras/src/layers/pooling/global_average_pooling1d.py:L72",
        "torch/nn/modules/pooling.py:L1475",
    ),
)
class GlobalAverageMask:
    ids = np.array([[3, 1, 0, 0], [2, 2, 1, 3]])
    table = np.random.default_rng(0).normal(size=(4, 2))

    def in_keras(ids, table):
        embedding = keras.layers.Embedding(4, 2, mask_zero=True, dtype="float64", weights=[table])
        return keras.layers.GlobalAveragePooling1D(dtype="float64")(embedding(ids))

    def in_torch(ids, table):
        return F.embedding(torch.tensor(ids), torch.tensor(table)).mean(1)

    def torch_as_keras(ids, table):
        x = F.embedding(torch.tensor(ids), torch.tensor(table))
        mask = torch.tensor(ids != 0)[..., None]
        return (x * mask).sum(1) / mask.sum(1)

    def keras_as_torch(ids, table):
        embedding = keras.layers.Embedding(4, 2, dtype="float64", weights=[table])
        return keras.layers.GlobalAveragePooling1D(dtype="float64")(embedding(ids))


@difference(
    item="average over the steps of a sequence that is padding throughout",
    keras="NaN: 0/0 steps are counted",
    torch="the mean of what stands in for padding",
    severity=SILENT_WRONG,
    hits="batches with an empty text",
    recipe="divide by at least 1 in both",
    sources=(
        "keras/src/layers/pooling/global_average_pooling1d.py:L79",
        "torch/nn/modules/pooling.py:L1475",
    ),
)
class GlobalAverageAllMasked:
    x = np.ones((1, 3, 2))
    mask = np.array([[False, False, False]])

    def in_keras(x, mask):
        return keras.layers.GlobalAveragePooling1D(dtype="float64")(x, mask=mask)

    def in_torch(x, mask):
        return torch.tensor(x).mean(1)

    def torch_as_keras(x, mask):
        mask = torch.tensor(mask)[..., None]
        return (torch.tensor(x) * mask).sum(1) / mask.sum(1)

    def keras_as_torch(x, mask):
        return keras.layers.GlobalAveragePooling1D(dtype="float64")(x)


@difference(
    item="maximum over the steps of padded sequences",
    keras="GlobalMaxPooling1D takes no notice of a mask",
    torch="amax takes no notice of a mask",
    severity=NONE,
    hits="both: padding may win",
    recipe="fill with −∞ before, in both",
    sources=(
        "keras/src/layers/pooling/global_max_pooling1d.py:L64",
        "torch/_torch_docs.py:L6795",
    ),
)
class GlobalMaxMask:
    ids = np.array([[3, 1, 0, 0], [2, 2, 1, 3]])
    table = np.random.default_rng(0).normal(size=(4, 2))

    def in_keras(ids, table):
        embedding = keras.layers.Embedding(4, 2, mask_zero=True, dtype="float64", weights=[table])
        return keras.layers.GlobalMaxPooling1D(dtype="float64")(embedding(ids))

    def in_torch(ids, table):
        return F.embedding(torch.tensor(ids), torch.tensor(table)).amax(1)


@difference(
    item="adaptive pooling to a size that is no divisor",
    keras="windows from ⌊i n/m⌋ to ⌈(i + 1) n/m⌉",
    torch="windows from ⌊i n/m⌋ to ⌈(i + 1) n/m⌉",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L294", "torch/nn/modules/pooling.py:L1475"),
)
class AdaptiveAverage:
    image = np.random.default_rng(0).normal(size=(1, 7, 11, 2))

    def in_keras(image):
        return keras.layers.AdaptiveAveragePooling2D((3, 8), dtype="float64")(image)

    def in_torch(image):
        return channels_last(nn.AdaptiveAvgPool2d((3, 8))(channels_first(image)))


@difference(
    item="maximum pooling of a window with a NaN",
    keras="the NaN is passed over on the CPU: the largest number",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="runs that diverge: in TensorFlow the NaN of a layer vanishes behind the next pooling",
    recipe="torch: nan_to_num(nan=−∞) first; TensorFlow: add a − a, a the average of each window",
    sources=("tensorflow/python/ops/nn_ops.py:L4978", "torch/nn/functional.py:L814"),
)
class MaxPoolNan:
    image = np.array([1.0, 3.0, np.nan, 2.0, 5.0, 4.0, 6.0, 7.0]).reshape(1, 2, 4, 1)

    def in_keras(image):
        return tf.nn.max_pool2d(tf.constant(image), 2, 2, "VALID")

    def in_torch(image):
        return channels_last(F.max_pool2d(channels_first(image), 2))

    def torch_as_keras(image):
        numbers = channels_first(image).nan_to_num(nan=-np.inf)
        return channels_last(F.max_pool2d(numbers, 2))

    def keras_as_torch(image):
        average = tf.nn.avg_pool2d(tf.constant(image), 2, 2, "VALID")
        return tf.nn.max_pool2d(tf.constant(image), 2, 2, "VALID") + (average - average)
