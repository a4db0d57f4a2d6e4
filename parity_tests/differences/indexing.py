"""Reading and writing elements: indices, gathers, masks, one-hot vectors, bins."""

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
    keras="tf.gather, keras.ops.take: whole rows, one for each index",
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
    item="adding to indices of which some repeat",
    keras="tensor_scatter_nd_add adds each",
    torch="x[indices] += v adds once for each place",
    severity=SILENT_WRONG,
    hits="histograms, message passing on graphs, gradients of embeddings by hand",
    recipe="torch: index_add_, or index_put_(accumulate=True); Keras: unique indices first",
    sources=("tensorflow/python/ops/gen_array_ops.py:L11309", "torch/_tensor_docs.py:L2457"),
)
class RepeatedIndices:
    indices = np.array([0, 1, 1, 1])

    def in_keras(indices):
        return tf.tensor_scatter_nd_add(tf.zeros(3), indices[:, None], tf.ones(4))

    def in_torch(indices):
        x = torch.zeros(3)
        x[torch.tensor(indices)] += 1.0
        return x

    def torch_as_keras(indices):
        return torch.zeros(3).index_add_(0, torch.tensor(indices), torch.ones(4))

    def keras_as_torch(indices):
        places = np.unique(indices)
        return tf.tensor_scatter_nd_add(tf.zeros(3), places[:, None], tf.ones(len(places)))


@difference(
    item="x += 1 while another name holds the tensor",
    keras="a new tensor: the other name keeps the old numbers",
    torch="in place: the other name sees the new numbers",
    severity=SILENT_WRONG,
    hits="residual connections written as x += layer(x), kept activations",
    recipe="torch: x = x + 1; Keras: a Variable and assign_add",
    sources=("tensorflow/python/ops/math_ops.py:L508", "torch/_tensor_docs.py:L377"),
)
class AugmentedAssignment:
    def in_keras():
        kept = x = tf.ones(2)
        x += 1.0
        return kept

    def in_torch():
        kept = x = torch.ones(2)
        x += 1.0
        return kept

    def torch_as_keras():
        kept = x = torch.ones(2)
        x = x + 1.0
        return kept

    def keras_as_torch():
        kept = x = keras.Variable(tf.ones(2))
        x.assign_add(tf.ones(2))
        return kept


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
    item="order of unique values",
    keras="tf.unique: as they first occur; keras.ops.unique: sorted",
    torch="torch.unique: sorted",
    severity=SILENT_WRONG,
    hits="vocabularies and class numbers made from data",
    recipe="Keras: keras.ops.unique; torch: reorder by the first occurrence",
    sources=("tensorflow/python/ops/array_ops.py:L1645", "torch/functional.py:L803"),
)
class UniqueOrder:
    x = np.array([3, 1, 3, 2, 1])

    def in_keras(x):
        return tf.unique(x).y

    def in_torch(x):
        return torch.unique(torch.tensor(x))

    def torch_as_keras(x):
        values, places = torch.unique(torch.tensor(x), return_inverse=True)
        first = [places.tolist().index(place) for place in range(len(values))]
        return values[torch.tensor(first).argsort()]

    def keras_as_torch(x):
        return keras.ops.unique(x)


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
    item="the bin of a number that lies on an edge",
    keras="the upper bin: edges[i − 1] ≤ x < edges[i]",
    torch="the lower bin: edges[i − 1] < x ≤ edges[i]",
    severity=SILENT_WRONG,
    hits="ages and counts, whose edges are numbers that occur",
    recipe="torch: bucketize(right=True); Keras: searchsorted(edges, x)",
    sources=("keras/src/backend/tensorflow/numpy.py:L1470", "torch/_torch_docs.py:L14237"),
)
class BinEdges:
    x = np.array([0.5, 1.0, 2.0, 3.0])
    edges = np.array([1.0, 2.0])

    def in_keras(x, edges):
        return keras.ops.digitize(x, edges)

    def in_torch(x, edges):
        return torch.bucketize(torch.tensor(x), torch.tensor(edges))

    def torch_as_keras(x, edges):
        return torch.bucketize(torch.tensor(x), torch.tensor(edges), right=True)

    def keras_as_torch(x, edges):
        return keras.ops.searchsorted(edges, x)


@difference(
    item="numbers outside the range of a histogram",
    keras="tf.histogram_fixed_width counts them in the first and the last bin",
    torch="torch.histc leaves them out",
    severity=SILENT_WRONG,
    hits="histograms of activations and errors",
    recipe="torch: clamp first; Keras: mask them out first",
    sources=("tensorflow/python/ops/histogram_ops.py:L105", "torch/_torch_docs.py:L5138"),
)
class HistogramOutside:
    x = np.array([-5.0, 0.1, 0.6, 9.0])

    def in_keras(x):
        return tf.histogram_fixed_width(x, tf.constant([0.0, 1.0], tf.float64), nbins=2)

    def in_torch(x):
        return torch.histc(torch.tensor(x), bins=2, min=0, max=1)

    def torch_as_keras(x):
        return torch.histc(torch.tensor(x).clamp(0, 1), bins=2, min=0, max=1)

    def keras_as_torch(x):
        inside = tf.boolean_mask(x, (x >= 0) & (x <= 1))
        return tf.histogram_fixed_width(inside, tf.constant([0.0, 1.0], tf.float64), nbins=2)


@difference(
    item="an index beyond the end in gather",
    keras="raises, on the CPU; on a GPU it gives 0",
    torch="raises IndexError",
    severity=NONE,
    hits="nobody on a CPU",
    recipe="check indices before they reach the model",
    sources=(
        "tensorflow/python/ops/array_ops.py:L4788",
        "torchgen/packaged/autograd/derivatives.yaml:L910",
    ),
)
class GatherBeyond:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        return tf.gather(x, [5])

    def in_torch(x):
        return torch.tensor(x)[[5]]


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


@difference(
    item="two values scattered to one place",
    keras="tf.scatter_nd and keras.ops.scatter add them",
    torch="scatter_ keeps one of them",
    severity=SILENT_WRONG,
    hits="voxels, bags of words and graphs, where an index repeats",
    recipe="torch: scatter_add_; TensorFlow: tensor_scatter_nd_update of zeros",
    sources=("tensorflow/python/ops/gen_array_ops.py:L9325", "torch/_tensor_docs.py:L4318"),
)
class ScatterRepeated:
    at, values = np.array([0, 0, 1]), np.array([1.0, 2.0, 4.0])

    def in_keras(at, values):
        return tf.scatter_nd(at[:, None], values, [2])

    def in_torch(at, values):
        x = torch.zeros(2, dtype=torch.float64)
        return x.scatter_(0, torch.tensor(at), torch.tensor(values))

    def torch_as_keras(at, values):
        x = torch.zeros(2, dtype=torch.float64)
        return x.scatter_add_(0, torch.tensor(at), torch.tensor(values))

    def keras_as_torch(at, values):
        return tf.tensor_scatter_nd_update(tf.zeros(2, tf.float64), at[:, None], values)


@difference(
    item="mean of each segment",
    keras="unsorted_segment_mean: the mean of what is there, 0 where nothing is",
    torch="scatter_reduce(reduce='mean') counts what was there before as one more: include_self",
    severity=SILENT_WRONG,
    hits="message passing on graphs, pooling of words",
    recipe="torch: include_self=False; TensorFlow: divide by the number and one",
    sources=("tensorflow/python/ops/math_ops.py:L4563", "torch/_tensor_docs.py:L4502"),
)
class SegmentMean:
    at, values = np.array([0, 0, 2]), np.array([1.0, 3.0, 4.0])

    def in_keras(at, values):
        return tf.math.unsorted_segment_mean(values, at, 3)

    def in_torch(at, values):
        x = torch.zeros(3, dtype=torch.float64)
        return x.scatter_reduce(0, torch.tensor(at), torch.tensor(values), "mean")

    def torch_as_keras(at, values):
        x = torch.zeros(3, dtype=torch.float64)
        options = {"reduce": "mean", "include_self": False}
        return x.scatter_reduce(0, torch.tensor(at), torch.tensor(values), **options)

    def keras_as_torch(at, values):
        counts = tf.math.unsorted_segment_sum(np.ones_like(values), at, 3)
        return tf.math.unsorted_segment_sum(values, at, 3) / (counts + 1)
