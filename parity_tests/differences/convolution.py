"""Convolutions: layouts of kernels, what "same" means with a stride, transposed convolutions."""

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
    WEIGHTS,
    difference,
)
from parity_tests.differences.layers import built
from parity_tests.differences.resizing import channels_first, channels_last
from tf_impl.builtins.layers import conv2d as tensorflow_conv2d
from torch_impl.builtins.layers import conv2d

TITLE = "Convolution"
STAGE = LAYERS


@difference(
    item="kernel of a two-dimensional convolution, copied as it is",
    keras="(rows, columns, inputs, filters), on images with channels last",
    torch="(filters, inputs, rows, columns), on images with channels first",
    severity=SILENT_WRONG,
    hits="kernels as wide as there are channels; others fail on the shape",
    recipe="weight = kernel.transpose(3, 2, 0, 1), and the channels of the image to axis 1",
    sources=(
        "keras/src/layers/convolutional/base_conv.py:L193",
        "torch/nn/modules/conv.py:L171",
    ),
    stage=WEIGHTS,
)
class ConvLayout:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3, 3))

    def in_keras(image, kernel):
        conv = keras.layers.Conv2D(3, 3, use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)

    def in_torch(image, kernel):
        return channels_last(F.conv2d(channels_first(image), torch.tensor(kernel)))

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight))

    def keras_as_torch(image, kernel):
        conv = keras.layers.Conv2D(3, 3, use_bias=False, dtype="float64")
        return built(conv, image, kernel.transpose(2, 3, 1, 0))(image)


@difference(
    item="kernel of a one-dimensional convolution, copied as it is",
    keras="(steps, inputs, filters), on (batch, steps, channels)",
    torch="(filters, inputs, steps), on (batch, channels, steps)",
    severity=SILENT_WRONG,
    hits="kernels as long as there are channels; others fail on the shape",
    recipe="weight = kernel.transpose(2, 1, 0), and the channels of the sequence to axis 1",
    sources=(
        "keras/src/layers/convolutional/base_conv.py:L193",
        "torch/nn/modules/conv.py:L171",
    ),
    stage=WEIGHTS,
)
class Conv1dLayout:
    x = np.random.default_rng(0).normal(size=(1, 5, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3))

    def in_keras(x, kernel):
        return built(keras.layers.Conv1D(3, 3, use_bias=False, dtype="float64"), x, kernel)(x)

    def in_torch(x, kernel):
        return F.conv1d(torch.tensor(x).mT, torch.tensor(kernel)).mT

    def torch_as_keras(x, kernel):
        return F.conv1d(torch.tensor(x).mT, torch.tensor(kernel.transpose(2, 1, 0))).mT

    def keras_as_torch(x, kernel):
        conv = keras.layers.Conv1D(3, 3, use_bias=False, dtype="float64")
        return built(conv, x, kernel.transpose(2, 1, 0))(x)


@difference(
    item="kernel of a depthwise convolution, transposed like that of any other",
    keras="(rows, columns, inputs, multiplier): output m of input i is channel i · multiplier + m",
    torch="groups=inputs: (inputs · multiplier, 1, rows, columns)",
    severity=CRASH,
    hits="MobileNet, EfficientNet, ConvNeXt",
    recipe="weight = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, rows, columns)",
    sources=(
        "keras/src/layers/convolutional/base_depthwise_conv.py:L161",
        "torch/nn/modules/conv.py:L171",
    ),
    unaligned="there is nothing to align with: torch refuses the shape",
    stage=WEIGHTS,
)
class DepthwiseLayout:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        conv = keras.layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, groups=2))

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(2, 3, 0, 1).reshape(-1, 1, 3, 3))
        return channels_last(F.conv2d(channels_first(image), weight, groups=2))


@difference(
    item="order of a depthwise convolution's outputs, its kernel taken multiplier first",
    keras="all outputs of the first input, then all of the second",
    torch="the order of the weight's first axis",
    severity=SILENT_WRONG,
    hits="depth_multiplier above 1, with a kernel reshaped until it fits",
    recipe="put the axis of the inputs before that of the multiplier",
    sources=(
        "keras/src/layers/convolutional/base_depthwise_conv.py:L161",
        "torch/nn/modules/conv.py:L171",
    ),
    stage=WEIGHTS,
)
class DepthwiseOrder:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        return tf.nn.depthwise_conv2d(image, kernel, (1, 1, 1, 1), "VALID")

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1).reshape(-1, 1, 3, 3))
        return channels_last(F.conv2d(channels_first(image), weight, groups=2))

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(2, 3, 0, 1).reshape(-1, 1, 3, 3))
        return channels_last(F.conv2d(channels_first(image), weight, groups=2))

    def keras_as_torch(image, kernel):
        kernel = kernel.transpose(0, 1, 3, 2).reshape(3, 3, 2, 2)
        return tf.nn.depthwise_conv2d(image, kernel, (1, 1, 1, 1), "VALID")


@difference(
    item="padding 'same' with a stride of 2 on an even size, against padding=1",
    keras="one row and one column behind, none in front",
    torch="one on every side: each output is centred one pixel earlier",
    severity=SILENT_WRONG,
    hits="ResNet, MobileNet and every other network that strides",
    recipe="torch: pad the difference behind, F.pad(x, (0, 1, 0, 1)); Keras: ZeroPadding2D",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/conv.py:L157"),
)
class ConvSameStride:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        conv = keras.layers.Conv2D(2, 3, strides=2, padding="same", use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, stride=2, padding=1))

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(conv2d(channels_first(image), weight, None, 2, "same"))

    def keras_as_torch(image, kernel):
        image = keras.ops.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)])
        conv = keras.layers.Conv2D(2, 3, strides=2, use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)


@difference(
    item="padding 'same' with a stride of 2 on an odd size, against padding=1",
    keras="one row and column on every side, since two are needed",
    torch="one row and column on every side",
    severity=NONE,
    hits="nobody; the two part on even sizes alone",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/conv.py:L157"),
)
class ConvSameStrideOdd:
    image = np.random.default_rng(0).normal(size=(1, 7, 7, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        conv = keras.layers.Conv2D(2, 3, strides=2, padding="same", use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, stride=2, padding=1))


@difference(
    item="padding='same' together with a stride",
    keras="pads so that ⌈size / stride⌉ comes out",
    torch="ValueError",
    severity=CRASH,
    hits="every port that keeps the word",
    recipe="torch: pad by hand, the odd row and column behind",
    sources=("tensorflow/python/ops/nn_ops.py:L55", "torch/nn/modules/conv.py:L117"),
    unaligned="Keras has no setting that refuses the two together",
)
class ConvSameStrideWord:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        return keras.ops.conv(image, kernel, strides=2, padding="same")

    def in_torch(image, kernel):
        conv = nn.Conv2d(2, 2, 3, stride=2, padding="same", bias=False, dtype=torch.float64)
        return channels_last(conv(channels_first(image)))

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(conv2d(channels_first(image), weight, None, 2, "same"))


@difference(
    item="padding 'same' for a kernel of even size",
    keras="the odd row and column go behind",
    torch="the odd row and column go behind",
    severity=NONE,
    hits="nobody",
    recipe="padding='same' in both",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/conv.py:L151"),
)
class ConvSameEvenKernel:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))
    kernel = np.random.default_rng(1).normal(size=(4, 4, 2, 2))

    def in_keras(image, kernel):
        return keras.ops.conv(image, kernel, padding="same")

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, padding="same"))


@difference(
    item="padding 'same' of a dilated convolution",
    keras="dilation · (k − 1), half on each side",
    torch="dilation · (k − 1), half on each side",
    severity=NONE,
    hits="nobody",
    recipe="padding='same' in both, or padding = dilation · (k − 1) / 2",
    sources=("tensorflow/python/ops/nn_ops.py:L64", "torch/nn/modules/conv.py:L150"),
)
class ConvDilation:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        return keras.ops.conv(image, kernel, padding="same", dilation_rate=2)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, padding=2, dilation=2))


@difference(
    item="convolution that strides and is dilated",
    keras="ValueError",
    torch="does both",
    severity=CRASH,
    hits="dilated residual networks",
    recipe="Keras: convolve with stride 1, and keep every second row and column",
    sources=(
        "keras/src/layers/convolutional/base_conv.py:L169",
        "torch/nn/modules/conv.py:L131",
    ),
    unaligned="torch has no setting that refuses the two together",
)
class ConvStrideDilation:
    image = np.random.default_rng(0).normal(size=(1, 8, 8, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        return keras.layers.Conv2D(2, 3, strides=2, dilation_rate=2, dtype="float64")(image)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, stride=2, dilation=2))

    def keras_as_torch(image, kernel):
        conv = keras.layers.Conv2D(2, 3, dilation_rate=2, use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)[:, ::2, ::2]


@difference(
    item="padding of a convolution given as a number",
    keras="AttributeError: it takes words alone",
    torch="so many on every side",
    severity=CRASH,
    hits="every port that keeps the number",
    recipe="Keras: ZeroPadding2D(1) in front, and 'valid'; or tf.nn.conv2d, which takes numbers",
    sources=("keras/src/layers/convolutional/base_conv.py:L122", "torch/nn/modules/conv.py:L157"),
    unaligned="torch takes numbers as well as words",
)
class ConvPaddingNumber:
    image = np.random.default_rng(0).normal(size=(1, 5, 5, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        return keras.layers.Conv2D(2, 3, padding=1, dtype="float64")(image)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, padding=1))

    def keras_as_torch(image, kernel):
        return tensorflow_conv2d(image, kernel, np.zeros(2), 1, (1, 1))


@difference(
    item="causal convolution, against padding=k − 1",
    keras="padding='causal' puts k − 1 zeros in front",
    torch="padding=k − 1 puts them on both sides: the output is longer, and ends with zeros read",
    severity=SILENT_WRONG,
    hits="WaveNet, temporal convolutional networks",
    recipe="torch: F.pad(x, (k − 1, 0)); Keras: pad both sides, and 'valid'",
    sources=("keras/src/layers/convolutional/base_conv.py:L122", "torch/nn/modules/conv.py:L157"),
)
class Conv1dCausal:
    x = np.random.default_rng(0).normal(size=(1, 5, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 2, 2))

    def in_keras(x, kernel):
        conv = keras.layers.Conv1D(2, 3, padding="causal", use_bias=False, dtype="float64")
        return built(conv, x, kernel)(x)

    def in_torch(x, kernel):
        weight = torch.tensor(kernel.transpose(2, 1, 0))
        return F.conv1d(torch.tensor(x).mT, weight, padding=2).mT

    def torch_as_keras(x, kernel):
        weight = torch.tensor(kernel.transpose(2, 1, 0))
        return F.conv1d(F.pad(torch.tensor(x).mT, (2, 0)), weight).mT

    def keras_as_torch(x, kernel):
        return keras.ops.conv(keras.ops.pad(x, [(0, 0), (2, 2), (0, 0)]), kernel)


@difference(
    item="convolution of one image, without a batch",
    keras="ValueError: four axes are expected",
    torch="is convolved, and comes back without a batch",
    severity=CRASH,
    hits="trying a model out on one image",
    recipe="Keras: add the axis of the batch and take it off again",
    sources=("keras/src/layers/input_spec.py:L201", "torch/nn/modules/conv.py:L469"),
    unaligned="torch has no setting that refuses three axes",
)
class ConvUnbatched:
    image = np.random.default_rng(0).normal(size=(4, 4, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        conv = keras.layers.Conv2D(2, 3, use_bias=False, dtype="float64")
        return built(conv, image[None], kernel)(image)

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return F.conv2d(torch.tensor(image).permute(2, 0, 1), weight).permute(1, 2, 0)

    def keras_as_torch(image, kernel):
        conv = keras.layers.Conv2D(2, 3, use_bias=False, dtype="float64")
        return built(conv, image[None], kernel)(image[None])[0]


@difference(
    item="depthwise convolution with two different strides",
    keras="InvalidArgumentError: TensorFlow has kernels for equal ones alone",
    torch="strides by each",
    severity=CRASH,
    hits="networks for spectrograms",
    recipe="Keras: convolve with stride 1, and keep every so many rows and columns",
    sources=("keras/src/backend/tensorflow/nn.py:L1038", "torch/nn/modules/conv.py:L131"),
    unaligned="torch has no setting that refuses them",
)
class DepthwiseStrides:
    image = np.random.default_rng(0).normal(size=(1, 6, 6, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 1))

    def in_keras(image, kernel):
        return keras.ops.depthwise_conv(image, kernel, strides=(1, 2))

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(2, 3, 0, 1))
        return channels_last(F.conv2d(channels_first(image), weight, stride=(1, 2), groups=2))

    def keras_as_torch(image, kernel):
        return keras.ops.depthwise_conv(image, kernel)[:, :, ::2]


# --- transposed convolution -------------------------------------------------------------------


@difference(
    item="kernel of a transposed convolution, copied as it is",
    keras="(rows, columns, filters, inputs): the filters come before the inputs here",
    torch="(inputs, filters, rows, columns): the inputs come before the filters here",
    severity=SILENT_WRONG,
    hits="decoders and generators",
    recipe="weight = kernel.transpose(3, 2, 0, 1), as for a convolution; nothing is flipped",
    sources=(
        "keras/src/layers/convolutional/base_conv_transpose.py:L188",
        "torch/nn/modules/conv.py:L164",
    ),
    stage=WEIGHTS,
)
class ConvTransposeLayout:
    image = np.random.default_rng(0).normal(size=(1, 3, 3, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3, 3))

    def in_keras(image, kernel):
        conv = keras.layers.Conv2DTranspose(3, 3, use_bias=False, dtype="float64")
        return built(conv, image, kernel)(image)

    def in_torch(image, kernel):
        return channels_last(F.conv_transpose2d(channels_first(image), torch.tensor(kernel)))

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        return channels_last(F.conv_transpose2d(channels_first(image), weight))

    def keras_as_torch(image, kernel):
        conv = keras.layers.Conv2DTranspose(3, 3, use_bias=False, dtype="float64")
        return built(conv, image, kernel.transpose(2, 3, 1, 0))(image)


@difference(
    item="transposed convolution 'same', 3 × 3 with a stride of 2",
    keras="crops one row and column behind",
    torch="padding=1, output_padding=1 crops in front: all is shifted by one pixel",
    severity=SILENT_WRONG,
    hits="decoders and generators: U-Net, DCGAN",
    recipe="torch: padding=0, and crop behind to twice the size; Keras: 'valid', and crop in front",
    sources=(
        "keras/src/backend/tensorflow/nn.py:L1181",
        "torch/nn/modules/conv.py:L788",
    ),
)
class ConvTransposeSame:
    image = np.random.default_rng(0).normal(size=(1, 3, 3, 2))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 2))

    def in_keras(image, kernel):
        return keras.ops.conv_transpose(image, kernel, strides=2, padding="same")

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        y = F.conv_transpose2d(channels_first(image), weight, stride=2, padding=1, output_padding=1)
        return channels_last(y)

    def torch_as_keras(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        y = F.conv_transpose2d(channels_first(image), weight, stride=2)
        return channels_last(y[..., :6, :6])

    def keras_as_torch(image, kernel):
        return keras.ops.conv_transpose(image, kernel, strides=2)[:, 1:, 1:]


@difference(
    item="transposed convolution 'same', 4 × 4 with a stride of 2, against padding=1",
    keras="crops one row and column on every side",
    torch="crops one row and column on every side",
    severity=NONE,
    hits="nobody; an even kernel spares the shift",
    recipe="padding = (k − stride) / 2 where that is whole",
    sources=(
        "keras/src/backend/tensorflow/nn.py:L1181",
        "torch/nn/modules/conv.py:L788",
    ),
)
class ConvTransposeSameEven:
    image = np.random.default_rng(0).normal(size=(1, 3, 3, 2))
    kernel = np.random.default_rng(1).normal(size=(4, 4, 2, 2))

    def in_keras(image, kernel):
        return keras.ops.conv_transpose(image, kernel, strides=2, padding="same")

    def in_torch(image, kernel):
        weight = torch.tensor(kernel.transpose(3, 2, 0, 1))
        y = F.conv_transpose2d(channels_first(image), weight, stride=2, padding=1)
        return channels_last(y)


@difference(
    item="transposed convolution whose kernel is smaller than its stride",
    keras="n · stride: zeros fill the end",
    torch="(n − 1) · stride + k: stops at the last value",
    severity=SILENT_WRONG,
    hits="upsampling by a 1 × 1 kernel",
    recipe="torch: output_padding = stride − k; Keras: crop the end",
    sources=(
        "keras/src/backend/tensorflow/nn.py:L1170",
        "torch/nn/modules/conv.py:L804",
    ),
)
class ConvTransposeSmallKernel:
    x = np.random.default_rng(0).normal(size=(1, 3, 2))
    kernel = np.random.default_rng(1).normal(size=(2, 2, 2))

    def in_keras(x, kernel):
        return keras.ops.conv_transpose(x, kernel, strides=3)

    def in_torch(x, kernel):
        weight = torch.tensor(kernel.transpose(2, 1, 0))
        return F.conv_transpose1d(torch.tensor(x).mT, weight, stride=3).mT

    def torch_as_keras(x, kernel):
        weight = torch.tensor(kernel.transpose(2, 1, 0))
        return F.conv_transpose1d(torch.tensor(x).mT, weight, stride=3, output_padding=1).mT

    def keras_as_torch(x, kernel):
        return keras.ops.conv_transpose(x, kernel, strides=3)[:, :-1]


# --- patches ----------------------------------------------------------------------------------


@difference(
    item="order of the values in a patch of an image",
    keras="extract_patches: rows, columns, channels",
    torch="F.unfold: channels, rows, columns; and patches along the last axis",
    severity=SILENT_WRONG,
    hits="vision transformers whose patches go through a dense layer",
    recipe="permute the channels of each patch behind its rows and columns, or back",
    sources=("keras/src/ops/image.py:L658", "torch/nn/functional.py:L6112"),
)
class PatchOrder:
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 3))

    def in_keras(image):
        return keras.ops.reshape(keras.ops.image.extract_patches(image, (2, 2)), (1, 4, 12))

    def in_torch(image):
        return F.unfold(channels_first(image), 2, stride=2).mT

    def torch_as_keras(image):
        patches = F.unfold(channels_first(image), 2, stride=2).mT
        return patches.unflatten(-1, (3, 4)).mT.flatten(-2)

    def keras_as_torch(image):
        patches = keras.ops.image.extract_patches(image, (2, 2))
        patches = keras.ops.reshape(patches, (1, 4, 4, 3))
        return keras.ops.reshape(keras.ops.swapaxes(patches, -1, -2), (1, 4, 12))


@difference(
    item="channels that become pixels",
    keras="depth_to_space: (row, column, channel), the channel counts fastest",
    torch="PixelShuffle: (channel, row, column), the column counts fastest",
    severity=SILENT_WRONG,
    hits="super-resolution with more than one channel: colours are mixed up",
    recipe="permute the channels before, or the filters of the convolution in front",
    sources=("tensorflow/python/ops/array_ops.py:L3825", "torch/nn/modules/pixelshuffle.py:L13"),
)
class PixelShuffleOrder:
    image = np.random.default_rng(0).normal(size=(1, 2, 2, 12))

    def in_keras(image):
        return tf.nn.depth_to_space(image, 2)

    def in_torch(image):
        return channels_last(nn.PixelShuffle(2)(channels_first(image)))

    def torch_as_keras(image):
        x = channels_first(image).unflatten(1, (4, 3)).transpose(1, 2).flatten(1, 2)
        return channels_last(nn.PixelShuffle(2)(x))

    def keras_as_torch(image):
        x = tf.reshape(image, (1, 2, 2, 3, 4))
        x = tf.reshape(tf.linalg.matrix_transpose(x), (1, 2, 2, 12))
        return tf.nn.depth_to_space(x, 2)
