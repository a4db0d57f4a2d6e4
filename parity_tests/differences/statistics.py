"""Statistics: spread, median, counts, bins."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import CRASH, LAYERS, SILENT_WRONG, difference

TITLE = "Statistics, counts and bins"
STAGE = LAYERS


@difference(
    item="standard deviation and variance",
    keras="of the population: divided by n",
    torch="of a sample: divided by n − 1 (correction=1)",
    severity=SILENT_WRONG,
    hits="every hand-written normalisation; of a single value torch gives NaN",
    recipe="torch: correction=0; Keras: multiply by √(n / (n − 1))",
    sources=("keras/src/backend/tensorflow/numpy.py:L3011", "torch/_torch_docs.py:L10798"),
)
class StandardDeviation:
    x = np.array([1.0, 2.0, 4.0, 8.0])

    def in_keras(x):
        return keras.ops.std(x)

    def in_torch(x):
        return torch.tensor(x).std()

    def torch_as_keras(x):
        return torch.tensor(x).std(correction=0)

    def keras_as_torch(x):
        return keras.ops.std(x) * np.sqrt(x.size / (x.size - 1))


@difference(
    item="median of an even number of values",
    keras="the mean of the two in the middle",
    torch="the lower of the two",
    severity=SILENT_WRONG,
    hits="robust statistics, and thresholds taken from data",
    recipe="torch: torch.quantile(x, 0.5); Keras: the value at (n − 1) // 2 of the sorted",
    sources=("keras/src/backend/tensorflow/numpy.py:L2199", "torch/_torch_docs.py:L7041"),
)
class MedianOfEven:
    x = np.array([4.0, 1.0, 3.0, 2.0])

    def in_keras(x):
        return keras.ops.median(x)

    def in_torch(x):
        return torch.median(torch.tensor(x))

    def torch_as_keras(x):
        return torch.quantile(torch.tensor(x), 0.5)

    def keras_as_torch(x):
        return keras.ops.sort(x)[(x.size - 1) // 2]


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
    item="searching sorted numbers, row by row",
    keras="keras.ops.searchsorted: ValueError, one axis only; tf.searchsorted takes rows",
    torch="each row is searched in its own",
    severity=CRASH,
    hits="drawing from distributions by their cumulative sums, as along the rays of a NeRF",
    recipe="Keras: tf.searchsorted, or keras.ops.vectorized_map",
    sources=("keras/src/backend/tensorflow/numpy.py:L2870", "torch/_torch_docs.py:L14154"),
    unaligned="an error is nothing that torch should be made to raise",
)
class SearchsortedRows:
    edges = np.array([[1.0, 2.0], [3.0, 4.0]])
    x = np.array([[1.5, 5.0], [2.5, 3.5]])

    def in_keras(edges, x):
        return keras.ops.searchsorted(edges, x)

    def in_torch(edges, x):
        return torch.searchsorted(torch.tensor(edges), torch.tensor(x))

    def keras_as_torch(edges, x):
        return tf.searchsorted(edges, x)


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
    item="number of bins of a histogram, unless given",
    keras="10",
    torch="100, of torch.histogram and torch.histc",
    severity=SILENT_WRONG,
    hits="histograms of weights and activations, compared by eye or by a divergence",
    recipe="pass bins",
    sources=("keras/src/backend/tensorflow/numpy.py:L3848", "torch/_torch_docs.py:L5130"),
)
class HistogramBins:
    x = np.array([0.0, 1.0, 2.0, 4.0])

    def in_keras(x):
        return keras.ops.histogram(x)[0]

    def in_torch(x):
        return torch.histogram(torch.tensor(x)).hist

    def torch_as_keras(x):
        return torch.histogram(torch.tensor(x), bins=10).hist

    def keras_as_torch(x):
        return keras.ops.histogram(x, bins=100)[0]


@difference(
    item="counting labels in a matrix",
    keras="keras.ops.bincount: each row by itself; tf.math.bincount: all together",
    torch="RuntimeError: one axis only",
    severity=CRASH,
    hits="histograms of words or classes for each sample of a batch",
    recipe="torch: F.one_hot(x).sum(1)",
    sources=("keras/src/backend/tensorflow/numpy.py:L184", "torch/_torch_docs.py:L1496"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class BincountOfMatrix:
    x = np.array([[1, 1], [0, 2]])

    def in_keras(x):
        return keras.ops.bincount(x)

    def in_torch(x):
        return torch.bincount(torch.tensor(x))

    def torch_as_keras(x):
        return F.one_hot(torch.tensor(x)).sum(1)


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
