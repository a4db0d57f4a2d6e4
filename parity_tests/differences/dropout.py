"""Dropout: modes, seeds, the axis that is dropped as a whole, and recurrent layers."""

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import COSMETIC, LAYERS, NONE, SILENT_WRONG, difference
from parity_tests.differences.layers import built

TITLE = "Dropout"
STAGE = LAYERS


@difference(
    item="mode of a layer that has just been made",
    keras="inference: training=False outside fit",
    torch="training, until eval() is called",
    severity=SILENT_WRONG,
    hits="predictions with dropout left on, hand-written loops with dropout left off",
    recipe="Keras: pass training=True in a loop of your own; torch: call eval() to predict",
    sources=("keras/src/layers/regularization/dropout.py:L100", "torch/nn/modules/module.py:L505"),
)
class DropoutMode:
    x = np.ones(64)

    def in_keras(x):
        y = keras.layers.Dropout(0.5)(x)
        return "drops" if np.any(y == 0) else "does not drop"

    def in_torch(x):
        y = nn.Dropout(0.5)(torch.tensor(x))
        return "drops" if torch.any(y == 0) else "does not drop"

    def torch_as_keras(x):
        y = nn.Dropout(0.5).eval()(torch.tensor(x))
        return "drops" if torch.any(y == 0) else "does not drop"

    def keras_as_torch(x):
        y = keras.layers.Dropout(0.5)(x, training=True)
        return "drops" if np.any(y == 0) else "does not drop"


@difference(
    item="what dropout drops by the same seed",
    keras="a stateless draw from the seed",
    torch="the next numbers of torch's generator",
    severity=SILENT_WRONG,
    hits="comparisons of two trainings, step by step",
    recipe="draw the mask in one of the two, hand it over, and multiply by it",
    sources=("keras/src/backend/tensorflow/random.py:L92", "torch/nn/functional.py:L1490"),
)
class DropoutSeed:
    x = np.arange(1.0, 65.0)

    def in_keras(x):
        return keras.random.dropout(x, 0.5, seed=1)

    def in_torch(x):
        torch.manual_seed(1)
        return F.dropout(torch.tensor(x), 0.5)

    def torch_as_keras(x):
        mask = keras.random.dropout(np.ones_like(x), 0.5, seed=1)
        return torch.tensor(x) * torch.tensor(np.array(mask))

    def keras_as_torch(x):
        torch.manual_seed(1)
        mask = F.dropout(torch.ones(len(x), dtype=torch.float64), 0.5)
        return keras.ops.multiply(x, mask.numpy())


@difference(
    item="∞ and NaN that dropout drops",
    keras="become 0: elements are selected",
    torch="become NaN: elements are multiplied by 0",
    severity=COSMETIC,
    hits="activations that have overflown: dropout hides it in Keras alone",
    recipe="torch: select by the mask; Keras: multiply by the mask",
    sources=("tensorflow/python/ops/nn_ops.py:L5814", "torch/nn/functional.py:L1490"),
)
class DropoutNotFinite:
    x = np.full(64, np.inf)

    def in_keras(x):
        y = keras.layers.Dropout(0.5)(x, training=True)
        return "NaN" if np.any(np.isnan(y)) else "0"

    def in_torch(x):
        y = F.dropout(torch.tensor(x), 0.5)
        return "NaN" if torch.any(torch.isnan(y)) else "0"

    def torch_as_keras(x):
        mask = F.dropout(torch.ones_like(torch.tensor(x)), 0.5)
        y = torch.where(mask > 0, torch.tensor(x) * mask, 0.0)
        return "NaN" if torch.any(torch.isnan(y)) else "0"

    def keras_as_torch(x):
        y = x * keras.layers.Dropout(0.5)(np.ones_like(x), training=True)
        return "NaN" if np.any(np.isnan(y)) else "0"


@difference(
    item="dropout of whole feature maps: the axis of the channels",
    keras="SpatialDropout2D drops along the last axis",
    torch="Dropout2d drops along axis 1",
    severity=SILENT_WRONG,
    hits="channels-last tensors handed to nn.Dropout2d: whole rows of the image go",
    recipe="torch: move the channels to axis 1; Keras: data_format='channels_first'",
    sources=(
        "keras/src/layers/regularization/spatial_dropout.py:L72",
        "torch/nn/modules/dropout.py:L124",
    ),
)
class SpatialDropoutAxis:
    x = np.ones((4, 5, 6, 3))

    def in_keras(x):
        y = np.array(keras.layers.SpatialDropout2D(0.5)(x, training=True))
        return "channels" if np.all(y == y[:, :1, :1, :]) else "rows"

    def in_torch(x):
        y = nn.Dropout2d(0.5)(torch.tensor(x))
        return "channels" if torch.all(y == y[:, :1, :1, :]) else "rows"

    def torch_as_keras(x):
        y = nn.Dropout2d(0.5)(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return "channels" if torch.all(y == y[:, :1, :1, :]) else "rows"

    def keras_as_torch(x):
        dropout = keras.layers.SpatialDropout2D(0.5, data_format="channels_first")
        y = np.array(dropout(x, training=True))
        return "channels" if np.all(y == y[:, :1, :1, :]) else "rows"


@difference(
    item="what alpha dropout makes of ones, kept and dropped",
    keras="a x + b and a α′ + b, which keep mean 0 and variance 1",
    torch="a x + b and a α′ + b, which keep mean 0 and variance 1",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "keras/src/layers/regularization/alpha_dropout.py:L68",
        "torch/nn/functional.py:L1511",
    ),
)
class AlphaDropout:
    x = np.ones(64)

    def in_keras(x):
        return np.unique(keras.layers.AlphaDropout(0.25, dtype="float64")(x, training=True))

    def in_torch(x):
        return torch.unique(F.alpha_dropout(torch.tensor(x), 0.25, training=True))


# --- recurrent layers -------------------------------------------------------------------------


@difference(
    item="dropout= of a recurrent layer",
    keras="drops inputs of the layer",
    torch="drops between the layers of a stack; with one layer nothing, and a warning",
    severity=SILENT_WRONG,
    hits="regularisation that was carried over by name",
    recipe="torch: nn.Dropout in front of the layer; Keras: leave the argument out",
    sources=("keras/src/layers/rnn/lstm.py:L275", "torch/nn/modules/rnn.py:L124"),
)
class RnnDropoutPlace:
    x = np.ones((4, 3, 8))

    def in_keras(x):
        lstm = keras.layers.LSTM(2, dropout=0.5)
        same = np.array_equal(lstm(x, training=True), lstm(x, training=True))
        return "nothing dropped" if same else "dropped"

    def in_torch(x):
        lstm = nn.LSTM(8, 2, dropout=0.5, batch_first=True).double()
        same = torch.equal(lstm(torch.tensor(x))[0], lstm(torch.tensor(x))[0])
        return "nothing dropped" if same else "dropped"

    def torch_as_keras(x):
        lstm = nn.LSTM(8, 2, batch_first=True).double()
        first, second = (lstm(F.dropout(torch.tensor(x), 0.5))[0] for _ in range(2))
        return "nothing dropped" if torch.equal(first, second) else "dropped"

    def keras_as_torch(x):
        lstm = keras.layers.LSTM(2)
        same = np.array_equal(lstm(x, training=True), lstm(x, training=True))
        return "nothing dropped" if same else "dropped"


@difference(
    item="dropout of a recurrent layer's inputs over the steps",
    keras="dropout= drops the same features at every step",
    torch="nn.Dropout in front of the layer draws anew at every step",
    severity=SILENT_WRONG,
    hits="ports that replace dropout= by a layer",
    recipe="torch: draw a mask of shape (batch, 1, features); Keras: a Dropout layer in front",
    sources=("keras/src/layers/rnn/dropout_rnn_cell.py:L19", "torch/nn/functional.py:L1490"),
)
class RnnDropoutSteps:
    x = np.ones((2, 6, 4))

    def in_keras(x):
        options = dict(activation="linear", use_bias=False, return_sequences=True)
        rnn = keras.layers.SimpleRNN(4, dropout=0.5, **options)
        y = np.array(built(rnn, x, np.eye(4), np.zeros((4, 4)))(x, training=True))
        return "one mask" if np.array_equal(y, y[:, :1].repeat(6, 1)) else "one a step"

    def in_torch(x):
        y = nn.Dropout(0.5)(torch.tensor(x))
        return "one mask" if torch.equal(y, y[:, :1].expand_as(y)) else "one a step"

    def torch_as_keras(x):
        mask = F.dropout(torch.ones(2, 1, 4), 0.5)
        y = torch.tensor(x) * mask
        return "one mask" if torch.equal(y, y[:, :1].expand_as(y)) else "one a step"

    def keras_as_torch(x):
        y = np.array(keras.layers.Dropout(0.5)(x, training=True))
        return "one mask" if np.array_equal(y, y[:, :1].repeat(6, 1)) else "one a step"
