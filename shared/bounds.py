"""The kinds of bound a concept may state, and what a party may state of itself when it departs.

A bound is data in the catalogue. Asked for its size at one sample, it answers with an array of
absolute differences, worked out by `shared.comparison`; no number in here is a tolerance.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from shared import comparison


@dataclass(frozen=True)
class Evaluated:
    """A reference function, the float64 inputs it was evaluated at, and what it gave."""

    function: Callable
    inputs: tuple[np.ndarray, ...]
    values: np.ndarray
    options: dict = field(default_factory=dict)
    axis: int | None = None  # the axis along which elements depend on each other
    draws: int = comparison.DRAWS  # of roundings, by which a movement is found

    @property
    def terms(self) -> int:
        """How many elements are summed for one element of the result."""
        return 1 if self.axis is None else self.inputs[-1].shape[self.axis]

    @cached_property
    def sensitivity(self) -> np.ndarray:
        """How far the result moves, per unit roundoff, as each input does."""
        return comparison.sensitivity(self.function, self.inputs, self.axis)

    @cached_property
    def movement(self) -> np.ndarray:
        """How far it moves when every element of every input is rounded."""
        function, inputs = self.function, self.inputs
        return comparison.movement(lambda nudge: function(*map(nudge, inputs)), self.draws)

    @cached_property
    def stepwise_movement(self) -> np.ndarray:
        """How far it moves when every read on the way to it is rounded."""
        function, inputs = self.function, self.inputs
        return comparison.movement(lambda nudge: function(*inputs, nudge=nudge), self.draws)


@dataclass(frozen=True)
class Exact:
    """Equality: for functions that only select, and so never round."""

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        return np.zeros_like(at.values)


@dataclass(frozen=True)
class Ulps:
    """A stated number of units in the last place of the result."""

    count: float = 4

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        return comparison.ulp_bound(at.values, dtype, self.count) + _underflow(at, dtype)


@dataclass(frozen=True)
class RunningError:
    """γ_n Σ |terms|, where `magnitude(*inputs)` is Σ |terms| and `terms(*inputs)` is n."""

    magnitude: Callable
    terms: Callable

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        magnitude, terms = self.magnitude(*at.inputs, **at.options), self.terms(*at.inputs)
        bound = comparison.running_error_bound(magnitude, dtype, terms)
        return bound + terms * _underflow(at, dtype).max()


@dataclass(frozen=True)
class Sensitivity:
    """`multiple` roundings of every input, plus `floor` ULP of the largest intermediate.

    The intermediate is the result itself unless `magnitude(*inputs)` names a larger one, as where
    the result is a difference of terms. A sum along an axis adds one ULP for each of its terms.
    """

    multiple: float = 4
    floor: float = 4
    magnitude: Callable | None = None

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        magnitude = self.magnitude(*at.inputs, **at.options) if self.magnitude else at.values
        floor = self.floor + (at.terms if at.axis is not None else 0)
        bound = comparison.sensitivity_bound(at.sensitivity, magnitude, dtype, self.multiple, floor)
        return bound + _underflow(at, dtype)


@dataclass(frozen=True)
class Composition:
    """`multiple` roundings of every input and weight, plus `floor` ULP of the terms last summed.

    For a function of many steps. Where the same weights are read at every step (`stepwise`), the
    reference takes `nudge` and applies it to whatever a step reads. `magnitude(*inputs)` is the
    size of the terms of the last sum; without it, the result's own largest element.

    The roundings of a sum of n `terms` are n more than those of what it reads, and add up like √n
    of them (N. J. Higham, T. Mary, SIAM J. Sci. Comput. 41, 2019): from 16 terms on the multiple
    is √n.
    """

    multiple: float = 4
    floor: float = 4
    magnitude: Callable | None = None
    stepwise: bool = False
    terms: int = 1

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        magnitude = np.max(np.abs(at.values), initial=0.0) + 0 * at.values
        if self.magnitude:
            magnitude = self.magnitude(*at.inputs, **at.options)
        movement = at.stepwise_movement if self.stepwise else at.movement
        multiple = max(self.multiple, math.sqrt(self.terms))
        bound = comparison.sensitivity_bound(movement, magnitude, dtype, multiple, self.floor)
        return bound + np.finfo(dtype).tiny


@dataclass(frozen=True)
class Absolute:
    """`count` roundings of a number of the size of 1 or of the input, not of a smaller result.

    What is left of an accuracy when the formula cancels: 1 − h where h is nearly 1, say. Where
    elements are summed along an axis, each term of the sum may be as far off.
    """

    count: float = 4

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        return self.count * at.terms * comparison.unit_roundoff(dtype) * _factors(at)


@dataclass(frozen=True)
class Float32Constant:
    """What one rounding of a constant to float32 can move, whatever the precision around it.

    `bound` is the kind that the concept is held to.
    """

    bound: object = field(default_factory=Sensitivity)

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        return self.bound.size(at, "float32")


@dataclass(frozen=True)
class OfOptions:
    """`bound` where it is the options that are read, and so rounded: those that are no counts.

    For a function of whole numbers, as a schedule is of the epoch, which no precision rounds.
    """

    bound: object = field(default_factory=Sensitivity)

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        names = [name for name, value in at.options.items() if isinstance(value, float)]
        reads = tuple(np.float64(at.options[name]) for name in names)

        def of_reads(*reads):
            return at.function(*at.inputs, **dict(zip(names, reads, strict=True)))

        return self.bound.size(Evaluated(of_reads, reads, at.values), dtype)


@dataclass(frozen=True)
class Where:
    """No bound at the inputs that `places(*inputs)` marks, where another convention holds."""

    places: Callable

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        marked = self.places(*at.inputs, **at.options)
        return np.where(np.broadcast_to(marked, at.values.shape), np.inf, 0.0)


@dataclass(frozen=True)
class Departure:
    """A party that differs from the formula by more than its bound: what, where, why, how far.

    It is asserted: a departure that is no longer seen is reported as a failure, so that the note
    goes when the cause does.
    """

    concept: str
    tensor: str  # "h", "g_x", "second_x"
    bound: Exact | Ulps | RunningError | Sensitivity | Absolute | Float32Constant | Where
    why: str
    dtypes: tuple[str, ...] = ("float32", "float64")
    modes: tuple[str, ...] = ("eager", "graph", "compiled")
    options: dict = field(default_factory=dict)  # among the concept's, for which alone it holds
    kernels: str = ""  # among those the framework may take on a processor, for which alone it holds


def _factors(at: Evaluated):
    """Π max(1, |input|): what an intermediate error may yet be multiplied by."""
    total = np.ones_like(at.values)
    for values in at.inputs:
        finite = np.nan_to_num(np.abs(values), nan=1.0, posinf=1.0)
        fits = finite if np.shape(finite) == np.shape(total) else np.max(finite, initial=1.0)
        total = total * np.maximum(1.0, fits)
    return total


def _underflow(at: Evaluated, dtype):
    return np.finfo(dtype).tiny * _factors(at)


def tied(g, x, pieces):
    """Which inputs of maxout are the largest of their run, and not the only ones."""

    def mark(runs):
        largest = runs == np.max(runs, -1, keepdims=True)
        return largest & (np.sum(largest, -1, keepdims=True) > 1)

    return _runs(x, pieces, mark)


def with_nan(g, x, pieces):
    """Which inputs of maxout belong to a run that holds NaN."""
    return _runs(x, pieces, lambda runs: np.isnan(runs).any(-1, keepdims=True))


def taken_by_nan(g, x, pieces):
    """Which inputs of maxout gain or lose the gradient where the first NaN of a run takes it.

    The reference gives it to the first of the run, since no number is equal to NaN.
    """

    def mark(runs):
        nan = np.isnan(runs)
        first_nan = nan & (np.cumsum(nan, -1) == 1)
        return nan.any(-1, keepdims=True) & (first_nan != (np.arange(pieces) == 0))

    return _runs(x, pieces, mark)


def dropped_nan(x, axis=-1):
    """Which inputs of softmax are numbers in a row with NaN or ∞, whose outputs are all NaN."""
    spoiled = np.isnan(x) | (x == np.inf)
    return spoiled.any(axis, keepdims=True) & ~spoiled


def partly_nan(x, pieces):
    """Which runs of maxout hold NaN and numbers."""
    nan = np.isnan(np.reshape(x, (*x.shape[:-1], -1, pieces)))
    return nan.any(-1) & ~nan.all(-1)


def _runs(x, pieces, mark):
    runs = np.reshape(x, (*x.shape[:-1], -1, pieces))
    return np.reshape(np.broadcast_to(mark(runs), runs.shape), x.shape)
