"""Writing elements: scatters, and reductions of segments."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Scatters and segments"
STAGE = LAYERS


def largest(x, segments, **options):
    """Of each of two segments, put into zeros by scatter_reduce."""
    start = torch.zeros(2, dtype=torch.float64)
    return start.scatter_reduce(0, torch.tensor(segments), torch.tensor(x), "amax", **options)


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
    item="assigning twice to one element in a call",
    keras="the last value stays, on a CPU",
    torch="the last value stays, on a CPU",
    severity=NONE,
    hits="nobody on a CPU; neither promises an order, and a GPU has none",
    recipe="never assign to one element twice; add",
    sources=("tensorflow/python/ops/gen_array_ops.py:L11897", "torch/_tensor_docs.py:L2457"),
)
class RepeatedAssignment:
    x = np.zeros(3)
    values = np.array([5.0, 7.0])

    def in_keras(x, values):
        return tf.tensor_scatter_nd_update(x, [[0], [0]], values)

    def in_torch(x, values):
        return torch.tensor(x).index_put_((torch.tensor([0, 0]),), torch.tensor(values))


@difference(
    item="scatter into zeros, an index repeated",
    keras="tf.scatter_nd, keras.ops.scatter: the values are added",
    torch="scatter_: one value replaces the other",
    severity=SILENT_WRONG,
    hits="pooling over nodes of a graph, point clouds on a grid, sparse gradients",
    recipe="torch: scatter_add_; Keras: keras.ops.scatter_update",
    sources=("tensorflow/python/ops/gen_array_ops.py:L9338", "torch/_tensor_docs.py:L4318"),
)
class ScatterRepeated:
    places = np.array([0, 0, 1])
    values = np.array([1.0, 2.0, 3.0])

    def in_keras(places, values):
        return keras.ops.scatter(places[:, None], values, (3,))

    def in_torch(places, values):
        x = torch.zeros(3, dtype=torch.float64)
        return x.scatter_(0, torch.tensor(places), torch.tensor(values))

    def torch_as_keras(places, values):
        x = torch.zeros(3, dtype=torch.float64)
        return x.scatter_add_(0, torch.tensor(places), torch.tensor(values))

    def keras_as_torch(places, values):
        return keras.ops.scatter_update(np.zeros(3), places[:, None], values)


@difference(
    item="maximum of each segment, all numbers negative",
    keras="segment_max: of the numbers of the segment",
    torch="scatter_reduce: of these and of what the tensor held before, zeros mostly",
    severity=SILENT_WRONG,
    hits="maximum pooling over the nodes of graphs and the words of ragged batches",
    recipe="torch: include_self=False; Keras: maximum of it and 0",
    sources=("tensorflow/python/ops/gen_math_ops.py:L9011", "torch/_tensor_docs.py:L4502"),
)
class SegmentMaxNegative:
    x = np.array([-2.0, -1.0, -3.0])
    segments = np.array([0, 0, 1])

    def in_keras(x, segments):
        return tf.math.segment_max(x, segments)

    def in_torch(x, segments):
        return largest(x, segments)

    def torch_as_keras(x, segments):
        return largest(x, segments, include_self=False)

    def keras_as_torch(x, segments):
        return tf.maximum(tf.math.segment_max(x, segments), 0.0)


@difference(
    item="maximum of a segment that has no elements",
    keras="the lowest number of the format: −1.8·10³⁰⁸; of tf.math.segment_max 0",
    torch="what the tensor held before: 0",
    severity=SILENT_WRONG,
    hits="graphs without edges and bags without words, whose next layer overflows",
    recipe="torch: begin with torch.finfo(x.dtype).min; Keras: where it is the lowest number, 0",
    sources=("tensorflow/python/ops/gen_math_ops.py:L12885", "torch/_tensor_docs.py:L4502"),
)
class SegmentEmpty:
    x = np.array([2.0, 1.0])
    segments = np.array([0, 0])

    def in_keras(x, segments):
        return keras.ops.segment_max(x, segments, num_segments=2)

    def in_torch(x, segments):
        return largest(x, segments, include_self=False)

    def torch_as_keras(x, segments):
        start = torch.full((2,), torch.finfo(torch.float64).min, dtype=torch.float64)
        return start.scatter_reduce(0, torch.tensor(segments), torch.tensor(x), "amax")

    def keras_as_torch(x, segments):
        y = keras.ops.segment_max(x, segments, num_segments=2)
        return tf.where(y == y.dtype.min, 0.0, y)


@difference(
    item="sums of segments whose numbers are not in order",
    keras="tf.math.segment_sum: an error; unsorted_segment_sum and keras.ops take any order",
    torch="index_add takes any order",
    severity=CRASH,
    hits="edges of graphs, sorted by their source but added by their target",
    recipe="Keras: keras.ops.segment_sum(sorted=False), its default",
    sources=("tensorflow/python/ops/gen_math_ops.py:L9864", "torch/_tensor_docs.py:L2343"),
    unaligned="an error is nothing that torch should be made to raise",
)
class SegmentsUnsorted:
    x = np.array([1.0, 2.0, 4.0])
    segments = np.array([0, 1, 0])

    def in_keras(x, segments):
        return tf.math.segment_sum(x, segments)

    def in_torch(x, segments):
        start = torch.zeros(2, dtype=torch.float64)
        return start.index_add(0, torch.tensor(segments), torch.tensor(x))

    def keras_as_torch(x, segments):
        return keras.ops.segment_sum(x, segments, num_segments=2)


@difference(
    item="a segment of number −1",
    keras="is left out",
    torch="IndexError",
    severity=CRASH,
    hits="padding among the nodes or words of a batch, numbered −1",
    recipe="torch: drop what is negative first; Keras: check the numbers",
    sources=("tensorflow/python/ops/gen_math_ops.py:L13290", "torch/_tensor_docs.py:L2343"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class SegmentNegative:
    x = np.array([1.0, 2.0, 4.0])
    segments = np.array([0, -1, 1])

    def in_keras(x, segments):
        return keras.ops.segment_sum(x, segments, num_segments=2)

    def in_torch(x, segments):
        start = torch.zeros(2, dtype=torch.float64)
        return start.index_add(0, torch.tensor(segments), torch.tensor(x))

    def torch_as_keras(x, segments):
        start, valid = torch.zeros(2, dtype=torch.float64), segments >= 0
        return start.index_add(0, torch.tensor(segments[valid]), torch.tensor(x[valid]))


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
