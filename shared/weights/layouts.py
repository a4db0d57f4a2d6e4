"""Which Keras weight is which torch tensor, layer by layer.

Shapes are those of Keras, in named sizes: ("inputs", "4 units") is D by 4U. `axes` says where the
axes of the torch tensor lie in Keras's: axis i of the one is axis axes[i] of the other. `gates`
gives the order of a recurrent layer's gates along Keras's last axis, first in Keras, then in torch,
in Keras's letters: i input, f forget, c candidate, o output; z update, r reset, h candidate.

What has no counterpart is not declared. Most of it is refused by its names or shapes: torch's
num_layers > 1, bidirectional and proj_size, and Keras's GRU(reset_after=False), which torch does
not compute. Without a bias that one has the shapes of the other GRU, and no check can tell them
apart.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from shared.weights.checking import WeightError
from shared.weights.tensors import Counter, FlattenedKernel, StackedBias, SummedBias, Weight


@dataclass(frozen=True)
class Layer:
    """A layer's name and its weights."""

    name: str
    weights: tuple[Weight | StackedBias | SummedBias | Counter, ...]

    def shapes(self, framework: str) -> dict[str, tuple[str, ...]]:
        """Name -> declared shape of each tensor in "keras" or in "torch"."""
        return {n: s for weight in self.weights for n, s in getattr(weight, framework).items()}


_IFCO = ("ifco", "ifco")  # torch writes g for the candidate c
_ZRH = ("zrh", "rzh")  # torch writes n for the candidate h
_TWO = ("bias_ih_l0", "bias_hh_l0")
_KERNEL_2D = ("height", "width", "channels", "filters")
_AFFINE = (
    Weight("gamma", "weight", ("features",), (0,)),
    Weight("beta", "bias", ("features",), (0,)),
)

_LINEAR = (
    Weight("kernel", "weight", ("inputs", "units"), (1, 0), drawn="scaled"),
    Weight("bias", "bias", ("units",), (0,)),
)
_CONV_2D = (
    Weight("kernel", "weight", _KERNEL_2D, (3, 2, 0, 1), drawn="scaled"),
    Weight("bias", "bias", ("filters",), (0,)),
)
_BATCH_NORM = (
    *_AFFINE,
    Weight("moving_mean", "running_mean", ("features",), (0,)),
    Weight("moving_variance", "running_var", ("features",), (0,), drawn="positive"),
    Counter("num_batches_tracked"),
)
_EMBEDDING = (Weight("embeddings", "weight", ("vocabulary", "units"), (0, 1)),)
_PRELU = (Weight("alpha", "weight", ("channels",), (0,)),)
_SIMPLE_RNN = (
    Weight("kernel", "weight_ih_l0", ("inputs", "units"), (1, 0), drawn="scaled"),
    Weight("recurrent_kernel", "weight_hh_l0", ("units", "units"), (1, 0), drawn="scaled"),
    SummedBias("bias", _TWO, "units"),
)
_LSTM = (
    Weight("kernel", "weight_ih_l0", ("inputs", "4 units"), (1, 0), _IFCO, "scaled"),
    Weight("recurrent_kernel", "weight_hh_l0", ("units", "4 units"), (1, 0), _IFCO, "scaled"),
    SummedBias("bias", _TWO, "4 units"),
)
_GRU = (
    Weight("kernel", "weight_ih_l0", ("inputs", "3 units"), (1, 0), _ZRH, "scaled"),
    Weight("recurrent_kernel", "weight_hh_l0", ("units", "3 units"), (1, 0), _ZRH, "scaled"),
    StackedBias("bias", _TWO, "3 units", _ZRH),
)

LAYERS = {
    name: Layer(name, weights)
    for name, weights in {
        "Linear": _LINEAR,
        "Conv2D": _CONV_2D,
        "BatchNorm": _BATCH_NORM,
        "LayerNorm": _AFFINE,
        "Embedding": _EMBEDDING,
        "PReLU": _PRELU,
        "SimpleRNN": _SIMPLE_RNN,
        "LSTM": _LSTM,
        "GRU": _GRU,
    }.items()
}


def layout(name: str, without: Collection[str] = ()) -> Layer:
    """The declared layer of this name, less the weights (Keras's names) that it is built without.

    Raises:
        WeightError: there is no such layer, or it has no such weight.

    >>> layout("Linear", without=("bias",)).shapes("torch")
    {'weight': ('units', 'inputs')}
    """
    if name not in LAYERS:
        raise WeightError(f"no layer {name!r} is declared; the layers are {', '.join(LAYERS)}.")
    layer = LAYERS[name]
    has = layer.shapes("keras")
    unknown = [weight for weight in without if weight not in has]
    if unknown:
        raise WeightError(f"{name} has no weight {', '.join(unknown)}, only {', '.join(has)}.")
    kept = tuple(weight for weight in layer.weights if weight.keras.keys().isdisjoint(without))
    return replace(layer, weights=kept)


def behind_flatten(height: int, width: int, channels: int) -> Layer:
    """A linear layer whose input is a flattened image of these sizes.

    >>> behind_flatten(2, 2, 3).shapes("torch")
    {'weight': ('units', 'inputs'), 'bias': ('units',)}
    """
    kernel, bias = _LINEAR
    size = height, width, channels
    flattened = FlattenedKernel(
        kernel.keras_name, kernel.torch_name, kernel.shape, kernel.axes, drawn="scaled", image=size
    )
    return Layer("Linear", (flattened, bias))
