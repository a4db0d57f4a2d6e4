"""Activations: other slopes and constants, other limits, and what happens at infinity."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from torch_impl.builtins.activations import softmax

TITLE = "Activations"
STAGE = LAYERS


@difference(
    item="slope of leaky_relu left of zero",
    keras="0.2 in keras.activations.leaky_relu and tf.nn.leaky_relu",
    torch="0.01 in F.leaky_relu and nn.LeakyReLU",
    severity=SILENT_WRONG,
    hits="every network with a leaky ReLU whose slope is not written out",
    recipe="pass negative_slope in both",
    sources=("keras/src/activations/activations.py:L112", "torch/nn/functional.py:L1951"),
)
class LeakyReluSlope:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.leaky_relu(x)

    def in_torch(x):
        return F.leaky_relu(torch.tensor(x))

    def torch_as_keras(x):
        # Keras hands the slope over as a float32
        return F.leaky_relu(torch.tensor(x), negative_slope=float(np.float32(0.2)))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, 0.01 * x)


@difference(
    item="slope of leaky_relu in float64, 0.01 in both",
    keras="the slope is an attribute of the operation in float32: 0.009999999776",
    torch="0.01 in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after eight digits",
    recipe="torch: round the slope to float32; Keras: write the formula",
    sources=("keras/src/backend/tensorflow/nn.py:L105", "torch/nn/functional.py:L1951"),
)
class LeakyReluSlopeFloat32:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.leaky_relu(x, negative_slope=0.01)

    def in_torch(x):
        return F.leaky_relu(torch.tensor(x), negative_slope=0.01)

    def torch_as_keras(x):
        return F.leaky_relu(torch.tensor(x), negative_slope=float(np.float32(0.01)))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, 0.01 * x)


@difference(
    item="relu6 at its two kinks, its gradient",
    keras="0 at 0 and at 6",
    torch="0 at 0 and at 6",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L38", "torch/nn/functional.py:L1847"),
)
class Relu6Kinks:
    x = np.array([-1.0, 0.0, 3.0, 6.0, 7.0])

    def in_keras(x):
        x = keras.ops.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = keras.activations.relu6(x)
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        F.relu6(x).sum().backward()
        return x.grad


@difference(
    item="softmax of a row that is masked throughout",
    keras="zeros: Softmax(mask=) fills in −10⁹, and writes zeros over what is masked",
    torch="NaN: masked_fill with −∞ leaves 0/0",
    severity=SILENT_WRONG,
    hits="attention over a batch with an empty sequence",
    recipe="mask with finfo.min and multiply by the mask afterwards; or fill with −∞ in Keras too",
    sources=("keras/src/layers/activations/softmax.py:L81", "torch/nn/functional.py:L2170"),
)
class SoftmaxFullyMasked:
    x = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    mask = np.array([[True, False, True], [False, False, False]])

    def in_keras(x, mask):
        return keras.layers.Softmax(dtype="float64")(x, mask=mask)

    def in_torch(x, mask):
        return F.softmax(torch.tensor(x).masked_fill(~torch.tensor(mask), -torch.inf), dim=-1)

    def torch_as_keras(x, mask):
        mask = torch.tensor(mask)
        filled = torch.tensor(x).masked_fill(~mask, torch.finfo(torch.float64).min / 2)
        return F.softmax(filled, dim=-1) * mask

    def keras_as_torch(x, mask):
        return keras.ops.softmax(keras.ops.where(mask, x, -np.inf), axis=-1)


@difference(
    item="slope of the LeakyReLU layer left of zero",
    keras="0.3 in keras.layers.LeakyReLU, where keras.activations.leaky_relu has 0.2",
    torch="0.01 in nn.LeakyReLU, as in F.leaky_relu",
    severity=SILENT_WRONG,
    hits="GANs and detectors, whose papers say 0.1 or 0.2 and whose code says nothing",
    recipe="pass negative_slope in both",
    sources=(
        "keras/src/layers/activations/leaky_relu.py:L38",
        "torch/nn/modules/activation.py:L913",
    ),
)
class LeakyReluLayerSlope:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.layers.LeakyReLU(dtype="float64")(x)

    def in_torch(x):
        return nn.LeakyReLU()(torch.tensor(x))

    def torch_as_keras(x):
        # Keras hands the slope over as a float32
        return nn.LeakyReLU(negative_slope=float(np.float32(0.3)))(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, 0.01 * x)


@difference(
    item="a leaky ReLU layer whose slope is negative",
    keras="raises ValueError: the slope of the layer is at least 0",
    torch="any slope is taken; −1 makes it |x|",
    severity=CRASH,
    hits="loading a torch model that was tuned over the slope",
    recipe="Keras: call keras.activations.leaky_relu, which does not check",
    unaligned="an error is nothing that torch should be made to raise",
    sources=(
        "keras/src/layers/activations/leaky_relu.py:L46",
        "torch/nn/modules/activation.py:L913",
    ),
)
class LeakyReluNegativeSlope:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.layers.LeakyReLU(negative_slope=-1.0)(x)

    def in_torch(x):
        return nn.LeakyReLU(negative_slope=-1.0)(torch.tensor(x))

    def keras_as_torch(x):
        return keras.activations.leaky_relu(x, negative_slope=-1.0)


@difference(
    item="PReLU: how many slopes, and where they start",
    keras="one for each element of a sample, from 0",
    torch="one for all, from 0.25",
    severity=SILENT_WRONG,
    hits="face recognition and super-resolution networks, where a PReLU follows each convolution",
    recipe="Keras: shared_axes and alpha_initializer; torch: num_parameters and init",
    sources=("keras/src/layers/activations/prelu.py:L36", "torch/nn/modules/activation.py:L1629"),
)
class PreluSlopes:
    x = np.array([[[-1.0, 2.0, -3.0], [-4.0, -5.0, 6.0]]])  # (batch, time, channels)

    def in_keras(x):
        layer = keras.layers.PReLU(dtype="float64")
        return layer(x), layer.count_params()

    def in_torch(x):
        layer = nn.PReLU(dtype=torch.float64)
        return layer(torch.tensor(x)).detach(), layer.weight.numel()

    def torch_as_keras(x):
        # all of a sample are laid out as channels
        layer = nn.PReLU(num_parameters=x[0].size, init=0.0, dtype=torch.float64)
        h = layer(torch.tensor(x).flatten(1)).detach()
        return h.reshape(x.shape), layer.weight.numel()

    def keras_as_torch(x):
        layer = keras.layers.PReLU(
            alpha_initializer=keras.initializers.Constant(0.25),
            shared_axes=list(range(1, x.ndim)),
            dtype="float64",
        )
        return layer(x), layer.count_params()


@difference(
    item="axis along which the slopes of PReLU lie",
    keras="those not in shared_axes; usually the last",
    torch="axis 1",
    severity=CRASH,
    hits="sequences and images laid out channels last; where axis 1 is as long, nothing is said",
    recipe="torch: movedim the channels to axis 1 and back; Keras: shared_axes=[2] for axis 1",
    unaligned="three slopes do not fit two steps, and torch raises; that is not to be copied",
    sources=("keras/src/layers/activations/prelu.py:L57", "torch/nn/modules/activation.py:L1575"),
)
class PreluChannels:
    x = np.array([[[-1.0, 2.0, -3.0], [-4.0, -5.0, 6.0]]])
    slopes = np.array([0.1, 0.2, 0.3])

    def in_keras(x, slopes):
        layer = keras.layers.PReLU(shared_axes=[1], dtype="float64")
        layer.build(x.shape)
        layer.alpha.assign(slopes.reshape(layer.alpha.shape))
        return layer(x)

    def in_torch(x, slopes):
        return F.prelu(torch.tensor(x), torch.tensor(slopes))

    def torch_as_keras(x, slopes):
        return F.prelu(torch.tensor(x).movedim(-1, 1), torch.tensor(slopes)).movedim(1, -1)


@difference(
    item="PReLU over inputs whose length is not known yet",
    keras="raises: a slope for each step needs the number of steps",
    torch="one slope serves every length",
    severity=CRASH,
    hits="fully convolutional networks and models of sequences",
    recipe="Keras: share the slopes over the axes of unknown length",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/layers/activations/prelu.py:L55", "torch/nn/modules/activation.py:L1629"),
)
class PreluUnknownLength:
    x = np.array([[[-1.0, 2.0, -3.0], [-4.0, -5.0, 6.0]]])

    def in_keras(x):
        inputs = keras.Input((None, 3), dtype="float64")
        layer = keras.layers.PReLU(dtype="float64", name="slopes")
        return keras.Model(inputs, layer(inputs))(x)

    def in_torch(x):
        return nn.PReLU(init=0.0, dtype=torch.float64)(torch.tensor(x)).detach()

    def keras_as_torch(x):
        inputs = keras.Input((None, 3), dtype="float64")
        layer = keras.layers.PReLU(shared_axes=[1, 2], dtype="float64")
        return keras.Model(inputs, layer(inputs))(x)


@difference(
    item="RReLU, the leaky ReLU of random slope, in evaluation",
    keras="is not there",
    torch="the slope is the middle of lower=1/8 and upper=1/3",
    severity=CRASH,
    hits="ports of models with RReLU",
    recipe="Keras: for evaluation, a leaky ReLU of slope 11/48; for training, draw the slopes",
    unaligned="there is nothing in Keras for torch to do as",
    sources="torch/nn/functional.py:L2004",
)
class Rrelu:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.layers.RReLU()(x)

    def in_torch(x):
        return nn.RReLU().eval()(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, (1 / 8 + 1 / 3) / 2 * x)


@difference(
    item="sparsemax",
    keras="keras.activations.sparsemax",
    torch="is not there",
    severity=CRASH,
    hits="TabNet and attention with exact zeros",
    recipe="torch: subtract the threshold of Martins & Astudillo (2016), found by sorting",
    unaligned="there is nothing in torch for Keras to do as",
    sources="keras/src/activations/activations.py:L661",
)
class Sparsemax:
    x = np.array([[1.0, 2.0, 0.5], [0.0, 0.0, 3.0]])

    def in_keras(x):
        return keras.activations.sparsemax(x)

    def in_torch(x):
        return F.sparsemax(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        largest = x.sort(dim=-1, descending=True).values
        rank = torch.arange(1, x.shape[-1] + 1)
        above = 1 + rank * largest > largest.cumsum(-1)  # the k largest that stay
        k = above.sum(-1, keepdim=True)
        threshold = ((largest * above).sum(-1, keepdim=True) - 1) / k
        return F.relu(x - threshold)


@difference(
    item="which gelu keras.ops.gelu is",
    keras="the tanh formula: approximate=True, where keras.activations.gelu has False",
    torch="the exact one: approximate='none'",
    severity=SILENT_WRONG,
    hits="custom layers written with keras.ops",
    recipe="pass approximate in both",
    sources=("keras/src/ops/nn.py:L635", "torch/nn/functional.py:L2054"),
)
class GeluOfOps:
    x = np.array([-3.0, -1.0, 0.5, 2.0])

    def in_keras(x):
        return keras.ops.gelu(x)

    def in_torch(x):
        return F.gelu(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        inner = x + float(np.float32(0.044715)) * x**3
        return 0.5 * x * (1 + torch.tanh((2 / np.pi) ** 0.5 * inner))

    def keras_as_torch(x):
        x = tf.constant(x)
        return 0.5 * x * tf.math.erfc(-x * tf.constant(0.5**0.5, x.dtype))


@difference(
    item="how gelu is asked for its tanh formula",
    keras="approximate=True",
    torch="approximate='tanh'; a bool raises TypeError",
    severity=CRASH,
    hits="whoever carries the argument over",
    recipe="Keras True is torch 'tanh', Keras False is torch 'none'",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("keras/src/activations/activations.py:L338", "torch/nn/functional.py:L2054"),
)
class GeluArgument:
    x = np.array([-40.0, 0.0, 40.0])

    def in_keras(x):
        return keras.activations.gelu(x, approximate=True)

    def in_torch(x):
        return F.gelu(torch.tensor(x), approximate=True)

    def torch_as_keras(x):
        return F.gelu(torch.tensor(x), approximate="tanh")


@difference(
    item="softplus with a slope of its own",
    keras="takes no argument but x",
    torch="beta=1: log(1 + exp(βx)) / β",
    severity=CRASH,
    hits="ports of nn.Softplus(beta=…), usual for standard deviations and distance fields",
    recipe="Keras: divide the softplus of βx by β",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/activations/activations.py:L238", "torch/nn/modules/activation.py:L991"),
)
class SoftplusBeta:
    x = np.array([-3.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.softplus(x, beta=2.0)

    def in_torch(x):
        return F.softplus(torch.tensor(x), beta=2.0)

    def keras_as_torch(x):
        return keras.activations.softplus(2.0 * x) / 2.0


@difference(
    item="hard_tanh between other limits",
    keras="takes none: the limits are −1 and 1",
    torch="Hardtanh(min_val=−1, max_val=1)",
    severity=CRASH,
    hits="outputs and quantised activations that are held between other limits",
    recipe="Keras: clip",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/activations/activations.py:L431", "torch/nn/modules/activation.py:L260"),
)
class HardTanhLimits:
    x = np.array([-3.0, 0.5, 8.0])

    def in_keras(x):
        return keras.activations.hard_tanh(x, 0.0, 6.0)

    def in_torch(x):
        return F.hardtanh(torch.tensor(x), 0.0, 6.0)

    def keras_as_torch(x):
        return keras.ops.clip(x, 0.0, 6.0)


@difference(
    item="elu with alpha=0.5",
    keras="where(x > 0, elu(x), alpha · elu(x))",
    torch="alpha (eˣ − 1) left of zero",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L122", "torch/nn/functional.py:L1863"),
)
class EluAlpha:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.elu(x, alpha=0.5)

    def in_torch(x):
        return F.elu(torch.tensor(x), alpha=0.5)


@difference(
    item="softmax where no axis is given",
    keras="the last",
    torch="dim=None: the first for 0, 1 and 3 axes, else the second; a warning says so",
    severity=SILENT_WRONG,
    hits="nn.Softmax() and F.softmax(x) over sequences, whose batch is then normalised",
    recipe="pass axis=-1 and dim=-1",
    sources=("keras/src/activations/activations.py:L136", "torch/nn/functional.py:L2130"),
)
class SoftmaxAxis:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))

    def in_keras(x):
        return keras.activations.softmax(x)

    def in_torch(x):
        return nn.Softmax()(torch.tensor(x))

    def torch_as_keras(x):
        return softmax(torch.tensor(x))

    def keras_as_torch(x):
        return keras.activations.softmax(x, axis=0)


@difference(
    item="softmax with None for the axis",
    keras="over all elements together",
    torch="over the axis guessed from their number: the second of two",
    severity=SILENT_WRONG,
    hits="attention maps, normalised over a whole image",
    recipe="torch: flatten first; Keras: name the axis",
    sources=("keras/src/backend/tensorflow/nn.py:L169", "torch/nn/functional.py:L2130"),
)
class SoftmaxAxisNone:
    x = np.random.default_rng(0).normal(size=(2, 3))

    def in_keras(x):
        return keras.ops.softmax(x, axis=None)

    def in_torch(x):
        return F.softmax(torch.tensor(x), dim=None)

    def torch_as_keras(x):
        return F.softmax(torch.tensor(x).flatten(), dim=0).reshape(x.shape)

    def keras_as_torch(x):
        return keras.ops.softmax(x, axis=1)


@difference(
    item="softmax over several axes at once",
    keras="Softmax(axis=(1, 2)) takes them",
    torch="raises TypeError: dim is one number",
    severity=CRASH,
    hits="spatial softmax over height and width",
    recipe="torch: flatten the axes, or subtract logsumexp, which takes several",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("keras/src/layers/activations/softmax.py:L84", "torch/nn/functional.py:L2170"),
)
class SoftmaxSeveralAxes:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))

    def in_keras(x):
        return keras.layers.Softmax(axis=(1, 2), dtype="float64")(x)

    def in_torch(x):
        return F.softmax(torch.tensor(x), dim=(1, 2))

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.exp(x - torch.logsumexp(x, dim=(1, 2), keepdim=True))


@difference(
    item="softmax over the channels of an image",
    keras="axis=-1, the channels of (height, width, channels)",
    torch="Softmax2d normalises axis −3, the channels of (channels, height, width)",
    severity=SILENT_WRONG,
    hits="segmentation heads whose layout was turned over but whose Softmax2d stayed",
    recipe="let the axis go with the layout: dim=-1 for channels last",
    sources=("keras/src/layers/activations/softmax.py:L48", "torch/nn/modules/activation.py:L1860"),
)
class SoftmaxOfChannels:
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 4))  # (batch, height, width, channels)

    def in_keras(x):
        return keras.layers.Softmax(dtype="float64")(x)

    def in_torch(x):
        return nn.Softmax2d()(torch.tensor(x))

    def torch_as_keras(x):
        return nn.Softmax(dim=-1)(torch.tensor(x))

    def keras_as_torch(x):
        return keras.layers.Softmax(axis=-3, dtype="float64")(x)


@difference(
    item="an activation that writes over its input",
    keras="never does",
    torch="inplace=True, usual in published models, overwrites x for whoever reads it next",
    severity=SILENT_WRONG,
    hits="residual connections x + f(x), written after an in-place ReLU of x",
    recipe="torch: leave inplace=False; Keras: give x the name of its ReLU",
    sources=("keras/src/layers/activations/relu.py:L67", "torch/nn/modules/activation.py:L135"),
)
class ReluInplace:
    x = np.array([-2.0, -1.0, 0.0, 3.0])

    def in_keras(x):
        return keras.layers.ReLU(dtype="float64")(x) + x

    def in_torch(x):
        x = torch.tensor(x)
        return nn.ReLU(inplace=True)(x) + x

    def torch_as_keras(x):
        x = torch.tensor(x)
        return nn.ReLU()(x) + x

    def keras_as_torch(x):
        x = keras.layers.ReLU(dtype="float64")(x)
        return x + x


@difference(
    item="first argument of a ReLU layer, and second of relu",
    keras="ReLU(6.0): max_value, a relu6; relu(x, 0.1): negative_slope",
    torch="both are inplace: any number but 0 overwrites the input, and nothing is cut off",
    severity=SILENT_WRONG,
    hits="relu6 and leaky slopes given by position",
    recipe="torch: nn.ReLU6 and F.leaky_relu; Keras: name the arguments",
    sources=("keras/src/layers/activations/relu.py:L41", "torch/nn/modules/activation.py:L135"),
)
class ReluArgument:
    x = np.array([-2.0, 3.0, 8.0])

    def in_keras(x):
        return keras.layers.ReLU(6.0, dtype="float64")(x)

    def in_torch(x):
        return nn.ReLU(6.0)(torch.tensor(x))

    def torch_as_keras(x):
        return nn.ReLU6()(torch.tensor(x))

    def keras_as_torch(x):
        return keras.layers.ReLU(dtype="float64")(x)
