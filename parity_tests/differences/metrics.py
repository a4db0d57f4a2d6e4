"""Metrics: torch ships none, so that its side is what is written by hand."""

import keras
import numpy as np
import torch

from parity_tests.differences.entry import (
    COSMETIC,
    EVALUATION,
    SILENT_WRONG,
    difference,
)

TITLE = "Metrics"
STAGE = EVALUATION


def digits(value):
    """To three digits: Keras' metrics are kept in float32."""
    return round(float(value), 3)


@difference(
    item="binary accuracy handed logits",
    keras="threshold 0.5, whatever the numbers are",
    torch="logits > 0 by hand",
    severity=SILENT_WRONG,
    hits="binary classifiers without a sigmoid at the end, compiled with metrics=['accuracy']",
    recipe="Keras: BinaryAccuracy(threshold=0.0)",
    sources=("keras/src/metrics/accuracy_metrics.py:L63", "torch/nn/functional.py:L3628"),
)
class AccuracyOfLogits:
    y, z = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.25, -1.0, 2.0, -3.0])

    def in_keras(y, z):
        return keras.metrics.BinaryAccuracy()(y, z)

    def in_torch(y, z):
        return ((torch.tensor(z) > 0) == (torch.tensor(y) == 1)).float().mean()

    def torch_as_keras(y, z):
        return ((torch.tensor(z) > 0.5) == (torch.tensor(y) == 1)).float().mean()

    def keras_as_torch(y, z):
        return keras.metrics.BinaryAccuracy(threshold=0.0)(y, z)


@difference(
    item="a probability of exactly 0.5",
    keras="negative: p > 0.5",
    torch="positive, where it is written p ≥ 0.5",
    severity=COSMETIC,
    hits="untrained networks, quantized ones",
    recipe="write p > 0.5",
    sources=("keras/src/metrics/accuracy_metrics.py:L68", "torch/nn/functional.py:L3628"),
)
class AccuracyAtThreshold:
    y, p = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.75])

    def in_keras(y, p):
        return digits(keras.metrics.BinaryAccuracy()(y, p))

    def in_torch(y, p):
        return digits(((torch.tensor(p) >= 0.5) == (torch.tensor(y) == 1)).float().mean())

    def torch_as_keras(y, p):
        return digits(((torch.tensor(p) > 0.5) == (torch.tensor(y) == 1)).float().mean())

    def keras_as_torch(y, p):
        threshold = np.nextafter(0.5, 0)
        return digits(keras.metrics.BinaryAccuracy(threshold=threshold)(y, p))


@difference(
    item="the metric called Accuracy, handed probabilities",
    keras="the share of predictions equal to the label: 0.75 is not 1",
    torch="classes are compared by hand",
    severity=SILENT_WRONG,
    hits="training loops of one's own in Keras: the accuracy stays at 0",
    recipe="Keras: BinaryAccuracy, SparseCategoricalAccuracy or CategoricalAccuracy",
    sources=("keras/src/metrics/accuracy_metrics.py:L12", "torch/nn/functional.py:L3472"),
)
class AccuracyByName:
    y, p = np.array([1.0, 0.0]), np.array([0.75, 0.25])

    def in_keras(y, p):
        return keras.metrics.Accuracy()(y, p)

    def in_torch(y, p):
        return ((torch.tensor(p) > 0.5) == (torch.tensor(y) == 1)).float().mean()

    def torch_as_keras(y, p):
        return (torch.tensor(p) == torch.tensor(y)).float().mean()

    def keras_as_torch(y, p):
        return keras.metrics.BinaryAccuracy()(y, p)


@difference(
    item="top-k accuracy where scores are equal",
    keras="all that tie with the k-th count as hits: equal scores give 100%",
    torch="torch.topk returns k of them",
    severity=SILENT_WRONG,
    hits="collapsed networks, saturated or quantized scores",
    recipe="torch: compare with the k-th score; Keras: keras.ops.top_k",
    sources=("keras/src/metrics/accuracy_metrics.py:L428", "torch/_torch_docs.py:L11542"),
)
class TopKTies:
    y, p = np.arange(10), np.full((10, 10), 0.1, "float32")

    def in_keras(y, p):
        return digits(keras.metrics.SparseTopKCategoricalAccuracy(k=5)(y, p))

    def in_torch(y, p):
        hits = torch.topk(torch.tensor(p), 5).indices == torch.tensor(y)[:, None]
        return digits(hits.any(1).float().mean())

    def torch_as_keras(y, p):
        p, y = torch.tensor(p), torch.tensor(y)
        lowest = torch.topk(p, 5).values[:, -1]
        return digits((p[torch.arange(len(y)), y] >= lowest).float().mean())

    def keras_as_torch(y, p):
        _, best = keras.ops.top_k(p, 5)
        return digits(np.mean(np.any(np.array(best) == y[:, None], axis=1)))


@difference(
    item="a metric called for a second batch",
    keras="the result over both: a metric keeps its state",
    torch="the result of that batch: a function has none",
    severity=SILENT_WRONG,
    hits="training loops of one's own in Keras: epochs run into each other",
    recipe="Keras: reset_state; torch: keep sums",
    sources=("keras/src/metrics/metric.py:L224", "torch/nn/functional.py:L4245"),
)
class MetricState:
    batches = np.array([[1.0, 3.0], [5.0, 7.0]])

    def in_keras(batches):
        metric = keras.metrics.Mean()
        return [metric(batch) for batch in batches]

    def in_torch(batches):
        return [torch.tensor(batch).mean() for batch in batches]

    def torch_as_keras(batches):
        batches = torch.tensor(batches)
        return [batches[: n + 1].mean() for n in range(len(batches))]

    def keras_as_torch(batches):
        return [keras.metrics.Mean()(batch) for batch in batches]


@difference(
    item="R² of a target that is constant",
    keras="0, in the place of −∞",
    torch="−∞ by hand",
    severity=SILENT_WRONG,
    hits="small batches, sparse outputs",
    recipe="decide on it in both",
    sources=("keras/src/metrics/regression_metrics.py:L531", "torch/_torch_docs.py:L3931"),
)
class R2OfConstant:
    y, p = np.array([[2.0], [2.0]]), np.array([[1.0], [2.0]])

    def in_keras(y, p):
        return keras.metrics.R2Score()(y, p)

    def in_torch(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()

    def torch_as_keras(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        score = 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        return torch.where(score.isinf(), 0.0, score)

    def keras_as_torch(y, p):
        return 1 - np.sum((y - p) ** 2) / keras.ops.sum((y - y.mean()) ** 2)


@difference(
    item="R² of targets far from zero",
    keras="Σy² − (Σy)²/n in float32: digits cancel",
    torch="Σ(y − mean)² by hand",
    severity=SILENT_WRONG,
    hits="prices, years, temperatures in kelvin",
    recipe="Keras: subtract a constant from both first",
    sources=("keras/src/metrics/regression_metrics.py:L529", "torch/_torch_docs.py:L6925"),
    unaligned="torch has no reason to cancel",
)
class R2Cancels:
    y = np.array([[10000.0], [10000.25], [10000.5], [10000.75]])
    p = np.array([[10000.0], [10000.25], [10000.5], [10000.5]])

    def in_keras(y, p):
        return digits(keras.metrics.R2Score()(y, p))

    def in_torch(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return digits(1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum())

    def keras_as_torch(y, p):
        return digits(keras.metrics.R2Score()(y - 10000, p - 10000))


@difference(
    item="a mean of more than 2²⁴ samples",
    keras="sum and count are float32: adding 1 no longer counts",
    torch="counts by hand are Python integers",
    severity=COSMETIC,
    hits="pixel-wise metrics over a data set",
    recipe="Keras: Mean(dtype='float64')",
    sources=("keras/src/metrics/reduction_metrics.py:L149", "torch/_torch_docs.py:L10949"),
)
class MeanCount:
    many = 2**24

    def in_keras(many):
        metric = keras.metrics.Mean()
        metric.update_state(1.0, sample_weight=many)
        metric.update_state(1.0)
        return float(metric.count)

    def in_torch(many):
        return torch.tensor(many) + 1

    def torch_as_keras(many):
        return torch.tensor(many, dtype=torch.float32) + 1

    def keras_as_torch(many):
        metric = keras.metrics.Mean(dtype="float64")
        metric.update_state(1.0, sample_weight=many)
        metric.update_state(1.0)
        return float(metric.count)


@difference(
    item="accuracy of a model with one output",
    keras="'accuracy' becomes binary, by the shape: the output is above 0.5",
    torch="argmax over one column is always 0",
    severity=SILENT_WRONG,
    hits="binary classifiers with the loop of one for several classes",
    recipe="torch: compare with the threshold; Keras: SparseCategoricalAccuracy",
    sources=("keras/src/trainers/compile_utils.py:L65", "torch/_torch_docs.py:L6836"),
)
class AccuracyOfOneOutput:
    y = np.array([1, 1, 1, 0])
    p = np.array([[0.75], [0.875], [0.25], [0.125]])

    def in_keras(y, p):
        metric = keras.metrics.BinaryAccuracy()
        metric.update_state(y, p)
        return metric.result()

    def in_torch(y, p):
        return (torch.tensor(p).argmax(1) == torch.tensor(y)).double().mean()

    def torch_as_keras(y, p):
        return ((torch.tensor(p[:, 0]) > 0.5) == torch.tensor(y)).double().mean()

    def keras_as_torch(y, p):
        metric = keras.metrics.SparseCategoricalAccuracy()
        metric.update_state(y, p)
        return metric.result()


@difference(
    item="mean of nothing",
    keras="0: a metric divides by divide_no_nan",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="validation that was left out, or empty, and looks perfect as a loss",
    recipe="torch: divide by the number, at least 1; Keras: keras.ops.mean",
    sources=("keras/src/metrics/reduction_metrics.py:L156", "torch/_torch_docs.py:L6925"),
)
class EmptyMean:
    losses = np.zeros(0)

    def in_keras(losses):
        return keras.metrics.Mean().result()

    def in_torch(losses):
        return torch.tensor(losses).mean()

    def torch_as_keras(losses):
        return torch.tensor(losses).sum() / max(len(losses), 1)

    def keras_as_torch(losses):
        return keras.ops.mean(losses)


@difference(
    item="root mean squared error over batches",
    keras="the root of the mean over all samples",
    torch="a loop usually takes the mean of each batch's root",
    severity=SILENT_WRONG,
    hits="regression; likewise perplexity, R² and other results that are no mean",
    recipe="torch: add up squares and samples, and take the root last",
    sources=("keras/src/metrics/regression_metrics.py:L246", "torch/nn/functional.py:L4245"),
)
class RootOverBatches:
    errors = np.array([[3.0, 3.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])

    def in_keras(errors):
        metric = keras.metrics.RootMeanSquaredError(dtype="float64")
        for batch in errors:
            metric.update_state(np.zeros_like(batch), batch)
        return metric.result()

    def in_torch(errors):
        return torch.stack([batch.square().mean().sqrt() for batch in torch.tensor(errors)]).mean()

    def torch_as_keras(errors):
        squares = sum(batch.square().sum() for batch in torch.tensor(errors))
        return (squares / errors.size).sqrt()

    def keras_as_torch(errors):
        mean, metric = (
            keras.metrics.Mean(dtype="float64"),
            keras.metrics.RootMeanSquaredError(dtype="float64"),
        )
        for batch in errors:
            metric.reset_state()
            metric.update_state(np.zeros_like(batch), batch)
            mean.update_state(metric.result())
        return mean.result()


@difference(
    item="accuracy over steps of which a mask leaves some out",
    keras="over the steps that count: the mask travels with the prediction",
    torch="over all steps",
    severity=SILENT_WRONG,
    hits="padded sequences, whose padding is easily right",
    recipe="torch: index with the mask first; Keras: hand over the prediction as an array",
    sources=("keras/src/metrics/reduction_metrics.py:L204", "torch/_torch_docs.py:L6836"),
)
class MaskedAccuracy:
    x = np.array([[[0.75, 0.25], [0.25, 0.75], [0.0, 0.0], [0.0, 0.0]]])
    y = np.array([[1, 1, 0, 0]])

    def in_keras(x, y):
        metric = keras.metrics.SparseCategoricalAccuracy()
        metric.update_state(y, keras.layers.Masking()(x))
        return metric.result()

    def in_torch(x, y):
        return (torch.tensor(x).argmax(-1) == torch.tensor(y)).double().mean()

    def torch_as_keras(x, y):
        mask = (torch.tensor(x) != 0).any(-1)
        return (torch.tensor(x).argmax(-1) == torch.tensor(y))[mask].double().mean()

    def keras_as_torch(x, y):
        metric = keras.metrics.SparseCategoricalAccuracy()
        metric.update_state(y, np.array(keras.layers.Masking()(x)))
        return metric.result()


@difference(
    item="metrics of samples that have weights",
    keras="metrics leave weights out; weighted_metrics are Σ w m / Σ w, the loss is Σ w l / n",
    torch="by hand with the weights, as in the loss",
    severity=SILENT_WRONG,
    hits="sample_weight and class_weight: the accuracy that is watched is another than the loss's",
    recipe="Keras: weighted_metrics; torch: leave the weights out",
    sources=("keras/src/trainers/compile_utils.py:L351", "torch/nn/functional.py:L4245"),
)
class MetricWeights:
    y, p = np.array([[1.0], [2.0]]), np.array([[2.0], [4.0]])
    weights = np.array([1.0, 3.0])

    def in_keras(y, p, weights):
        model = keras.Sequential([keras.layers.Identity()])
        model.compile(loss="mse", metrics=["mse"], run_eagerly=True)
        return model.evaluate(p, y, sample_weight=weights, verbose=0)[1]

    def in_torch(y, p, weights):
        y, p, weights = torch.tensor(y), torch.tensor(p), torch.tensor(weights)
        return (weights * (p - y).square()[:, 0]).sum() / weights.sum()

    def torch_as_keras(y, p, weights):
        return (torch.tensor(p) - torch.tensor(y)).square().mean()

    def keras_as_torch(y, p, weights):
        model = keras.Sequential([keras.layers.Identity()])
        model.compile(loss="mse", weighted_metrics=["mse"], run_eagerly=True)
        return model.evaluate(p, y, sample_weight=weights, verbose=0)[1]
