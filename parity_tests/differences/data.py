"""Data: batches, order, splits, and what types numbers arrive in."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)

from parity_tests.differences.entry import (
    LOOP,
    NONE,
    SILENT_WRONG,
    difference,
)

TITLE = "Data"
STAGE = LOOP


class Recorder(keras.Model):
    """Notes the rows of every training batch, in the place of training."""

    def train_step(self, rows):
        rows, _, _ = keras.utils.unpack_x_y_sample_weight(rows)
        self.batches = [*getattr(self, "batches", []), np.ravel(rows)]
        return {"loss": tf.constant(0.0)}

    def test_step(self, rows):
        return {"loss": tf.constant(0.0)}


def rows_of(x, **options):
    """Which rows each batch of an epoch of fit holds."""
    model = Recorder()
    model.compile(run_eagerly=True)
    model.fit(x, verbose=0, **options)
    return list(model.batches)


@difference(
    item="order of the samples in an epoch",
    keras="fit shuffles: shuffle=True",
    torch="DataLoader keeps the order: shuffle=False",
    severity=SILENT_WRONG,
    hits="data sorted by class: torch then sees one class after another",
    recipe="torch: DataLoader(shuffle=True)",
    sources=("keras/src/backend/tensorflow/trainer.py:L325", "torch/utils/data/dataloader.py:L259"),
)
class ShuffleByDefault:
    x = np.arange(64.0)

    def in_keras(x):
        return bool(np.array_equal(np.concatenate(rows_of(x)), x))

    def in_torch(x):
        batches = DataLoader(torch.tensor(x), batch_size=32)
        return torch.equal(torch.cat(list(batches)), torch.tensor(x))

    def torch_as_keras(x):
        batches = DataLoader(torch.tensor(x), batch_size=32, shuffle=True)
        return torch.equal(torch.cat(list(batches)), torch.tensor(x))

    def keras_as_torch(x):
        return bool(np.array_equal(np.concatenate(rows_of(x, shuffle=False)), x))


@difference(
    item="samples in a batch",
    keras="32",
    torch="1",
    severity=SILENT_WRONG,
    hits="ports that leave it out: 32 times the updates, batch normalization of one sample",
    recipe="pass batch_size",
    sources=("keras/src/trainers/data_adapters/array_data_adapter.py:L88",
             "torch/utils/data/dataloader.py:L258"),
)  # fmt: skip
class BatchSize:
    x = np.arange(40.0)

    def in_keras(x):
        return len(rows_of(x))

    def in_torch(x):
        return len(DataLoader(torch.tensor(x)))

    def torch_as_keras(x):
        return len(DataLoader(torch.tensor(x), batch_size=32))

    def keras_as_torch(x):
        return len(rows_of(x, batch_size=1))


@difference(
    item="the last batch, smaller than the others",
    keras="kept",
    torch="kept: drop_last=False",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/trainers/data_adapters/array_data_adapter.py:L88",
             "torch/utils/data/dataloader.py:L265"),
)  # fmt: skip
class LastBatch:
    x = np.arange(10.0)

    def in_keras(x):
        return [len(batch) for batch in rows_of(x, batch_size=4)]

    def in_torch(x):
        return [len(batch) for batch in DataLoader(torch.tensor(x), batch_size=4)]


@difference(
    item="rows held back for validation, a fifth of them",
    keras="validation_split takes the last, before anything is shuffled",
    torch="random_split draws them",
    severity=SILENT_WRONG,
    hits="data sorted by class or by time",
    recipe="torch: Subset of a range; Keras: permute first, and pass validation_data",
    sources=("keras/src/trainers/data_adapters/array_slicing.py:L497",
             "torch/utils/data/dataset.py:L449"),
)  # fmt: skip
class ValidationSplit:
    x = np.arange(100.0)

    def in_keras(x):
        return np.sort(np.concatenate(rows_of(x, validation_split=0.2)))

    def in_torch(x):
        torch.manual_seed(0)
        train, _ = random_split(torch.tensor(x), [0.8, 0.2])
        return np.sort([float(row) for row in train])

    def torch_as_keras(x):
        train = Subset(torch.tensor(x), range(int(0.8 * len(x))))
        return np.sort([float(row) for row in train])

    def keras_as_torch(x):
        torch.manual_seed(0)
        train, _ = random_split(range(len(x)), [0.8, 0.2])
        return np.sort(np.concatenate(rows_of(x[train.indices])))


@difference(
    item="what shuffling by a buffer of 10 reaches",
    keras="tf.data draws among the next 10: the first sample is one of the first ten",
    torch="a permutation of them all",
    severity=SILENT_WRONG,
    hits="tf.data pipelines over sorted files",
    recipe="Keras: a buffer as long as the data; torch: none needed",
    sources=("tensorflow/python/data/ops/dataset_ops.py:L1419",
             "torch/utils/data/sampler.py:L182"),
    unaligned="torch has no shuffle by a buffer for what has a length",
)  # fmt: skip
class ShuffleBuffer:
    count = 1000

    def in_keras(count):
        shuffled = tf.data.Dataset.range(count).shuffle(10, seed=0)
        return bool(max(shuffled.take(20).as_numpy_iterator()) < 30)

    def in_torch(count):
        shuffled = [int(row) for row in DataLoader(range(count), shuffle=True)]
        return max(shuffled[:20]) < 30

    def keras_as_torch(count):
        shuffled = tf.data.Dataset.range(count).shuffle(count, seed=0)
        return bool(max(shuffled.take(20).as_numpy_iterator()) < 30)


@difference(
    item="shuffle=True for data that is no array",
    keras="fit leaves the order of a tf.data.Dataset, and of a generator, as it is: a warning",
    torch="DataLoader shuffles every data set that has a length",
    severity=SILENT_WRONG,
    hits="sorted data that moved from arrays to tf.data",
    recipe="Keras: dataset.shuffle(its length) before batch; torch: shuffle=False",
    sources=("keras/src/trainers/data_adapters/__init__.py:L69",
             "torch/utils/data/dataloader.py:L259"),
)  # fmt: skip
class ShuffleIgnored:
    x = np.arange(64.0)

    def in_keras(x):
        data = tf.data.Dataset.from_tensor_slices(x).batch(8)
        return bool(np.array_equal(np.concatenate(rows_of(data, shuffle=True)), x))

    def in_torch(x):
        batches = DataLoader(torch.tensor(x), batch_size=8, shuffle=True)
        return torch.equal(torch.cat(list(batches)), torch.tensor(x))

    def torch_as_keras(x):
        batches = DataLoader(torch.tensor(x), batch_size=8, shuffle=False)
        return torch.equal(torch.cat(list(batches)), torch.tensor(x))

    def keras_as_torch(x):
        data = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(8)
        return bool(np.array_equal(np.concatenate(rows_of(data)), x))


class Rows(keras.utils.PyDataset):
    """The rows of an array, eight a batch, perhaps drawn anew for each epoch."""

    def __init__(self, x, drawn=False):
        super().__init__()
        self.x, self.drawn = x, drawn
        self.on_epoch_end()

    def __len__(self):
        return len(self.x) // 8

    def __getitem__(self, batch):
        return self.x[8 * batch : 8 * batch + 8]

    def on_epoch_end(self):
        self.x = np.random.permutation(self.x) if self.drawn else self.x


@difference(
    item="what is shuffled of a data set that a class of one's own reads",
    keras="a PyDataset hands over batches: their order is shuffled, their rows stay together",
    torch="a Dataset hands over rows: they are shuffled one by one",
    severity=SILENT_WRONG,
    hits="readers of files that became a PyDataset (a Sequence, as it was called): the same rows "
    "share a batch in every epoch",
    recipe="Keras: permute the rows in on_epoch_end; torch: a batch_sampler that permutes batches",
    sources=("keras/src/trainers/data_adapters/py_dataset_adapter.py:L625",
             "torch/utils/data/sampler.py:L182"),
)  # fmt: skip
class BatchesShuffled:
    x = np.arange(64.0)

    def in_keras(x):
        return all(bool((np.diff(batch) == 1).all()) for batch in rows_of(Rows(x)))

    def in_torch(x):
        batches = DataLoader(torch.tensor(x), batch_size=8, shuffle=True)
        return all(bool((batch.diff() == 1).all()) for batch in batches)

    def torch_as_keras(x):
        order = torch.arange(len(x)).reshape(-1, 8)[torch.randperm(len(x) // 8)]
        batches = DataLoader(torch.tensor(x), batch_sampler=order.tolist())
        return all(bool((batch.diff() == 1).all()) for batch in batches)

    def keras_as_torch(x):
        return all(bool((np.diff(batch) == 1).all()) for batch in rows_of(Rows(x, drawn=True)))


@difference(
    item="batches over two epochs of 10 rows, data repeated before it is put into batches",
    keras="repeat(2).batch(4): a batch may hold the end of one epoch and the start of the next",
    torch="each pass over a DataLoader ends with the batch that is left over",
    severity=SILENT_WRONG,
    hits="tf.data pipelines with steps_per_epoch: epochs do not end where the data does",
    recipe="Keras: batch before repeat; torch: ConcatDataset of the data with itself",
    sources=("tensorflow/python/data/ops/dataset_ops.py:L1352",
             "torch/utils/data/dataloader.py:L265"),
)  # fmt: skip
class RepeatBeforeBatch:
    x = np.arange(10.0)

    def in_keras(x):
        return [len(b) for b in tf.data.Dataset.from_tensor_slices(x).repeat(2).batch(4)]

    def in_torch(x):
        return [len(b) for _ in range(2) for b in DataLoader(torch.tensor(x), batch_size=4)]

    def torch_as_keras(x):
        x = torch.tensor(x)
        return [len(b) for b in DataLoader(ConcatDataset([x, x]), batch_size=4)]

    def keras_as_torch(x):
        return [len(b) for b in tf.data.Dataset.from_tensor_slices(x).batch(4).repeat(2)]


@difference(
    item="Python floats put into a batch",
    keras="tf.data: float32",
    torch="default_collate: float64 (torch.tensor would give float32)",
    severity=SILENT_WRONG,
    hits="targets returned by a Dataset as floats: the loss turns into float64, or raises",
    recipe="torch: return tensors from the Dataset",
    sources=("tensorflow/python/data/ops/dataset_ops.py:L745",
             "torch/utils/data/_utils/collate.py:L304"),
)  # fmt: skip
class CollatedFloats:
    samples = (0.5, 1.5)

    def in_keras(samples):
        batch = next(iter(tf.data.Dataset.from_tensor_slices(list(samples)).batch(2)))
        return batch.dtype.name

    def in_torch(samples):
        return str(default_collate(list(samples)).dtype).removeprefix("torch.")

    def torch_as_keras(samples):
        batch = default_collate([torch.tensor(sample) for sample in samples])
        return str(batch.dtype).removeprefix("torch.")

    def keras_as_torch(samples):
        data = tf.data.Dataset.from_tensor_slices(np.array(samples))
        return next(iter(data.batch(2))).dtype.name


@difference(
    item="a pair of arrays as one data set",
    keras="from_tensor_slices refuses arrays of different lengths",
    torch="TensorDataset refuses them too",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/data/ops/dataset_ops.py:L745", "torch/utils/data/dataset.py:L202"),
)
class UnequalLengths:
    x, y = np.ones(3), np.ones(2)

    def in_keras(x, y):
        return len(tf.data.Dataset.from_tensor_slices((x, y)))

    def in_torch(x, y):
        return len(TensorDataset(torch.tensor(x), torch.tensor(y)))


@difference(
    item="batch of 2 samples that are lists of 3 numbers: its shape",
    keras="(2, 3)",
    torch="a list of 3 tensors of 2: default_collate goes through lists element by element",
    severity=SILENT_WRONG,
    hits="samples that are no tensors: features and samples change places",
    recipe="torch: hand over tensors; Keras: zip the columns",
    sources=(
        "keras/src/backend/tensorflow/core.py:L140",
        "torch/utils/data/_utils/collate.py:L209",
    ),
)
class CollateLists:
    x = ((1, 2, 3), (4, 5, 6))

    def in_keras(x):
        return next(iter(tf.data.Dataset.from_tensor_slices(list(x)).batch(2)))

    def in_torch(x):
        return next(iter(DataLoader(list(x), batch_size=2)))

    def torch_as_keras(x):
        return next(iter(DataLoader(torch.tensor(x), batch_size=2)))

    def keras_as_torch(x):
        columns = tuple(list(column) for column in zip(*x, strict=True))
        return next(iter(tf.data.Dataset.from_tensor_slices(columns).batch(2)))


@difference(
    item="how many of 10 samples are trained on, a quarter held back",
    keras="7: the number to train on is rounded down",
    torch="8: random_split rounds both parts down, and the first takes the remainder",
    severity=SILENT_WRONG,
    hits="comparisons on the same split",
    recipe="torch: hand over numbers instead of fractions; Keras: slice the arrays",
    sources=(
        "keras/src/trainers/data_adapters/array_slicing.py:L497",
        "torch/utils/data/dataset.py:L484",
    ),
)
class SplitRounding:
    x = np.arange(10.0)

    def in_keras(x):
        return len(np.concatenate(rows_of(x, validation_split=0.25)))

    def in_torch(x):
        rows, _ = random_split(torch.tensor(x), [0.75, 0.25])
        return len(rows)

    def torch_as_keras(x):
        rows, _ = random_split(torch.tensor(x), [7, 3])
        return len(rows)

    def keras_as_torch(x):
        return len(np.concatenate(rows_of(x[:8], validation_data=x[8:])))
