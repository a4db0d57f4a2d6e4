"""Metrics made of counts: precision, areas under curves, overlaps."""

import keras
import numpy as np
import torch

from parity_tests.differences.entry import EVALUATION, SILENT_WRONG, difference
from parity_tests.differences.metrics import digits

TITLE = "Metrics of counts"
STAGE = EVALUATION


@difference(
    item="precision where nothing is predicted positive",
    keras="0: 0/0 is taken for 0",
    torch="NaN by hand",
    severity=SILENT_WRONG,
    hits="rare classes, early epochs",
    recipe="torch: tp / (tp + fp).clamp(min=1); Keras: divide the counts",
    sources=("keras/src/metrics/confusion_metrics.py:L393", "torch/_torch_docs.py:L3931"),
)
class PrecisionOfNothing:
    y, p = np.array([1.0, 0.0, 1.0]), np.array([0.25, 0.25, 0.25])

    def in_keras(y, p):
        return keras.metrics.Precision()(y, p)

    def in_torch(y, p):
        predicted = torch.tensor(p) > 0.5
        return (predicted & (torch.tensor(y) == 1)).sum() / predicted.sum()

    def torch_as_keras(y, p):
        predicted = torch.tensor(p) > 0.5
        return (predicted & (torch.tensor(y) == 1)).sum() / predicted.sum().clamp(min=1)

    def keras_as_torch(y, p):
        metric = keras.metrics.Precision()
        metric.update_state(y, p)
        positives = metric.true_positives + metric.false_positives
        return (metric.true_positives / positives)[0]


@difference(
    item="precision over several batches",
    keras="counts are added up, divided once",
    torch="a loop that averages the precision of each batch",
    severity=SILENT_WRONG,
    hits="precision, recall, F1, correlation: all that is no mean over samples",
    recipe="torch: add up counts; Keras: reset_state after each batch",
    sources=("keras/src/metrics/confusion_metrics.py:L378", "torch/_torch_docs.py:L6925"),
)
class PrecisionOverBatches:
    y = np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    p = np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])

    def in_keras(y, p):
        metric = keras.metrics.Precision()
        for labels, scores in zip(y, p, strict=True):
            metric.update_state(labels, scores)
        return digits(metric.result())

    def in_torch(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return digits(((y * p).sum(1) / p.sum(1)).mean())

    def torch_as_keras(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        return digits((y * p).sum() / p.sum())

    def keras_as_torch(y, p):
        metric, found = keras.metrics.Precision(), []
        for labels, scores in zip(y, p, strict=True):
            found.append(float(metric(labels, scores)))
            metric.reset_state()
        return digits(np.mean(found))


@difference(
    item="precision of several classes",
    keras="every element above 0.5 counts as a prediction: a row may have none",
    torch="written by hand with argmax: a row has one",
    severity=SILENT_WRONG,
    hits="classifiers that are seldom sure; recall likewise",
    recipe="Keras: top_k=1; torch: compare with 0.5",
    sources=("keras/src/metrics/confusion_metrics.py:L348", "torch/_torch_docs.py:L6836"),
)
class PrecisionOfClasses:
    y = np.array([0, 1, 2, 2])
    p = np.array([[0.75, 0.25, 0.0], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25], [0.125, 0.25, 0.625]])

    def in_keras(y, p):
        metric = keras.metrics.Precision()
        metric.update_state(np.eye(3)[y], p)
        return metric.result()

    def in_torch(y, p):
        return (torch.tensor(p).argmax(1) == torch.tensor(y)).double().mean()

    def torch_as_keras(y, p):
        positive = torch.tensor(p) > 0.5
        return (positive & torch.eye(3)[y].bool()).sum() / positive.sum()

    def keras_as_torch(y, p):
        metric = keras.metrics.Precision(top_k=1)
        metric.update_state(np.eye(3)[y], p)
        return metric.result()


@difference(
    item="F1 of a single output, threshold left out",
    keras="threshold=None takes the largest of each row for positive: here, every sample",
    torch="p > 0.5 by hand",
    severity=SILENT_WRONG,
    hits="binary classifiers with one output",
    recipe="Keras: F1Score(threshold=0.5)",
    sources=("keras/src/metrics/f_score_metrics.py:L165", "torch/_torch_docs.py:L5036"),
)
class F1OfOneOutput:
    y = np.array([[1.0], [0.0], [0.0], [1.0]])
    p = np.array([[0.75], [0.25], [0.125], [0.875]])

    def in_keras(y, p):
        return digits(keras.metrics.F1Score()(y, p)[0])

    def in_torch(y, p):
        y, predicted = torch.tensor(y), (torch.tensor(p) > 0.5).double()
        return digits(2 * (y * predicted).sum() / (y.sum() + predicted.sum()))

    def torch_as_keras(y, p):
        y, p = torch.tensor(y), torch.tensor(p)
        predicted = (p >= p.amax(1, keepdim=True)).double()
        return digits(2 * (y * predicted).sum() / (y.sum() + predicted.sum()))

    def keras_as_torch(y, p):
        return digits(keras.metrics.F1Score(threshold=0.5)(y, p)[0])


@difference(
    item="area under the ROC curve of scores close together",
    keras="200 thresholds, evenly from 0 to 1: scores between two of them are one",
    torch="by hand, the share of pairs in the right order",
    severity=SILENT_WRONG,
    hits="rare events, whose scores are all near 0",
    recipe="Keras: thresholds between the scores",
    sources=("keras/src/metrics/confusion_metrics.py:L1191", "torch/_torch_docs.py:L5036"),
    unaligned="to have torch as coarse, its scores are rounded to the 200 thresholds",
)
class AreaUnderCurve:
    y = np.array([0.0, 0.0, 1.0, 1.0])
    p = np.array([0.001, 0.002, 0.003, 0.004])

    def in_keras(y, p):
        return digits(keras.metrics.AUC()(y, p))

    def in_torch(y, p):
        p, y = torch.tensor(p), torch.tensor(y)
        return digits((p[y == 1][:, None] > p[y == 0]).float().mean())

    def keras_as_torch(y, p):
        between = [float(each) for each in (p[1:] + p[:-1]) / 2]
        return digits(keras.metrics.AUC(thresholds=between)(y, p))


@difference(
    item="area under the curve of logits",
    keras="from_logits=False: all below 0 are one tie, and all above 1 another",
    torch="by ranks: the same as of probabilities",
    severity=SILENT_WRONG,
    hits="models without a sigmoid, compiled with metrics=['AUC']",
    recipe="Keras: AUC(from_logits=True); torch: clamp to [0, 1] first",
    sources=("keras/src/metrics/confusion_metrics.py:L1200", "torch/_torch_docs.py:L6925"),
)
class AreaOfLogits:
    y = np.array([0, 1, 0, 1])
    z = np.array([-3.0, -0.5, -1.0, 2.0])

    def in_keras(y, z):
        metric = keras.metrics.AUC()
        metric.update_state(y, z)
        return metric.result()

    def in_torch(y, z):
        positive, negative = torch.tensor(z[y == 1])[:, None], torch.tensor(z[y == 0])
        return ((positive > negative).double() + (positive == negative) / 2).mean()

    def torch_as_keras(y, z):
        p = torch.tensor(z).clamp(0, 1)
        positive, negative = p[y == 1][:, None], p[y == 0]
        return ((positive > negative).double() + (positive == negative) / 2).mean()

    def keras_as_torch(y, z):
        metric = keras.metrics.AUC(from_logits=True)
        metric.update_state(y, z)
        return metric.result()


@difference(
    item="mean intersection over union where a class is absent",
    keras="the mean over the classes that occur",
    torch="0/0 by hand: NaN",
    severity=SILENT_WRONG,
    hits="segmentation of few images",
    recipe="torch: nanmean",
    sources=("keras/src/metrics/iou_metrics.py:L311", "torch/_torch_docs.py:L3931"),
)
class IntersectionOfAbsent:
    y, p = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])

    def in_keras(y, p):
        return digits(keras.metrics.MeanIoU(3)(y, p))

    def in_torch(y, p):
        y, p = (torch.tensor(ids)[:, None] == torch.arange(3) for ids in (y, p))
        return digits(((y & p).sum(0) / (y | p).sum(0)).mean())

    def torch_as_keras(y, p):
        y, p = (torch.tensor(ids)[:, None] == torch.arange(3) for ids in (y, p))
        return digits(((y & p).sum(0) / (y | p).sum(0)).nanmean())

    def keras_as_torch(y, p):
        metric = keras.metrics.MeanIoU(3)
        metric.update_state(y, p)
        counts = np.array(metric.total_cm, dtype=float)
        right = np.diag(counts)
        return digits(np.mean(right / (counts.sum(0) + counts.sum(1) - right)))


@difference(
    item="intersection over union handed probabilities",
    keras="MeanIoU takes class ids, and cuts what it is handed to integers: all is class 0",
    torch="p > 0.5 by hand",
    severity=SILENT_WRONG,
    hits="segmentation with a sigmoid at the end, compiled with MeanIoU(2)",
    recipe="Keras: BinaryIoU, which has a threshold, or MeanIoU(sparse_y_pred=False) of a softmax",
    sources=("keras/src/metrics/iou_metrics.py:L158", "torch/_torch_docs.py:L5036"),
)
class IntersectionOfProbabilities:
    y, p = np.array([0, 1, 0, 1]), np.array([0.125, 0.875, 0.75, 0.625])

    def in_keras(y, p):
        return digits(keras.metrics.MeanIoU(2)(y, p))

    def in_torch(y, p):
        y, p = (ids[:, None] == torch.arange(2) for ids in (torch.tensor(y), torch.tensor(p) > 0.5))
        return digits(((y & p).sum(0) / (y | p).sum(0)).mean())

    def torch_as_keras(y, p):
        y, p = (ids[:, None] == torch.arange(2) for ids in (torch.tensor(y), torch.tensor(p).int()))
        return digits(((y & p).sum(0) / (y | p).sum(0)).mean())

    def keras_as_torch(y, p):
        return digits(keras.metrics.BinaryIoU([0, 1], threshold=0.5)(y, p))
