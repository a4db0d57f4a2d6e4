"""Masks of attention: what True means, numbers, causality, and rows that see nothing."""

import keras
import numpy as np
import torch
import torch.nn.functional as F

from parity_tests.differences.attention import keras_attention, torch_attention
from parity_tests.differences.entry import CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Masks of attention"
STAGE = LAYERS


@difference(
    item="boolean mask of multi-head attention",
    keras="True attends",
    torch="attn_mask: True does not attend",
    severity=SILENT_WRONG,
    hits="every port of a masked transformer: a causal model looks at the future alone",
    recipe="torch: attn_mask=~mask",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L89",
        "torch/nn/modules/activation.py:L1293",
    ),
)
class MhaMask:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))
    mask = np.array([[True, True, False], [False, True, True], [True, False, True]])

    def in_keras(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, attention_mask=mask[None])

    def in_torch(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, attn_mask=torch.tensor(mask))[0].detach()

    def torch_as_keras(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, attn_mask=~torch.tensor(mask))[0].detach()

    def keras_as_torch(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, attention_mask=~mask[None])


@difference(
    item="mask of the padding in multi-head attention",
    keras="value_mask: True is a step, False padding",
    torch="key_padding_mask: True is padding",
    severity=SILENT_WRONG,
    hits="batches of texts: attention goes to the padding alone",
    recipe="torch: key_padding_mask=~mask",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L749",
        "torch/nn/modules/activation.py:L1287",
    ),
)
class MhaPaddingMask:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))
    mask = np.array([[True, True, False], [True, False, False]])

    def in_keras(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, value_mask=mask)

    def in_torch(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, key_padding_mask=torch.tensor(mask))[0].detach()

    def torch_as_keras(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, key_padding_mask=~torch.tensor(mask))[0].detach()

    def keras_as_torch(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, value_mask=~mask)


@difference(
    item="boolean mask of dot-product attention as a function",
    keras="True attends",
    torch="True attends, unlike in nn.MultiheadAttention",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L1699", "torch/nn/functional.py:L6365"),
)
class SdpaMask:
    x = np.random.default_rng(0).normal(size=(1, 3, 2, 4))
    mask = np.array([[True, True, False], [False, True, True], [True, False, True]])

    def in_keras(x, mask):
        scale = 1 / np.sqrt(x.shape[-1])
        return keras.ops.dot_product_attention(x, x, x, mask=mask[None, None], scale=scale)

    def in_torch(x, mask):
        x = torch.tensor(x).transpose(1, 2)
        y = F.scaled_dot_product_attention(x, x, x, attn_mask=torch.tensor(mask))
        return y.transpose(1, 2)


@difference(
    item="mask of multi-head attention given as numbers, 0 and −∞",
    keras="is turned into booleans: −∞ attends, and 0 does not",
    torch="is added to the scores",
    severity=SILENT_WRONG,
    hits="masks made by nn.Transformer.generate_square_subsequent_mask, and biases by distance",
    recipe="Keras: attention_mask = mask == 0",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L769",
        "torch/nn/functional.py:L7031",
    ),
)
class MhaFloatMask:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))
    mask = np.array([[0.0, 0.0, -np.inf], [-np.inf, 0.0, 0.0], [0.0, -np.inf, 0.0]])

    def in_keras(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, attention_mask=mask[None])

    def in_torch(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, attn_mask=torch.tensor(mask))[0].detach()

    def torch_as_keras(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, attn_mask=torch.tensor(mask == 0))[0].detach()

    def keras_as_torch(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, attention_mask=mask[None] == 0)


@difference(
    item="multi-head attention of a step that may attend to nothing",
    keras="attends to every step alike: all scores are the same large negative number",
    torch="NaN: all scores are −∞",
    severity=SILENT_WRONG,
    hits="batches with an empty text, masks for padding and causality at once",
    recipe="torch: add a large negative number to the scores instead of −∞",
    sources=("keras/src/backend/tensorflow/nn.py:L1677", "torch/nn/functional.py:L7038"),
    unaligned="the layer of Keras masks with a finite number alone",
)
class MhaFullyMasked:
    x = np.random.default_rng(0).normal(size=(1, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))
    mask = np.array([[True, True, False], [False, False, False], [True, False, True]])

    def in_keras(x, kernels, mask):
        return keras_attention(x, kernels)(x, x, attention_mask=mask[None])

    def in_torch(x, kernels, mask):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, attn_mask=~torch.tensor(mask))[0].detach()

    def torch_as_keras(x, kernels, mask):
        x = torch.tensor(x)
        added = torch.where(torch.tensor(mask), 0.0, -1e30).double()
        return torch_attention(kernels)(x, x, x, attn_mask=added)[0].detach()


@difference(
    item="dot-product attention as a function, of a step that may attend to nothing",
    keras="attends to every step alike: all scores are the same large negative number",
    torch="gives zeros",
    severity=SILENT_WRONG,
    hits="attention of one's own; nn.MultiheadAttention gives NaN instead",
    recipe="multiply by whether anything is attended to, or add a large negative number in torch",
    sources=("keras/src/backend/tensorflow/nn.py:L1677", "torch/nn/functional.py:L6365"),
)
class SdpaFullyMasked:
    x = np.random.default_rng(0).normal(size=(1, 3, 1, 4))
    mask = np.array([[True, True, False], [False, False, False], [True, False, True]])

    def in_keras(x, mask):
        scale = 1 / np.sqrt(x.shape[-1])
        return keras.ops.dot_product_attention(x, x, x, mask=mask[None, None], scale=scale)

    def in_torch(x, mask):
        x = torch.tensor(x).transpose(1, 2)
        y = F.scaled_dot_product_attention(x, x, x, attn_mask=torch.tensor(mask))
        return y.transpose(1, 2)

    def torch_as_keras(x, mask):
        x = torch.tensor(x).transpose(1, 2)
        added = torch.where(torch.tensor(mask), 0.0, -1e30).double()
        return F.scaled_dot_product_attention(x, x, x, attn_mask=added).transpose(1, 2)

    def keras_as_torch(x, mask):
        scale = 1 / np.sqrt(x.shape[-1])
        y = keras.ops.dot_product_attention(x, x, x, mask=mask[None, None], scale=scale)
        return y * mask.any(-1)[:, None, None]


@difference(
    item="plain attention to a sequence that is padding throughout, in float64",
    keras="layers.Attention takes 10⁹ off every score: as if there were no mask",
    torch="F.scaled_dot_product_attention gives zeros",
    severity=SILENT_WRONG,
    hits="batches with an empty text; in float32 the scores are lost, and all attend alike",
    recipe="torch: add −10⁹ where the mask is False; Keras: multiply by whether anything is left",
    sources=("keras/src/layers/attention/attention.py:L177", "torch/nn/functional.py:L6365"),
)
class AttentionFullyMasked:
    q = np.random.default_rng(0).integers(-2, 3, size=(1, 2, 4)).astype(float)
    v = np.random.default_rng(1).integers(-2, 3, size=(1, 3, 4)).astype(float)
    mask = np.array([[False, False, False]])

    def in_keras(q, v, mask):
        return keras.layers.Attention(dtype="float64")([q / 2, v], mask=[None, mask])

    def in_torch(q, v, mask):
        v = torch.tensor(v)
        return F.scaled_dot_product_attention(torch.tensor(q), v, v, torch.tensor(mask)[:, None])

    def torch_as_keras(q, v, mask):
        v = torch.tensor(v)
        added = torch.where(torch.tensor(mask), 0.0, -1e9).double()[:, None]
        return F.scaled_dot_product_attention(torch.tensor(q), v, v, added)

    def keras_as_torch(q, v, mask):
        y = keras.layers.Attention(dtype="float64")([q / 2, v], mask=[None, mask])
        return y * mask.any(-1)[:, None, None]


@difference(
    item="causal attention by one word",
    keras="use_causal_mask=True is enough",
    torch="is_causal=True is a hint only: RuntimeError without attn_mask",
    severity=CRASH,
    hits="decoders",
    recipe="torch: attn_mask=~torch.ones(n, n).tril().bool(), whether or not the hint is given",
    sources=(
        "keras/src/layers/attention/multi_head_attention.py:L638",
        "torch/nn/functional.py:L6810",
    ),
    unaligned="Keras has no setting that refuses it",
)
class MhaCausal:
    x = np.random.default_rng(0).normal(size=(2, 3, 8))
    kernels = np.random.default_rng(1).normal(size=(4, 8, 8))

    def in_keras(x, kernels):
        return keras_attention(x, kernels)(x, x, use_causal_mask=True)

    def in_torch(x, kernels):
        x = torch.tensor(x)
        return torch_attention(kernels)(x, x, x, is_causal=True)[0]

    def torch_as_keras(x, kernels):
        x = torch.tensor(x)
        future = ~torch.ones(3, 3).tril().bool()
        return torch_attention(kernels)(x, x, x, attn_mask=future)[0].detach()


@difference(
    item="causal attention with fewer queries than keys",
    keras="query i attends to keys 0 … i, counted from the first",
    torch="query i attends to keys 0 … i, counted from the first",
    severity=NONE,
    hits="both, with cached keys: the last query is to see them all",
    recipe="pass a mask in both",
    sources=("keras/src/backend/tensorflow/nn.py:L1694", "torch/nn/functional.py:L6361"),
)
class SdpaCausalRectangular:
    q = np.random.default_rng(0).normal(size=(1, 2, 1, 4))
    k = np.random.default_rng(1).normal(size=(1, 5, 1, 4))

    def in_keras(q, k):
        scale = 1 / np.sqrt(q.shape[-1])
        return keras.ops.dot_product_attention(q, k, k, is_causal=True, scale=scale)

    def in_torch(q, k):
        q, k = torch.tensor(q).transpose(1, 2), torch.tensor(k).transpose(1, 2)
        return F.scaled_dot_product_attention(q, k, k, is_causal=True).transpose(1, 2)
