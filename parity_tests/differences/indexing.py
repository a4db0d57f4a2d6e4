"""Reading elements: indices, gathers, masks, keys, comparison."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Indexing"
STAGE = LAYERS


@difference(
    item="number of classes of one-hot vectors, unless given",
    keras="TypeError: num_classes is required",
    torch="the largest label of the batch + 1, which changes with the batch",
    severity=CRASH,
    hits="batches that lack the last class",
    recipe="pass num_classes",
    sources=("keras/src/ops/nn.py:L1933", "torch/nn/functional.py:L5904"),
    unaligned="torch has no such check to turn on",
)
class OneHotClasses:
    y = np.array([0, 2, 1])

    def in_keras(y):
        return keras.ops.one_hot(y)

    def in_torch(y):
        return F.one_hot(torch.tensor(y))

    def keras_as_torch(y):
        return keras.ops.one_hot(y, int(y.max()) + 1)


@difference(
    item="what gather gathers",
    keras="tf.gather: whole rows, one for each index; so keras.ops.take(axis=0)",
    torch="torch.gather: one element for each index, along an axis",
    severity=SILENT_WRONG,
    hits="picking the score of each label, or rows of a table",
    recipe="torch: x[indices]; Keras: take_along_axis",
    sources=("tensorflow/python/ops/array_ops.py:L4999", "torch/_torch_docs.py:L4626"),
)
class Gather:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    indices = np.array([[1, 0], [0, 0]])

    def in_keras(x, indices):
        return tf.gather(x, indices)

    def in_torch(x, indices):
        return torch.gather(torch.tensor(x), 0, torch.tensor(indices))

    def torch_as_keras(x, indices):
        return torch.tensor(x)[torch.tensor(indices)]

    def keras_as_torch(x, indices):
        return keras.ops.take_along_axis(x, indices, axis=0)


@difference(
    item="a matrix of indices, one row for each element",
    keras="tf.gather_nd: each row holds the coordinates of one element",
    torch="x[indices]: each number picks a row of x",
    severity=SILENT_WRONG,
    hits="values picked at (batch, class) or (row, column), as from tf.where",
    recipe="torch: x[tuple(indices.T)]; Keras: tf.gather",
    sources=("tensorflow/python/ops/array_ops.py:L5159", "torch/_torch_docs.py:L5358"),
)
class GatherNd:
    x = np.arange(4.0).reshape(2, 2)
    indices = np.array([[0, 1], [1, 0]])

    def in_keras(x, indices):
        return tf.gather_nd(x, indices)

    def in_torch(x, indices):
        return torch.tensor(x)[torch.tensor(indices)]

    def torch_as_keras(x, indices):
        return torch.tensor(x)[tuple(torch.tensor(indices).T)]

    def keras_as_torch(x, indices):
        return tf.gather(x, indices)


@difference(
    item="negative indices of a gather",
    keras="keras.ops.take counts from the end; tf.gather raises",
    torch="IndexError of index_select and gather; x[−1] and torch.take count from the end",
    severity=CRASH,
    hits="the last step of each sequence picked by −1",
    recipe="torch: x[indices]; Keras: tf.gather, which raises",
    sources=("keras/src/backend/tensorflow/numpy.py:L3050", "torch/_torch_docs.py:L5358"),
)
class NegativeIndices:
    x = np.array([1.0, 2.0, 3.0])
    indices = np.array([0, -1])

    def in_keras(x, indices):
        return keras.ops.take(x, indices)

    def in_torch(x, indices):
        return torch.index_select(torch.tensor(x), 0, torch.tensor(indices))

    def torch_as_keras(x, indices):
        return torch.tensor(x)[torch.tensor(indices)]

    def keras_as_torch(x, indices):
        return tf.gather(x, indices)


@difference(
    item="an index beyond the end",
    keras="an error of gather, on a CPU; on a GPU it gives 0",
    torch="an error",
    severity=NONE,
    hits="nobody on a CPU",
    recipe="check indices before they reach the model",
    sources=("tensorflow/python/ops/array_ops.py:L4785", "torch/_torch_docs.py:L5358"),
)
class IndexBeyond:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        return tf.gather(x, [5])

    def in_torch(x):
        return torch.tensor(x)[[5]]


@difference(
    item="a step of −1 in a slice",
    keras="reverses",
    torch="ValueError: the step must be greater than zero",
    severity=CRASH,
    hits="sequences read backwards, and RGB turned to BGR",
    recipe="torch: torch.flip",
    sources=("tensorflow/python/ops/tensor_getitem_override.py:L67", "torch/_torch_docs.py:L11231"),
    unaligned="TensorFlow has no such restriction to turn on",
)
class NegativeStep:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        return tf.constant(x)[::-1]

    def in_torch(x):
        return torch.tensor(x)[::-1]

    def torch_as_keras(x):
        return torch.tensor(x).flip(0)


@difference(
    item="a list of indices in brackets",
    keras="InvalidArgumentError: TensorFlow reads it as one index for each axis",
    torch="these rows",
    severity=CRASH,
    hits="code that picks rows as NumPy does",
    recipe="Keras: keras.ops.take(x, rows, axis=0); torch: x[0, 2]",
    sources=("tensorflow/python/ops/tensor_getitem_override.py:L49", "torch/_torch_docs.py:L5358"),
    unaligned="x[0, 2] of this vector is an error of another kind",
)
class ListOfIndices:
    x = np.array([1.0, 2.0, 3.0])
    rows = (0, 2)

    def in_keras(x, rows):
        return tf.constant(x)[list(rows)]

    def in_torch(x, rows):
        return torch.tensor(x)[list(rows)]

    def keras_as_torch(x, rows):
        return keras.ops.take(x, rows, axis=0)


@difference(
    item="selecting by a mask with fewer axes than the tensor",
    keras="tf.boolean_mask: rows where the mask holds",
    torch="masked_select: the mask is broadcast along the last axis, and elements come back",
    severity=SILENT_WRONG,
    hits="valid samples or steps picked out of a batch; of a square nothing fails",
    recipe="torch: x[mask]; Keras: broadcast the mask to the shape of x",
    sources=("tensorflow/python/ops/array_ops.py:L1541", "torch/_torch_docs.py:L6595"),
)
class MaskOfRows:
    x = np.arange(4.0).reshape(2, 2)
    mask = np.array([True, False])

    def in_keras(x, mask):
        return tf.boolean_mask(x, mask)

    def in_torch(x, mask):
        return torch.masked_select(torch.tensor(x), torch.tensor(mask))

    def torch_as_keras(x, mask):
        return torch.tensor(x)[torch.tensor(mask)]

    def keras_as_torch(x, mask):
        return tf.boolean_mask(x, np.broadcast_to(mask, x.shape))


@difference(
    item="places where a condition holds",
    keras="tf.where: a row of coordinates for each place",
    torch="torch.where: a vector of coordinates for each axis; nonzero: rows",
    severity=SILENT_WRONG,
    hits="masks turned into indices; of as many places as axes nothing fails",
    recipe="torch: torch.nonzero; Keras: keras.ops.nonzero",
    sources=("tensorflow/python/ops/array_ops.py:L4447", "torch/_torch_docs.py:L12574"),
)
class WhereOneArgument:
    mask = np.array([[False, False], [True, True]])

    def in_keras(mask):
        return np.array(tf.where(mask))

    def in_torch(mask):
        return torch.stack(torch.where(torch.tensor(mask)))

    def torch_as_keras(mask):
        return torch.nonzero(torch.tensor(mask))

    def keras_as_torch(mask):
        return np.stack(keras.ops.nonzero(mask))


@difference(
    item="a tensor as the key of a dictionary",
    keras="TypeError: a tensor is not hashable, as == compares its elements",
    torch="hashed by its identity",
    severity=CRASH,
    hits="state kept for each weight in a dictionary, as torch's optimizers do",
    recipe="Keras: x.ref(); torch: a name, or id(x)",
    sources=("tensorflow/python/framework/tensor.py:L607", "torch/_tensor.py:L1217"),
    unaligned="torch has no such restriction to turn on",
)
class TensorAsKey:
    def in_keras():
        x = tf.ones(2)
        return {x: 3.0}[x]

    def in_torch():
        x = torch.ones(2)
        return {x: 3.0}[x]

    def keras_as_torch():
        x = tf.ones(2)
        return {x.ref(): 3.0}[x.ref()]


@difference(
    item="== of tensors whose shapes do not fit",
    keras="False, one for the whole",
    torch="RuntimeError",
    severity=CRASH,
    hits="accuracy counted between a vector and a matrix",
    recipe="torch: torch.equal, which compares wholes; Keras: keras.ops.equal, which raises",
    sources=("tensorflow/python/ops/math_ops.py:L1936", "torch/_torch_docs.py:L4089"),
)
class EqualityOfShapes:
    x = np.array([1.0, 2.0])
    y = np.array([1.0, 2.0, 3.0])

    def in_keras(x, y):
        return tf.constant(x) == tf.constant(y)

    def in_torch(x, y):
        return torch.tensor(x) == torch.tensor(y)

    def torch_as_keras(x, y):
        return torch.equal(torch.tensor(x), torch.tensor(y))

    def keras_as_torch(x, y):
        return keras.ops.equal(x, y)


@difference(
    item="equal of two tensors",
    keras="element by element",
    torch="torch.equal: one truth value for the whole; torch.eq and == go by elements",
    severity=SILENT_WRONG,
    hits="accuracies counted by equal(labels, predictions), which become all or nothing",
    recipe="torch: torch.eq; Keras: keras.ops.all(keras.ops.equal(x, y))",
    sources=("tensorflow/python/ops/math_ops.py:L1863", "torch/_torch_docs.py:L4117"),
)
class EqualByName:
    x = np.array([1, 2, 3])
    y = np.array([1, 2, 4])

    def in_keras(x, y):
        return keras.ops.equal(x, y)

    def in_torch(x, y):
        return torch.equal(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        return torch.eq(torch.tensor(x), torch.tensor(y))

    def keras_as_torch(x, y):
        return keras.ops.all(keras.ops.equal(x, y))


@difference(
    item="row and column of a flat index",
    keras="unravel_index of a single number, or of a matrix, takes the axes the wrong way round; "
    "of a vector it is right",
    torch="right: row-major order",
    severity=SILENT_WRONG,
    hits="the place of an argmax in a heat map",
    recipe="Keras: hand over a vector, index[None]; torch: nothing",
    sources=("keras/src/backend/tensorflow/numpy.py:L2815", "torch/functional.py:L1957"),
    unaligned="a wrong place is nothing that torch should be made to give",
)
class FlatIndex:
    shape = (2, 3)

    def in_keras(shape):
        return [int(each) for each in keras.ops.unravel_index(5, shape)]

    def in_torch(shape):
        return [int(each) for each in torch.unravel_index(torch.tensor(5), shape)]

    def keras_as_torch(shape):
        return [int(each[0]) for each in keras.ops.unravel_index([5], shape)]
