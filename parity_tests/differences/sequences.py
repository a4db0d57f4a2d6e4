"""Sequences of several lengths: masks, packing, and the side that is padded."""

import keras
import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from parity_tests.differences.entry import CRASH, LAYERS, SILENT_WRONG, difference
from parity_tests.differences.recurrent import keras_lstm, torch_lstm

TITLE = "Sequences of several lengths"
STAGE = LAYERS


@difference(
    item="last output of a padded sequence",
    keras="a mask stops the state where the sequence ends",
    torch="padding is read like anything else",
    severity=SILENT_WRONG,
    hits="texts of several lengths, Embedding(mask_zero=True)",
    recipe="torch: pack_padded_sequence, and h_n; Keras: hand over no mask",
    sources=("keras/src/layers/rnn/rnn.py:L57", "torch/nn/utils/rnn.py:L258"),
)
class RnnMask:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    lengths = np.array([2, 4])
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, lengths, kernel, recurrent, bias):
        mask = np.arange(4) < lengths[:, None]
        return keras_lstm(x, kernel, recurrent, bias)(x, mask=mask)

    def in_torch(x, lengths, kernel, recurrent, bias):
        return torch_lstm(kernel, recurrent, bias)(torch.tensor(x))[0][:, -1].detach()

    def torch_as_keras(x, lengths, kernel, recurrent, bias):
        packed = pack_padded_sequence(
            torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        _, (h, _) = torch_lstm(kernel, recurrent, bias)(packed)
        return h[0].detach()

    def keras_as_torch(x, lengths, kernel, recurrent, bias):
        return keras_lstm(x, kernel, recurrent, bias)(x)


@difference(
    item="outputs at the steps that are padding",
    keras="the last output before is repeated",
    torch="pad_packed_sequence fills with zeros",
    severity=SILENT_WRONG,
    hits="sums and averages over all outputs, stacked recurrent layers without a mask",
    recipe="multiply by the mask in Keras; take the output at the last step read in torch",
    sources=("keras/src/layers/rnn/rnn.py:L201", "torch/nn/utils/rnn.py:L330"),
)
class RnnMaskedOutputs:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    lengths = np.array([2, 4])
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, lengths, kernel, recurrent, bias):
        mask = np.arange(4) < lengths[:, None]
        lstm = keras_lstm(x, kernel, recurrent, bias, return_sequences=True)
        return lstm(x, mask=mask)

    def in_torch(x, lengths, kernel, recurrent, bias):
        packed = pack_padded_sequence(
            torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        outputs, _ = torch_lstm(kernel, recurrent, bias)(packed)
        return pad_packed_sequence(outputs, batch_first=True)[0].detach()

    def torch_as_keras(x, lengths, kernel, recurrent, bias):
        lengths = torch.tensor(lengths)
        outputs, _ = torch_lstm(kernel, recurrent, bias)(torch.tensor(x))
        last_read = torch.minimum(torch.arange(4), lengths[:, None] - 1)
        return outputs.take_along_dim(last_read[..., None], dim=1).detach()

    def keras_as_torch(x, lengths, kernel, recurrent, bias):
        mask = np.arange(4) < lengths[:, None]
        lstm = keras_lstm(x, kernel, recurrent, bias, return_sequences=True)
        return lstm(x, mask=mask) * mask[..., None]


@difference(
    item="sequence of length 0 in a batch",
    keras="a mask without a step leaves the state at zero",
    torch="pack_padded_sequence: RuntimeError",
    severity=CRASH,
    hits="batches with an empty text",
    recipe="torch: pack at least one step, and set the state to zero afterwards",
    sources=("keras/src/layers/rnn/rnn.py:L57", "torch/nn/utils/rnn.py:L258"),
    unaligned="Keras has no setting that refuses an empty mask",
)
class RnnEmptySequence:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    lengths = np.array([0, 4])
    kernel = np.random.default_rng(1).normal(size=(3, 8))
    recurrent = np.random.default_rng(2).normal(size=(2, 8))
    bias = np.random.default_rng(3).normal(size=8)

    def in_keras(x, lengths, kernel, recurrent, bias):
        mask = np.arange(4) < lengths[:, None]
        return keras_lstm(x, kernel, recurrent, bias)(x, mask=mask)

    def in_torch(x, lengths, kernel, recurrent, bias):
        packed = pack_padded_sequence(
            torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        return torch_lstm(kernel, recurrent, bias)(packed)[1][0][0]

    def torch_as_keras(x, lengths, kernel, recurrent, bias):
        lengths = torch.tensor(lengths)
        packed = pack_padded_sequence(
            torch.tensor(x), lengths.clamp(min=1), batch_first=True, enforce_sorted=False
        )
        return (
            torch_lstm(kernel, recurrent, bias)(packed)[1][0][0] * (lengths > 0)[:, None]
        ).detach()


@difference(
    item="side on which sequences are padded",
    keras="pad_sequences: in front",
    torch="pad_sequence: behind",
    severity=SILENT_WRONG,
    hits="texts of several lengths; packing and cuDNN want the padding behind",
    recipe="Keras: padding='post'; torch: padding_side='left'",
    sources=("keras/src/utils/sequence_utils.py:L16", "torch/nn/utils/rnn.py:L409"),
)
class PadSequencesSide:
    short = np.array([1, 2])
    long = np.array([3, 4, 5])

    def in_keras(short, long):
        return keras.utils.pad_sequences([short, long])

    def in_torch(short, long):
        return pad_sequence([torch.tensor(short), torch.tensor(long)], batch_first=True)

    def torch_as_keras(short, long):
        sequences = [torch.tensor(short), torch.tensor(long)]
        return pad_sequence(sequences, batch_first=True, padding_side="left")

    def keras_as_torch(short, long):
        return keras.utils.pad_sequences([short, long], padding="post")


@difference(
    item="axes of padded sequences",
    keras="(batch, time)",
    torch="(time, batch): batch_first=False",
    severity=SILENT_WRONG,
    hits="recurrent networks; nothing is said where both have one length",
    recipe="torch: batch_first=True",
    sources=("keras/src/utils/sequence_utils.py:L16", "torch/nn/utils/rnn.py:L407"),
)
class PadSequencesAxes:
    sequences = ((1, 2), (3, 4))

    def in_keras(sequences):
        return keras.utils.pad_sequences(sequences)

    def in_torch(sequences):
        return pad_sequence([torch.tensor(each) for each in sequences])

    def torch_as_keras(sequences):
        tensors = [torch.tensor(each) for each in sequences]
        return pad_sequence(tensors, batch_first=True)

    def keras_as_torch(sequences):
        return keras.utils.pad_sequences(sequences).T


@difference(
    item="floats in sequences that are padded",
    keras="pad_sequences cuts them to int32",
    torch="pad_sequence keeps their dtype",
    severity=SILENT_WRONG,
    hits="series of measurements of several lengths",
    recipe="Keras: dtype='float32'; torch: convert to int before",
    sources=("keras/src/utils/sequence_utils.py:L15", "torch/nn/utils/rnn.py:L405"),
)
class PadSequencesFloats:
    short = np.array([0.5, 1.5, 2.5])
    long = np.array([3.25, 4.25, 5.25])

    def in_keras(short, long):
        return keras.utils.pad_sequences([short, long])

    def in_torch(short, long):
        return pad_sequence([torch.tensor(short), torch.tensor(long)], batch_first=True)

    def torch_as_keras(short, long):
        sequences = [torch.tensor(short).int(), torch.tensor(long).int()]
        return pad_sequence(sequences, batch_first=True)

    def keras_as_torch(short, long):
        return keras.utils.pad_sequences([short, long], dtype="float64")
