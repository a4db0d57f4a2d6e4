"""Normalisation but that of batches: ε, axes, weights, lengths, spectra."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    LAYERS,
    SILENT_WRONG,
    WEIGHTS,
    difference,
)

TITLE = "Normalisation"
STAGE = LAYERS


@difference(
    item="ε of layer normalisation",
    keras="10⁻³",
    torch="10⁻⁵",
    severity=SILENT_WRONG,
    hits="transformers: small activations are shrunk in Keras",
    recipe="write it out in both",
    sources=(
        "keras/src/layers/normalization/layer_normalization.py:L108",
        "torch/nn/modules/normalization.py:L191",
    ),
)
class LayerNormEpsilon:
    x = np.random.default_rng(0).normal(scale=0.1, size=(2, 4))

    def in_keras(x):
        return keras.layers.LayerNormalization(dtype="float64")(x)

    def in_torch(x):
        return nn.LayerNorm(4, dtype=torch.float64)(torch.tensor(x)).detach()

    def torch_as_keras(x):
        return nn.LayerNorm(4, eps=1e-3, dtype=torch.float64)(torch.tensor(x)).detach()

    def keras_as_torch(x):
        return keras.layers.LayerNormalization(epsilon=1e-5, dtype="float64")(x)


@difference(
    item="ε of layer normalisation as a function",
    keras="ops.layer_normalization: 10⁻⁷, unlike the layer",
    torch="F.layer_norm: 10⁻⁵, like the module",
    severity=SILENT_WRONG,
    hits="layers of one's own, small activations",
    recipe="write it out in both",
    sources=("keras/src/ops/nn.py:L3141", "torch/nn/functional.py:L2971"),
)
class LayerNormFunctionEpsilon:
    x = np.random.default_rng(0).normal(scale=0.01, size=(2, 4))

    def in_keras(x):
        return keras.ops.layer_normalization(x)

    def in_torch(x):
        return F.layer_norm(torch.tensor(x), (4,))

    def torch_as_keras(x):
        return F.layer_norm(torch.tensor(x), (4,), eps=1e-7)

    def keras_as_torch(x):
        return keras.ops.layer_normalization(x, epsilon=1e-5)


@difference(
    item="axis of layer normalisation of an image",
    keras="the last, which holds the channels: each pixel by itself",
    torch="the last, which holds the columns of an image with channels first",
    severity=SILENT_WRONG,
    hits="ConvNeXt and other images where width and channels are as many; others fail",
    recipe="torch: permute to channels last around it; Keras: axis=2 of channels last",
    sources=(
        "keras/src/layers/normalization/layer_normalization.py:L107",
        "torch/nn/modules/normalization.py:L112",
    ),
)
class LayerNormAxis:
    image = np.random.default_rng(0).normal(size=(1, 2, 3, 3))

    def in_keras(image):
        return keras.layers.LayerNormalization(epsilon=1e-3, dtype="float64")(image)

    def in_torch(image):
        x = torch.tensor(image).permute(0, 3, 1, 2)
        return nn.LayerNorm(3, eps=1e-3, dtype=torch.float64)(x).permute(0, 2, 3, 1).detach()

    def torch_as_keras(image):
        x = torch.tensor(image).permute(0, 3, 1, 2)
        return nn.LayerNorm(3, eps=1e-3, dtype=torch.float64)(x.permute(0, 2, 3, 1)).detach()

    def keras_as_torch(image):
        return keras.layers.LayerNormalization(axis=2, epsilon=1e-3, dtype="float64")(image)


@difference(
    item="float32 layer normalisation of values far from zero",
    keras="x r − m r: two large products are subtracted",
    torch="(x − m) r: what is small is computed from small numbers",
    severity=COSMETIC,
    hits="inputs that were never centred: years, pixels, prices",
    recipe="centre the input first, or compute in float64",
    sources=("keras/src/ops/nn.py:L3195", "torch/nn/functional.py:L2966"),
    unaligned="the last bits of neither can be set; both agree on the input less its mean",
)
class LayerNormFarFromZero:
    x = np.array([[10000.0, 10001.0, 10002.0, 10004.0]], dtype="float32") + np.float32(0.3)

    def in_keras(x):
        return keras.layers.LayerNormalization(epsilon=1e-5)(x)

    def in_torch(x):
        return nn.LayerNorm(4, eps=1e-5)(torch.tensor(x)).detach()


@difference(
    item="ε of RMS normalisation",
    keras="10⁻⁶",
    torch="the spacing of numbers at 1: 1.2 · 10⁻⁷ in float32, 2.2 · 10⁻¹⁶ in float64",
    severity=SILENT_WRONG,
    hits="language models, small activations",
    recipe="write it out in both",
    sources=(
        "keras/src/layers/normalization/rms_normalization.py:L45",
        "torch/nn/modules/normalization.py:L370",
    ),
)
class RmsNormEpsilon:
    x = np.random.default_rng(0).normal(scale=2e-3, size=(2, 4))

    def in_keras(x):
        return keras.layers.RMSNormalization(dtype="float64")(x)

    def in_torch(x):
        return nn.RMSNorm(4, dtype=torch.float64)(torch.tensor(x)).detach()

    def torch_as_keras(x):
        return nn.RMSNorm(4, eps=1e-6, dtype=torch.float64)(torch.tensor(x)).detach()

    def keras_as_torch(x):
        epsilon = np.finfo("float64").eps
        return keras.layers.RMSNormalization(epsilon=epsilon, dtype="float64")(x)


@difference(
    item="ε of group normalisation",
    keras="10⁻³, and 32 groups",
    torch="10⁻⁵, and no number of groups",
    severity=SILENT_WRONG,
    hits="diffusion models, detectors",
    recipe="write both out in both",
    sources=(
        "keras/src/layers/normalization/group_normalization.py:L71",
        "torch/nn/functional.py:L3014",
    ),
)
class GroupNormEpsilon:
    x = np.random.default_rng(0).normal(scale=0.1, size=(2, 3, 4))

    def in_keras(x):
        return keras.layers.GroupNormalization(2, dtype="float64")(x)

    def in_torch(x):
        return nn.GroupNorm(2, 4, dtype=torch.float64)(torch.tensor(x).mT).mT.detach()

    def torch_as_keras(x):
        return nn.GroupNorm(2, 4, eps=1e-3, dtype=torch.float64)(torch.tensor(x).mT).mT.detach()

    def keras_as_torch(x):
        return keras.layers.GroupNormalization(2, epsilon=1e-5, dtype="float64")(x)


@difference(
    item="weights of instance normalisation",
    keras="GroupNormalization(groups=-1) has γ and β",
    torch="InstanceNorm2d has none: affine=False",
    severity=SILENT_WRONG,
    hits="style transfer, CycleGAN",
    recipe="torch: affine=True; Keras: center=False, scale=False",
    sources=(
        "keras/src/layers/normalization/group_normalization.py:L72",
        "torch/nn/modules/instancenorm.py:L27",
    ),
    stage=WEIGHTS,
)
class InstanceNormWeights:
    def in_keras():
        norm = keras.layers.GroupNormalization(groups=-1)
        norm.build((None, 4, 4, 3))
        return len(norm.weights)

    def in_torch():
        return len(list(nn.InstanceNorm2d(3).parameters()))

    def torch_as_keras():
        return len(list(nn.InstanceNorm2d(3, affine=True).parameters()))

    def keras_as_torch():
        norm = keras.layers.GroupNormalization(groups=-1, center=False, scale=False)
        norm.build((None, 4, 4, 3))
        return len(norm.weights)


@difference(
    item="axis along which vectors are scaled to length 1",
    keras="UnitNormalization and ops.normalize: the last",
    torch="F.normalize: axis 1",
    severity=SILENT_WRONG,
    hits="embeddings of sequences, attention by cosines",
    recipe="name the axis in both",
    sources=(
        "keras/src/layers/normalization/unit_normalization.py:L27",
        "torch/nn/functional.py:L6073",
    ),
)
class UnitNormAxis:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))

    def in_keras(x):
        return keras.layers.UnitNormalization(dtype="float64")(x)

    def in_torch(x):
        return F.normalize(torch.tensor(x))

    def torch_as_keras(x):
        return F.normalize(torch.tensor(x), dim=-1)

    def keras_as_torch(x):
        return keras.layers.UnitNormalization(axis=1, dtype="float64")(x)


@difference(
    item="vector too short to be scaled to length 1",
    keras="tf.math.l2_normalize: x / √max(|x|², 10⁻¹²), from a length of 10⁻⁶",
    torch="F.normalize: x / max(|x|, 10⁻¹²)",
    severity=SILENT_WRONG,
    hits="gradients, rare embeddings, silent audio",
    recipe="the ε of TensorFlow is the square of torch's",
    sources=("tensorflow/python/ops/nn_impl.py:L596", "torch/nn/functional.py:L6074"),
)
class UnitNormShort:
    x = np.array([[3e-8, 4e-8]])

    def in_keras(x):
        return tf.math.l2_normalize(x, axis=-1)

    def in_torch(x):
        return F.normalize(torch.tensor(x), dim=-1)

    def torch_as_keras(x):
        return F.normalize(torch.tensor(x), dim=-1, eps=1e-6)

    def keras_as_torch(x):
        return tf.math.l2_normalize(x, axis=-1, epsilon=1e-24)


@difference(
    item="local response normalisation: its numbers, and what α is divided by",
    keras="tf.nn.lrn: 5 channels on each side, bias 1, α = 1, β = 0.5; α Σ x²",
    torch="LocalResponseNorm: size channels in all, k = 1, α = 10⁻⁴, β = 0.75; α/size Σ x²",
    severity=SILENT_WRONG,
    hits="AlexNet, GoogLeNet",
    recipe="size = 2 · radius + 1, α of torch = size · α of TensorFlow, and β written out",
    sources=("tensorflow/python/ops/nn_ops.py:L209", "torch/nn/functional.py:L3047"),
    ulp=4,  # float32, TensorFlow has no other: 11 squares are summed, then comes a power
)
class LocalResponseNorm:
    x = np.random.default_rng(0).normal(size=(1, 2, 2, 12)).astype("float32")

    def in_keras(x):
        return tf.nn.local_response_normalization(x)

    def in_torch(x):
        return nn.LocalResponseNorm(11)(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    def torch_as_keras(x):
        norm = nn.LocalResponseNorm(11, alpha=11.0, beta=0.5)
        return norm(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    def keras_as_torch(x):
        return tf.nn.local_response_normalization(x, alpha=1e-4 / 11, beta=0.75)


@difference(
    item="spectral normalisation before any training",
    keras="the weight as it is: it is divided in calls with training=True, in place",
    torch="the weight divided by its largest singular value, at every call",
    severity=SILENT_WRONG,
    hits="discriminators used before their first step; in Keras the weight itself is overwritten",
    recipe="Keras: call once with training=True; torch: parametrize once training begins",
    sources=(
        "keras/src/layers/normalization/spectral_normalization.py:L85",
        "torch/nn/utils/parametrizations.py:L527",
    ),
)
class SpectralNormInference:
    x = np.eye(2)
    kernel = np.diag([4.0, 0.1])

    def in_keras(x, kernel):
        dense = keras.layers.Dense(2, use_bias=False, dtype="float64")
        norm = keras.layers.SpectralNormalization(dense, dtype="float64")
        norm.build(x.shape)
        dense.set_weights([kernel])
        return norm(x)

    def in_torch(x, kernel):
        linear = nn.Linear(2, 2, bias=False, dtype=torch.float64)
        linear.weight.data = torch.tensor(kernel.T)
        return nn.utils.parametrizations.spectral_norm(linear).eval()(torch.tensor(x)).detach()

    def torch_as_keras(x, kernel):
        return F.linear(torch.tensor(x), torch.tensor(kernel.T))

    def keras_as_torch(x, kernel):
        dense = keras.layers.Dense(2, use_bias=False, dtype="float64")
        norm = keras.layers.SpectralNormalization(dense, power_iterations=15, dtype="float64")
        norm.build(x.shape)
        dense.set_weights([kernel])
        norm(x, training=True)
        return norm(x)
