"""Padding and resizing: the order of the sides, half pixels, kernels, what a border is."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Padding and resizing"
STAGE = LAYERS


def channels_first(x):
    return torch.tensor(x).permute(0, 3, 1, 2)


def channels_last(x):
    return x.permute(0, 2, 3, 1)


@difference(
    item="order of the sides in two-dimensional padding",
    keras="ZeroPadding2D: ((top, bottom), (left, right))",
    torch="F.pad and nn.ZeroPad2d: (left, right, top, bottom), the last axis first",
    severity=SILENT_WRONG,
    hits="padding that is not the same on all sides",
    recipe="write the pairs in reverse order",
    sources=(
        "keras/src/layers/reshaping/zero_padding2d.py:L88",
        "torch/nn/functional.py:L5755",
    ),
)
class ZeroPaddingOrder:
    image = np.arange(1.0, 5.0).reshape(1, 2, 2, 1)

    def in_keras(image):
        return keras.layers.ZeroPadding2D(((1, 0), (0, 1)), dtype="float64")(image)

    def in_torch(image):
        return channels_last(nn.ZeroPad2d((1, 0, 0, 1))(channels_first(image)))

    def torch_as_keras(image):
        return channels_last(nn.ZeroPad2d((0, 1, 1, 0))(channels_first(image)))

    def keras_as_torch(image):
        return keras.layers.ZeroPadding2D(((0, 1), (1, 0)), dtype="float64")(image)


@difference(
    item="padding that mirrors the border with the outermost value repeated",
    keras="mode='symmetric'",
    torch="NotImplementedError: 'reflect' leaves the outermost value out, and there is no other",
    severity=CRASH,
    hits="image filters, wavelets",
    recipe="torch: index with mirrored positions; Keras: 'reflect' is what torch has",
    sources=("keras/src/backend/tensorflow/numpy.py:L2633", "torch/nn/functional.py:L5780"),
    unaligned="there is nothing to align with: torch has no such mode",
)
class PadSymmetric:
    x = np.array([[[1.0, 2.0, 3.0]]])

    def in_keras(x):
        return keras.ops.pad(x, [(0, 0), (0, 0), (2, 2)], mode="symmetric")

    def in_torch(x):
        return F.pad(torch.tensor(x), (2, 2), mode="symmetric")

    def torch_as_keras(x):
        positions = np.pad(np.arange(x.shape[-1]), 2, mode="symmetric")
        return torch.tensor(x)[..., positions]


@difference(
    item="padding that repeats the border",
    keras="ValueError: TensorFlow has no mode for it",
    torch="mode='replicate'",
    severity=CRASH,
    hits="image filters, networks for video",
    recipe="Keras: gather with the positions clipped",
    sources=("keras/src/backend/tensorflow/numpy.py:L2633", "torch/nn/functional.py:L5780"),
    unaligned="there is nothing to align with: Keras on TensorFlow has no such mode",
)
class PadReplicate:
    x = np.array([[[1.0, 2.0, 3.0]]])

    def in_keras(x):
        return keras.ops.pad(x, [(0, 0), (0, 0), (2, 2)], mode="edge")

    def in_torch(x):
        return F.pad(torch.tensor(x), (2, 2), mode="replicate")

    def keras_as_torch(x):
        positions = np.clip(np.arange(-2, x.shape[-1] + 2), 0, x.shape[-1] - 1)
        return keras.ops.take(x, positions, axis=-1)


@difference(
    item="padding that reflects, by as much as the axis is long less one",
    keras="mode='reflect': the outermost value is not repeated",
    torch="mode='reflect': the outermost value is not repeated",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/numpy.py:L2633", "torch/nn/functional.py:L5780"),
)
class PadReflect:
    x = np.array([[[1.0, 2.0, 3.0]]])

    def in_keras(x):
        return keras.ops.pad(x, [(0, 0), (0, 0), (2, 2)], mode="reflect")

    def in_torch(x):
        return F.pad(torch.tensor(x), (2, 2), mode="reflect")


@difference(
    item="nearest neighbour when a size is no multiple",
    keras="centres of pixels: position (i + ½) n/m, rounded down",
    torch="mode='nearest': position i n/m, rounded down",
    severity=SILENT_WRONG,
    hits="segmentation masks, feature maps resized to a given size",
    recipe="torch: mode='nearest-exact'; TensorFlow: compat.v1.image.resize_nearest_neighbor",
    sources=("tensorflow/python/ops/image_ops_impl.py:L1782", "torch/nn/functional.py:L5047"),
)
class ResizeNearest:
    image = np.random.default_rng(0).normal(size=(1, 5, 5, 1))

    def in_keras(image):
        return keras.ops.image.resize(image, (7, 7), interpolation="nearest")

    def in_torch(image):
        return channels_last(F.interpolate(channels_first(image), (7, 7)))

    def torch_as_keras(image):
        return channels_last(F.interpolate(channels_first(image), (7, 7), mode="nearest-exact"))

    def keras_as_torch(image):
        return tf.compat.v1.image.resize_nearest_neighbor(image, (7, 7))


@difference(
    item="nearest neighbour by a whole factor",
    keras="UpSampling2D repeats every pixel",
    torch="nn.Upsample repeats every pixel",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "keras/src/layers/reshaping/up_sampling2d.py:L151",
        "torch/nn/functional.py:L5010",
    ),
)
class UpsamplingNearest:
    image = np.random.default_rng(0).normal(size=(1, 3, 3, 1))

    def in_keras(image):
        return keras.layers.UpSampling2D(2, dtype="float64")(image)

    def in_torch(image):
        return channels_last(nn.Upsample(scale_factor=2)(channels_first(image)))


@difference(
    item="kind of interpolation when none is named",
    keras="bilinear in layers.Resizing and ops.image.resize",
    torch="nearest in F.interpolate and nn.Upsample",
    severity=SILENT_WRONG,
    hits="resizing whose kind is left out",
    recipe="name it in both",
    sources=("keras/src/backend/tensorflow/image.py:L143", "torch/nn/functional.py:L5010"),
)
class ResizeDefaultKind:
    image = np.arange(4.0, dtype="float32").reshape(1, 2, 2, 1)

    def in_keras(image):
        return keras.ops.image.resize(image, (4, 4))

    def in_torch(image):
        return channels_last(F.interpolate(channels_first(image), (4, 4)))

    def torch_as_keras(image):
        return channels_last(F.interpolate(channels_first(image), (4, 4), mode="bilinear"))

    def keras_as_torch(image):
        return keras.ops.image.resize(image, (4, 4), interpolation="nearest")


@difference(
    item="bilinear interpolation of TensorFlow 1",
    keras="compat.v1 without half pixels: position i n/m",
    torch="centres of pixels: position (i + ½) n/m − ½",
    severity=SILENT_WRONG,
    hits="models and checkpoints from before TensorFlow 2",
    recipe="torch: pad by a replicated pixel, align_corners=True; TensorFlow: tf.image.resize",
    sources=("tensorflow/python/ops/image_ops_impl.py:L4811", "torch/nn/functional.py:L5020"),
)
class ResizeTensorflow1:
    image = np.array([1.0, 3.0, 2.0, 8.0], dtype="float32").reshape(1, 2, 2, 1)

    def in_keras(image):
        return tf.compat.v1.image.resize_bilinear(image, (4, 4))

    def in_torch(image):
        return channels_last(F.interpolate(channels_first(image), (4, 4), mode="bilinear"))

    def torch_as_keras(image):
        x = F.pad(channels_first(image), (0, 1, 0, 1), mode="replicate")
        y = F.interpolate(x, (5, 5), mode="bilinear", align_corners=True)
        return channels_last(y[..., :-1, :-1])

    def keras_as_torch(image):
        return tf.image.resize(image, (4, 4))


@difference(
    item="kernel of bicubic interpolation",
    keras="a = −0.5, Keys' cubic",
    torch="a = −0.75, but −0.5 with antialias=True",
    severity=SILENT_WRONG,
    hits="super-resolution, image preprocessing",
    recipe="torch: antialias=True, which changes only the kernel when enlarging",
    sources=("tensorflow/python/ops/image_ops_impl.py:L1788", "torch/nn/functional.py:L5031"),
    unaligned="TensorFlow has no kernel with a = −0.75",
)
class ResizeBicubic:
    image = np.random.default_rng(0).integers(64, size=(1, 6, 6, 1)).astype("float32")
    inner = slice(3, -3)  # there all weights are whole parts of 128, and float32 is exact

    def in_keras(image, inner):
        y = keras.ops.image.resize(image, (12, 12), interpolation="bicubic")
        return y[:, inner, inner]

    def in_torch(image, inner):
        x = channels_first(image)
        return channels_last(F.interpolate(x, (12, 12), mode="bicubic"))[:, inner, inner]

    def torch_as_keras(image, inner):
        y = F.interpolate(channels_first(image), (12, 12), mode="bicubic", antialias=True)
        return channels_last(y)[:, inner, inner]


@difference(
    item="bilinear interpolation by a factor that gives no whole size",
    keras="takes a size: positions go by the sizes, n/m",
    torch="scale_factor=1.5 makes 7 of 5, and positions go by 1.5 all the same",
    severity=SILENT_WRONG,
    hits="feature pyramids with odd sizes",
    recipe="torch: hand over the size, or recompute_scale_factor=True",
    sources=("tensorflow/python/ops/image_ops_impl.py:L1779", "torch/nn/functional.py:L5023"),
    unaligned="tf.image.resize takes no factor",
    ulp=4,  # float32: each position is rounded, four products are added
)
class ResizeScaleFactor:
    image = np.arange(25.0, 50.0, dtype="float32").reshape(1, 5, 5, 1)

    def in_keras(image):
        return keras.ops.image.resize(image, (7, 7), interpolation="bilinear")

    def in_torch(image):
        x = channels_first(image)
        return channels_last(F.interpolate(x, scale_factor=1.5, mode="bilinear"))

    def torch_as_keras(image):
        x = channels_first(image)
        return channels_last(F.interpolate(x, size=(7, 7), mode="bilinear"))


def single(y):
    """Whether the numbers have no more digits than float32 keeps."""
    y = np.asarray(y, np.float64)
    return bool((y == y.astype(np.float32)).all())


@difference(
    item="precision of bilinear interpolation of a float64 image",
    keras="TensorFlow computes in float32, whatever it is given",
    torch="float64",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after seven digits",
    recipe="torch: convert to float32; Keras: two products with matrices of weights",
    sources=("keras/src/backend/tensorflow/image.py:L331", "torch/nn/functional.py:L5010"),
)
class ResizeFloat64:
    image = np.array([0.1, 0.2, 0.3, 0.7]).reshape(1, 2, 2, 1)

    def in_keras(image):
        return single(keras.ops.image.resize(image, (4, 4), interpolation="bilinear"))

    def in_torch(image):
        return single(F.interpolate(channels_first(image), (4, 4), mode="bilinear"))

    def torch_as_keras(image):
        x = channels_first(image).float()
        return single(F.interpolate(x, (4, 4), mode="bilinear"))

    def keras_as_torch(image):
        weights = np.array([[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]])
        return single(keras.ops.einsum("ih,jw,nhwc->nijc", weights, weights, image))


@difference(
    item="dtype of a resized uint8 image",
    keras="tf.image.resize gives float32 with fractions",
    torch="F.interpolate gives uint8, rounded",
    severity=SILENT_WRONG,
    hits="preprocessing pipelines: scaling by 1/255 before or after",
    recipe="convert to float before resizing, or round afterwards",
    sources=("tensorflow/python/ops/image_ops_impl.py:L1622", "torch/nn/functional.py:L5010"),
)
class ResizeUint8:
    image = np.array([0, 4, 5, 17], dtype="uint8").reshape(1, 2, 2, 1)

    def in_keras(image):
        return tf.image.resize(image, (4, 4))

    def in_torch(image):
        return channels_last(F.interpolate(channels_first(image), (4, 4), mode="bilinear"))

    def torch_as_keras(image):
        return channels_last(F.interpolate(channels_first(image).float(), (4, 4), mode="bilinear"))

    def keras_as_torch(image):
        return tf.cast(tf.round(tf.image.resize(image, (4, 4))), "uint8")


@difference(
    item="bilinear interpolation of an image",
    keras="at the centres of the pixels",
    torch="at the centres: align_corners=False",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/image_ops_impl.py:L1622", "torch/nn/functional.py:L4977"),
)
class Bilinear:
    x = np.arange(16.0, dtype="float32").reshape(4, 4)

    def in_keras(x):
        return tf.image.resize(x[..., None], (8, 8))[..., 0]

    def in_torch(x):
        return F.interpolate(torch.tensor(x)[None, None], (8, 8), mode="bilinear")[0, 0]


@difference(
    item="padding that goes round to the other side",
    keras="raises ValueError: no such mode",
    torch="mode='circular', and padding_mode='circular' of convolutions",
    severity=CRASH,
    hits="panoramas, angles and periodic simulations",
    recipe="Keras: concatenate the two ends",
    sources=("keras/src/backend/tensorflow/numpy.py:L2633", "torch/nn/modules/conv.py:L157"),
    unaligned="an error is nothing that torch should be made to raise",
)
class PadCircular:
    x = np.arange(4.0)[None]

    def in_keras(x):
        return keras.ops.pad(x, [(0, 0), (1, 1)], mode="wrap")

    def in_torch(x):
        return F.pad(torch.tensor(x), (1, 1), mode="circular")

    def keras_as_torch(x):
        return keras.ops.concatenate([x[:, -1:], x, x[:, :1]], axis=1)
