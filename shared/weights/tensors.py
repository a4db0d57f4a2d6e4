"""The ways in which Keras's weights of a layer can be torch's.

Each kind says which tensors of either framework it stands for, `keras` and `torch` (name to
declared shape, see shared.weights.sizes), and moves just these, both ways.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Weight:
    """One Keras weight that is one torch tensor, number for number."""

    keras_name: str
    torch_name: str
    shape: tuple[str, ...]
    axes: tuple[int, ...]
    gates: tuple[str, str] = ("", "")
    drawn: str = "normal"  # see shared.weights.drawing

    @property
    def keras(self) -> dict:
        return {self.keras_name: self.shape}

    @property
    def torch(self) -> dict:
        return {self.torch_name: tuple(self.shape[axis] for axis in self.axes)}

    def to_torch(self, arrays) -> dict:
        values = _regrouped(arrays[self.keras_name], *self.gates)
        return {self.torch_name: np.transpose(values, self.axes)}

    def to_keras(self, arrays) -> dict:
        values = np.transpose(arrays[self.torch_name], np.argsort(self.axes))
        return {self.keras_name: _regrouped(values, *reversed(self.gates))}


@dataclass(frozen=True)
class FlattenedKernel(Weight):
    """The kernel of a linear layer behind a flattened image, whose places Keras and torch count
    apart: by height, width and channels in the one, by channels, height and width in the other.
    """

    image: tuple[int, int, int] = (1, 1, 1)  # height, width, channels

    def to_torch(self, arrays) -> dict:
        kernel = np.asarray(arrays[self.keras_name])
        by_place = np.reshape(kernel, (*self.image, -1))
        rows = np.reshape(np.moveaxis(by_place, 2, 0), kernel.shape)
        return super().to_torch({self.keras_name: rows})

    def to_keras(self, arrays) -> dict:
        rows = super().to_keras(arrays)[self.keras_name]
        height, width, channels = self.image
        by_place = np.reshape(rows, (channels, height, width, -1))
        return {self.keras_name: np.reshape(np.moveaxis(by_place, 0, 2), rows.shape)}


@dataclass(frozen=True)
class StackedBias:
    """The input's and the state's bias: two rows in Keras, two tensors in torch."""

    keras_name: str
    torch_names: tuple[str, str]
    size: str
    gates: tuple[str, str]
    drawn: str = "normal"

    @property
    def keras(self) -> dict:
        return {self.keras_name: ("2", self.size)}

    @property
    def torch(self) -> dict:
        return dict.fromkeys(self.torch_names, (self.size,))

    def to_torch(self, arrays) -> dict:
        rows = _regrouped(arrays[self.keras_name], *self.gates)
        return dict(zip(self.torch_names, rows, strict=True))

    def to_keras(self, arrays) -> dict:
        rows = np.stack([arrays[name] for name in self.torch_names])
        return {self.keras_name: _regrouped(rows, *reversed(self.gates))}


@dataclass(frozen=True)
class SummedBias:
    """One bias in Keras where torch adds two.

    From Keras, the second is 0, and the way back gives the first bit for bit. From torch, the two
    are added, which rounds and forgets how the sum was split: two torch layers may give one Keras
    layer, and torch -> Keras -> torch does not come back to where it started.
    """

    keras_name: str
    torch_names: tuple[str, str]
    size: str
    drawn: str = "normal"

    @property
    def keras(self) -> dict:
        return {self.keras_name: (self.size,)}

    @property
    def torch(self) -> dict:
        return dict.fromkeys(self.torch_names, (self.size,))

    def to_torch(self, arrays) -> dict:
        bias = arrays[self.keras_name]
        return dict(zip(self.torch_names, (bias, np.zeros_like(bias)), strict=True))

    def to_keras(self, arrays) -> dict:
        first, second = (np.asarray(arrays[name]) for name in self.torch_names)
        total = first.astype(np.result_type(first, second))
        # a 0 leaves every bit of the first alone, where −0.0 + 0.0 would be 0.0
        np.add(first, second, out=total, where=second != 0)
        return {self.keras_name: total}


@dataclass(frozen=True)
class Counter:
    """A whole number that torch keeps and Keras does not: 0 from Keras, dropped on the way to it.

    torch reads it only in BatchNorm(momentum=None), whose running average is over all batches.
    """

    torch_name: str

    @property
    def keras(self) -> dict:
        return {}

    @property
    def torch(self) -> dict:
        return {self.torch_name: ()}

    def to_torch(self, arrays) -> dict:
        return {self.torch_name: np.zeros((), np.int64)}

    def to_keras(self, arrays) -> dict:
        return {}


def _regrouped(values, order: str, wanted: str) -> np.ndarray:
    """The gates along the last axis, put from one order into another."""
    values = np.asarray(values)
    if order == wanted:
        return values
    gates = dict(zip(order, np.split(values, len(order), axis=-1), strict=True))
    return np.concatenate([gates[letter] for letter in wanted], axis=-1)
