"""Shapes: repeating, padding, splitting, transposing, joining."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import CRASH, LAYERS, SILENT_WRONG, difference

TITLE = "Shapes and axes"
STAGE = LAYERS


@difference(
    item="what repeat repeats",
    keras="keras.ops.repeat, tf.repeat: each element",
    torch="Tensor.repeat: the whole tensor, as tile does",
    severity=SILENT_WRONG,
    hits="attention with grouped heads, and upsampling by hand",
    recipe="torch: repeat_interleave; Keras: tile",
    sources=("keras/src/backend/tensorflow/numpy.py:L2836", "torch/_tensor_docs.py:L4095"),
)
class Repeat:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        return keras.ops.repeat(x, 2)

    def in_torch(x):
        return torch.tensor(x).repeat(2)

    def torch_as_keras(x):
        return torch.tensor(x).repeat_interleave(2)

    def keras_as_torch(x):
        return keras.ops.tile(x, 2)


@difference(
    item="order of the axes in a list of paddings",
    keras="first axis first, a pair each",
    torch="last axis first, flat",
    severity=SILENT_WRONG,
    hits="F.pad ported number for number: rows and columns are swapped",
    recipe="torch: the pairs in reverse order",
    sources=("keras/src/backend/tensorflow/numpy.py:L2633", "torch/nn/functional.py:L5735"),
)
class PadOrder:
    x = np.ones((2, 2))
    widths = np.array([[1, 0], [0, 2]])

    def in_keras(x, widths):
        return keras.ops.pad(x, widths)

    def in_torch(x, widths):
        return F.pad(torch.tensor(x), widths.flatten().tolist())

    def torch_as_keras(x, widths):
        return F.pad(torch.tensor(x), widths[::-1].flatten().tolist())

    def keras_as_torch(x, widths):
        return keras.ops.pad(x, widths[::-1])


@difference(
    item="a negative width of padding",
    keras="an error",
    torch="F.pad cuts off that many",
    severity=CRASH,
    hits="encoders and decoders whose feature maps are fitted to each other by F.pad",
    recipe="Keras: slice, or keras.layers.Cropping2D",
    sources=("keras/src/backend/tensorflow/numpy.py:L2633", "torch/nn/functional.py:L5735"),
    unaligned="an error is nothing that torch should be made to raise",
)
class PadNegative:
    x = np.array([[1.0, 2.0, 3.0]])

    def in_keras(x):
        return keras.ops.pad(x, ((0, 0), (-1, 0)))

    def in_torch(x):
        return F.pad(torch.tensor(x), (-1, 0))

    def keras_as_torch(x):
        return keras.ops.convert_to_tensor(x)[:, 1:]


@difference(
    item="the number in split(x, 2)",
    keras="two parts",
    torch="parts of two",
    severity=SILENT_WRONG,
    hits="gates and heads cut out of one projection",
    recipe="torch: chunk or tensor_split; Keras: the size over 2",
    sources=("tensorflow/python/ops/array_ops.py:L1746", "torch/functional.py:L120"),
)
class SplitNumber:
    x = np.arange(6.0)

    def in_keras(x):
        return tuple(keras.ops.split(x, 2))

    def in_torch(x):
        return torch.split(torch.tensor(x), 2)

    def torch_as_keras(x):
        return torch.tensor_split(torch.tensor(x), 2)

    def keras_as_torch(x):
        return tuple(keras.ops.split(x, x.size // 2))


@difference(
    item="the list in split(x, [1, 2, 3])",
    keras="keras.ops.split: where to cut; tf.split: how long each part is",
    torch="how long each part is; tensor_split: where to cut",
    severity=SILENT_WRONG,
    hits="queries, keys and values of unequal size cut out of one projection",
    recipe="torch: tensor_split; Keras: tf.split",
    sources=("keras/src/backend/tensorflow/numpy.py:L2976", "torch/functional.py:L120"),
)
class SplitList:
    x = np.arange(6.0)

    def in_keras(x):
        return tuple(keras.ops.split(x, [1, 2, 3]))

    def in_torch(x):
        return torch.split(torch.tensor(x), [1, 2, 3])

    def torch_as_keras(x):
        return torch.tensor_split(torch.tensor(x), [1, 2, 3])

    def keras_as_torch(x):
        return tuple(tf.split(x, [1, 2, 3]))


@difference(
    item="splitting into parts that do not come out even",
    keras="an error",
    torch="chunk makes the last part shorter, or makes fewer parts",
    severity=CRASH,
    hits="batches split over devices",
    recipe="torch: check the size first; Keras: tf.split with a list of lengths, or "
    "keras.ops.array_split, whose first parts are longer",
    sources=("tensorflow/python/ops/array_ops.py:L1746", "torch/_torch_docs.py:L2003"),
    unaligned="torch has no such check to turn on",
)
class SplitUneven:
    x = np.arange(7.0)

    def in_keras(x):
        return tuple(tf.split(x, 3))

    def in_torch(x):
        return torch.chunk(torch.tensor(x), 3)

    def keras_as_torch(x):
        return tuple(tf.split(x, [3, 3, 1]))


@difference(
    item="squeezing an axis that is longer than one",
    keras="an error",
    torch="nothing happens",
    severity=CRASH,
    hits="models whose output loses an axis only at batch size one",
    recipe="torch: check the shape; Keras: squeeze only if the axis is one long",
    sources=("keras/src/backend/tensorflow/numpy.py:L3541", "torch/_torch_docs.py:L10748"),
    unaligned="torch has no such check to turn on",
)
class SqueezeLongAxis:
    x = np.ones((2, 3))

    def in_keras(x):
        return keras.ops.squeeze(x, axis=0)

    def in_torch(x):
        return torch.tensor(x).squeeze(0)

    def keras_as_torch(x):
        return keras.ops.squeeze(x, axis=0) if x.shape[0] == 1 else keras.ops.copy(x)


@difference(
    item="transposing without axes",
    keras="all axes are reversed",
    torch="TypeError: transpose wants two axes; permute wants all",
    severity=CRASH,
    hits="kernels turned from Keras' layout into torch's",
    recipe="torch: x.permute(*reversed(range(x.ndim))); Keras: swapaxes",
    sources=("keras/src/backend/tensorflow/numpy.py:L3565", "torch/_torch_docs.py:L11609"),
    unaligned="Keras has no such check to turn on",
)
class TransposeWithoutAxes:
    x = np.arange(6.0).reshape(1, 2, 3)

    def in_keras(x):
        return keras.ops.transpose(x)

    def in_torch(x):
        return torch.tensor(x).transpose()

    def torch_as_keras(x):
        return torch.tensor(x).permute(*reversed(range(x.ndim)))


@difference(
    item="the arguments of transpose",
    keras="transpose(x, (0, 2, 1)): all axes, in their new order",
    torch="transpose(0, 1): two axes that change places",
    severity=SILENT_WRONG,
    hits="channels moved from last to first",
    recipe="torch: permute; Keras: swapaxes",
    sources=("keras/src/backend/tensorflow/numpy.py:L3565", "torch/_torch_docs.py:L11609"),
)
class TransposeArguments:
    x = np.arange(4.0).reshape(2, 2)

    def in_keras(x):
        return keras.ops.transpose(x, (0, 1))

    def in_torch(x):
        return torch.transpose(torch.tensor(x), 0, 1)

    def torch_as_keras(x):
        return torch.permute(torch.tensor(x), (0, 1))

    def keras_as_torch(x):
        return keras.ops.swapaxes(x, 0, 1)


@difference(
    item="reshaping what was transposed",
    keras="reshape copies where it must",
    torch="RuntimeError of view; reshape copies",
    severity=CRASH,
    hits="attention heads put together again",
    recipe="torch: reshape, or contiguous().view",
    sources=("keras/src/ops/numpy.py:L7327", "torch/_tensor_docs.py:L6046"),
    unaligned="TensorFlow has no views",
)
class ViewOfTransposed:
    x = np.arange(6.0).reshape(2, 3)

    def in_keras(x):
        return keras.ops.reshape(keras.ops.transpose(x), (-1,))

    def in_torch(x):
        return torch.tensor(x).T.view(-1)

    def torch_as_keras(x):
        return torch.tensor(x).T.reshape(-1)


@difference(
    item="axes of a mesh",
    keras="indexing='xy': the first vector runs along columns",
    torch="indexing='ij': the first vector runs along rows",
    severity=SILENT_WRONG,
    hits="anchor boxes, relative positions, coordinate channels",
    recipe="pass indexing",
    sources=("keras/src/backend/tensorflow/numpy.py:L2203", "torch/functional.py:L492"),
)
class MeshIndexing:
    x = np.array([1.0, 2.0])
    y = np.array([3.0, 4.0])

    def in_keras(x, y):
        return tuple(keras.ops.meshgrid(x, y))

    def in_torch(x, y):
        return torch.meshgrid(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        return torch.meshgrid(torch.tensor(x), torch.tensor(y), indexing="xy")

    def keras_as_torch(x, y):
        return tuple(keras.ops.meshgrid(x, y, indexing="ij"))


@difference(
    item="an empty vector joined to a matrix",
    keras="an error: the numbers of axes differ",
    torch="the empty vector is passed over",
    severity=CRASH,
    hits="results collected by cat in a loop that begins with torch.empty(0)",
    recipe="Keras: collect a list and join it once, or begin with zeros of shape (0, n)",
    sources=("keras/src/backend/tensorflow/numpy.py:L1205", "torch/_torch_docs.py:L2384"),
    unaligned="an error is nothing that torch should be made to raise",
)
class ConcatenateEmpty:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def in_keras(x):
        return keras.ops.concatenate([np.zeros(0), x])

    def in_torch(x):
        return torch.cat([torch.empty(0), torch.tensor(x)])

    def keras_as_torch(x):
        return keras.ops.concatenate([np.zeros((0, x.shape[1])), x])


@difference(
    item="tiling by fewer numbers than axes",
    keras="tf.tile: an error",
    torch="the numbers are for the last axes, as in NumPy",
    severity=CRASH,
    hits="code that goes from NumPy to tf",
    recipe="Keras: keras.ops.tile",
    sources=("tensorflow/python/ops/gen_array_ops.py:L12140", "torch/_torch_docs.py:L13404"),
    unaligned="torch has no such check to turn on",
)
class TileFewerNumbers:
    x = np.ones((2, 3))

    def in_keras(x):
        return tf.tile(x, [2])

    def in_torch(x):
        return torch.tile(torch.tensor(x), [2])

    def keras_as_torch(x):
        return keras.ops.tile(x, [2])


@difference(
    item="linspace without a number",
    keras="50 numbers, as NumPy",
    torch="raises TypeError: steps is required",
    severity=CRASH,
    hits="ports of NumPy code; logspace likewise",
    recipe="pass the number",
    sources=("keras/src/backend/tensorflow/numpy.py:L2008", "torch/_torch_docs.py:L6018"),
    unaligned="Keras has no way to ask for it",
)
class LinspaceNumber:
    def in_keras():
        return keras.ops.linspace(0.0, 1.0, dtype="float64")

    def in_torch():
        return torch.linspace(0.0, 1.0, dtype=torch.float64)

    def torch_as_keras():
        return torch.linspace(0.0, 1.0, 50, dtype=torch.float64)


@difference(
    item="flip without axes",
    keras="all axes are reversed, as NumPy",
    torch="raises TypeError: dims is required",
    severity=CRASH,
    hits="augmentations written for one axis",
    recipe="pass the axes",
    sources=("keras/src/backend/tensorflow/numpy.py:L1608", "torch/_torch_docs.py:L11231"),
    unaligned="Keras has no way to ask for them",
)
class FlipWithoutAxes:
    x = np.arange(4.0).reshape(2, 2)

    def in_keras(x):
        return keras.ops.flip(x)

    def in_torch(x):
        return torch.flip(torch.tensor(x))

    def torch_as_keras(x):
        return torch.flip(torch.tensor(x), [0, 1])
