"""Attention: weights, orders of arguments and axes, scales, what is given back."""

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    LAYERS,
    SILENT_WRONG,
    SLOW_DRIFT,
    WEIGHTS,
    difference,
)

TITLE = "Attention"
STAGE = LAYERS


def keras_attention(x, kernels, **options):
    """layers.MultiHeadAttention of two heads; kernels for q, k, v and the output, (8, 8) each."""
    layer = keras.layers.MultiHeadAttention(2, 4, use_bias=False, dtype="float64", **options)
    layer.build(x.shape, x.shape)
    layer.set_weights([*kernels[:3].reshape(3, 8, 2, 4), kernels[3].reshape(2, 4, 8)])
    return layer


def torch_attention(kernels, **options):
    """nn.MultiheadAttention of two heads with the kernels of Keras."""
    options = dict(batch_first=True, bias=False) | options
    module = nn.MultiheadAttention(8, 2, dtype=torch.float64, **options)
    module.in_proj_weight.data = torch.tensor(np.concatenate([k.T for k in kernels[:3]]))
    module.out_proj.weight.data = torch.tensor(kernels[3].T)
    return module


# --- weights ----------------------------------------------------------------------------------


@difference(
    item="weights of multi-head attention",
    keras="query, key, value: (inputs, heads, size); output: (heads, size, outputs)",
    torch="in_proj_weight: q, k and v one below the other, each (outputs, inputs)",
    severity=SILENT_WRONG,
    hits="every port of a transformer: square matrices fit untransposed",
    recipe="reshape each kernel to a square, transpose it, and stack q, k, v",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L297",
        "torch/nn/modules/activation.py:L1208",
    ),
    stage=WEIGHTS,
)
class MhaLayout:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))

    def in_keras(x, kernels):
        return keras_attention(x, kernels)(x, x)

    def in_torch(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels.swapaxes(1, 2))(x, x, x)[0].detach()

    def torch_as_keras(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x)[0].detach()

    def keras_as_torch(x, kernels):
        return keras_attention(x, kernels.swapaxes(1, 2))(x, x)


@difference(
    item="size handed to multi-head attention",
    keras="key_dim: of one head",
    torch="embed_dim: of all heads together",
    severity=SILENT_WRONG,
    hits="everyone who passes the same number: a model several times as large in Keras",
    recipe="key_dim = embed_dim / heads",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L158",
        "torch/nn/modules/activation.py:L1191",
    ),
    stage=WEIGHTS,
)
class MhaKeyDim:
    def in_keras():
        layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=8)
        layer.build((None, None, 8), (None, None, 8))
        return layer.count_params()

    def in_torch():
        return sum(p.numel() for p in nn.MultiheadAttention(8, 2).parameters())

    def torch_as_keras():
        q, k, v = (nn.Linear(8, 2 * 8) for _ in range(3))
        output = nn.Linear(2 * 8, 8)
        return sum(p.numel() for p in nn.ModuleList([q, k, v, output]).parameters())

    def keras_as_torch():
        layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=8 // 2)
        layer.build((None, None, 8), (None, None, 8))
        return layer.count_params()


# --- arguments, axes, scales ------------------------------------------------------------------


@difference(
    item="order of key and value in the call of multi-head attention",
    keras="(query, value, key)",
    torch="(query, key, value)",
    severity=SILENT_WRONG,
    hits="attention whose keys are not its values: both have the same shape",
    recipe="hand them over by name",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L613",
        "torch/nn/modules/activation.py:L1258",
    ),
)
class MhaArgumentOrder:
    q = np.random.default_rng(0).normal(size=(2, 3, 8))
    k = np.random.default_rng(1).normal(size=(2, 3, 8))
    v = np.random.default_rng(2).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(3).normal(size=(4, 8, 8))

    def in_keras(q, k, v, kernels):
        return keras_attention(q, kernels)(q, k, v)

    def in_torch(q, k, v, kernels):
        return torch_attention(kernels)(torch.tensor(q), torch.tensor(k), torch.tensor(v))[
            0
        ].detach()

    def torch_as_keras(q, k, v, kernels):
        return torch_attention(kernels)(torch.tensor(q), torch.tensor(v), torch.tensor(k))[
            0
        ].detach()

    def keras_as_torch(q, k, v, kernels):
        return keras_attention(q, kernels)(query=q, key=k, value=v)


@difference(
    item="axis of the batch in multi-head attention",
    keras="(batch, steps, features)",
    torch="(steps, batch, features) unless batch_first=True",
    severity=SILENT_WRONG,
    hits="every port: samples attend to one another, and no shape objects",
    recipe="torch: batch_first=True; Keras: exchange the axes",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L106",
        "torch/nn/modules/activation.py:L1172",
    ),
)
class MhaBatchFirst:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))

    def in_keras(x, kernels):
        return keras_attention(x, kernels)(x, x)

    def in_torch(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels, batch_first=False)(x, x, x)[0].detach()

    def torch_as_keras(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x)[0].detach()

    def keras_as_torch(x, kernels):
        x = x.swapaxes(0, 1)
        return keras.ops.swapaxes(keras_attention(x, kernels)(x, x), 0, 1)


@difference(
    item="axis of the heads in dot-product attention as a function",
    keras="ops.dot_product_attention: (batch, steps, heads, size)",
    torch="F.scaled_dot_product_attention: (batch, heads, steps, size)",
    severity=SILENT_WRONG,
    hits="attention of one's own: heads attend to one another instead of steps",
    recipe="exchange axes 1 and 2 around the call",
    sources=("keras/src/backend/tensorflow/nn.py:L1706", "torch/nn/functional.py:L6355"),
)
class SdpaHeadsAxis:
    x = np.random.default_rng(0).normal(size=(1, 3, 3, 4))

    def in_keras(x):
        return keras.ops.dot_product_attention(x, x, x)

    def in_torch(x):
        x = torch.tensor(x)
        return F.scaled_dot_product_attention(x, x, x)

    def torch_as_keras(x):
        x = torch.tensor(x).transpose(1, 2)
        return F.scaled_dot_product_attention(x, x, x).transpose(1, 2)

    def keras_as_torch(x):
        x = x.swapaxes(1, 2)
        return keras.ops.swapaxes(keras.ops.dot_product_attention(x, x, x), 1, 2)


@difference(
    item="scale of the scores in plain attention",
    keras="layers.Attention: none, q·k",
    torch="F.scaled_dot_product_attention: q·k/√size",
    severity=SILENT_WRONG,
    hits="models built on layers.Attention",
    recipe="torch: scale=1.0; Keras: divide the query by √size",
    sources=("keras/src/layers/attention/attention.py:L121", "torch/nn/functional.py:L6356"),
)
class AttentionScale:
    q = np.random.default_rng(0).normal(size=(1, 3, 4))
    v = np.random.default_rng(1).normal(size=(1, 5, 4))

    def in_keras(q, v):
        return keras.layers.Attention(dtype="float64")([q, v])

    def in_torch(q, v):
        v = torch.tensor(v)
        return F.scaled_dot_product_attention(torch.tensor(q), v, v)

    def torch_as_keras(q, v):
        v = torch.tensor(v)
        return F.scaled_dot_product_attention(torch.tensor(q), v, v, scale=1.0)

    def keras_as_torch(q, v):
        return keras.layers.Attention(dtype="float64")([q / np.sqrt(q.shape[-1]), v])


@difference(
    item="order of key and value in the inputs of plain attention",
    keras="layers.Attention: [query, value, key]",
    torch="F.scaled_dot_product_attention: query, key, value",
    severity=SILENT_WRONG,
    hits="attention whose keys are not its values",
    recipe="exchange the last two",
    sources=("keras/src/layers/attention/attention.py:L225", "torch/nn/functional.py:L6353"),
)
class AttentionInputOrder:
    q = np.random.default_rng(0).normal(size=(1, 3, 4))
    k = np.random.default_rng(1).normal(size=(1, 5, 4))
    v = np.random.default_rng(2).normal(size=(1, 5, 4))

    def in_keras(q, k, v):
        return keras.layers.Attention(dtype="float64")([q / 2, k, v])

    def in_torch(q, k, v):
        return F.scaled_dot_product_attention(torch.tensor(q), torch.tensor(k), torch.tensor(v))

    def torch_as_keras(q, k, v):
        return F.scaled_dot_product_attention(torch.tensor(q), torch.tensor(v), torch.tensor(k))

    def keras_as_torch(q, k, v):
        return keras.layers.Attention(dtype="float64")([q / 2, v, k])


@difference(
    item="scale of dot-product attention as a function, in float64",
    keras="1/√size is computed in float32 unless scale is given, and in the layer too",
    torch="1/√size in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after eight digits, where √size is not exact",
    recipe="Keras: pass scale; torch: pass the rounded one",
    sources=("keras/src/backend/tensorflow/nn.py:L1774", "torch/nn/functional.py:L6356"),
)
class SdpaScaleFloat32:
    x = np.random.default_rng(0).normal(size=(1, 4, 1, 3))

    def in_keras(x):
        return keras.ops.dot_product_attention(x, x, x)

    def in_torch(x):
        x = torch.tensor(x).transpose(1, 2)
        return F.scaled_dot_product_attention(x, x, x).transpose(1, 2)

    def torch_as_keras(x):
        x = torch.tensor(x).transpose(1, 2)
        scale = float(np.float32(1.0) / np.sqrt(np.float32(x.shape[-1])))
        return F.scaled_dot_product_attention(x, x, x, scale=scale).transpose(1, 2)

    def keras_as_torch(x):
        return keras.ops.dot_product_attention(x, x, x, scale=1 / np.sqrt(x.shape[-1]))


# --- what is given back, and dropout ----------------------------------------------------------


@difference(
    item="attention weights that are given back",
    keras="return_attention_scores=True: of each head",
    torch="need_weights=True, by default: their mean over the heads",
    severity=SILENT_WRONG,
    hits="pictures of attention",
    recipe="torch: average_attn_weights=False; Keras: take the mean over axis 1",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L700",
        "torch/nn/functional.py:L7053",
    ),
)
class MhaWeightsAveraged:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))

    def in_keras(x, kernels):
        return keras_attention(x, kernels)(x, x, return_attention_scores=True)[1]

    def in_torch(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x)[1].detach()

    def torch_as_keras(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, average_attn_weights=False)[1].detach()

    def keras_as_torch(x, kernels):
        _, weights = keras_attention(x, kernels)(x, x, return_attention_scores=True)
        return keras.ops.mean(weights, axis=1)


@difference(
    item="attention weights that are given back in training, with dropout",
    keras="those before dropout: each row sums to 1",
    torch="those after dropout",
    severity=SILENT_WRONG,
    hits="losses on attention weights",
    recipe="torch: compute them once more in eval mode; Keras: dropout=0, and a layer behind",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L608",
        "torch/nn/functional.py:L7040",
    ),
)
class MhaWeightsDropped:
    x = np.random.default_rng(0).normal(size=(2, 6, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))

    def in_keras(x, kernels):
        attention = keras_attention(x, kernels, dropout=0.5)
        _, weights = attention(x, x, return_attention_scores=True, training=True)
        return "whole" if np.allclose(np.sum(weights, axis=-1), 1) else "dropped"

    def in_torch(x, kernels):
        x = torch.tensor(x)
        _, weights = torch_attention(kernels, dropout=0.5)(x, x, x)
        return "whole" if np.allclose(weights.sum(-1).detach(), 1) else "dropped"

    def torch_as_keras(x, kernels):
        x = torch.tensor(x)
        _, weights = torch_attention(kernels, dropout=0.5).eval()(x, x, x)
        return "whole" if np.allclose(weights.sum(-1).detach(), 1) else "dropped"

    def keras_as_torch(x, kernels):
        _, weights = keras_attention(x, kernels)(x, x, return_attention_scores=True)
        weights = keras.layers.Dropout(0.5)(weights, training=True)
        return "whole" if np.allclose(np.sum(weights, axis=-1), 1) else "dropped"


@difference(
    item="dropout of attention at inference",
    keras="layers.Attention(dropout=) drops in training alone",
    torch="F.scaled_dot_product_attention(dropout_p=) drops always: a function has no mode",
    severity=SILENT_WRONG,
    hits="modules of one's own: predictions are noisy after eval() too",
    recipe="torch: dropout_p=self.dropout if self.training else 0.0",
    sources=("keras/src/layers/attention/attention.py:L183", "torch/nn/functional.py:L6383"),
)
class SdpaDropoutMode:
    x = np.random.default_rng(0).normal(size=(1, 6, 4))

    def in_keras(x):
        attention = keras.layers.Attention(dropout=0.5)
        same = np.array_equal(attention([x, x]), attention([x, x]))
        return "nothing dropped" if same else "dropped"

    def in_torch(x):
        x = torch.tensor(x)
        first, second = (F.scaled_dot_product_attention(x, x, x, dropout_p=0.5) for _ in "ab")
        return "nothing dropped" if torch.equal(first, second) else "dropped"

    def torch_as_keras(x):
        x = torch.tensor(x)
        first, second = (F.scaled_dot_product_attention(x, x, x, dropout_p=0.0) for _ in "ab")
        return "nothing dropped" if torch.equal(first, second) else "dropped"

    def keras_as_torch(x):
        attention = keras.layers.Attention(dropout=0.5)
        first, second = (attention([x, x], training=True) for _ in range(2))
        return "nothing dropped" if np.array_equal(first, second) else "dropped"
