"""How far results lie from the truth, counted over any number of inputs, block after block.

A tally keeps what a report says of many results: how many, the worst and the sum of their errors,
where the worst lies, and how often they were of another kind than they should be. Two tallies make
one by `+`. What a run finds does not depend on where it was interrupted, since its tallies are
always merged in the order of the inputs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shared.floats import Format

# the classes of inputs; ordinary ones are told apart by the size of what the function gives there
NORMAL = "normal"
BRINK = "brink"  # f(x) is normal, but so small that what leads to it may not be: see `classes`
SMALL = "small result"  # f(x) is below the smallest normal number, or 0
SUBNORMAL = "subnormal input"
ZERO = "zero"
INFINITY = "infinity"
NAN = "NaN"
CLASSES = (NORMAL, BRINK, SMALL, SUBNORMAL, ZERO, INFINITY, NAN)
NOWHERE = -1

Class = tuple[str, slice | np.ndarray]


@dataclass(frozen=True)
class Tally:
    """What was seen of one party's results at inputs of one class."""

    numbers: int = 0
    worst: float = 0.0  # error in ULP, of the results of the right kind
    at: int = NOWHERE  # the bits of the first input where it is that
    total: float = 0.0  # Σ of those errors
    strange: int = 0  # results of another kind: NaN or ∞ for a number, or the reverse
    strange_at: int = NOWHERE
    subnormal: int = 0  # results that should be subnormal numbers,
    flushed: int = 0  # and are 0 instead
    signs: int = 0  # zeros whose sign is not that of the truth
    payloads: int = 0  # NaNs of a NaN input, with its payload

    def __add__(self, other: "Tally") -> "Tally":
        further = other.worst > self.worst or self.at == NOWHERE
        return Tally(
            self.numbers + other.numbers,
            other.worst if further else self.worst,
            other.at if further else self.at,
            self.total + other.total,
            self.strange + other.strange,
            other.strange_at if self.strange_at == NOWHERE else self.strange_at,
            self.subnormal + other.subnormal,
            self.flushed + other.flushed,
            self.signs + other.signs,
            self.payloads + other.payloads,
        )

    @property
    def mean(self) -> float:
        """The mean error of the results of the right kind; NaN where there are none."""
        counted = self.numbers - self.strange
        return self.total / counted if counted else np.nan


@dataclass(frozen=True, eq=False)
class Truth:
    """Inputs by their bits, and what a function gives there, in float64; all of one class."""

    format: Format
    bits: np.ndarray
    values: np.ndarray

    @cached_property
    def per_gap(self) -> np.ndarray:
        """1 / ULP: what an error is multiplied by, exactly, for it is a power of two."""
        return 1 / self.format.gap(self.values)

    @cached_property
    def subnormal(self) -> np.ndarray | None:
        """Which results should be subnormal numbers; None where none is, nor 0."""
        size = np.abs(self.values)
        if size.min(initial=np.inf) >= self.format.tiny:
            return None
        # half the smallest number is rounded to the even neighbour, 0
        return (size > self.format.smallest / 2) & (size < self.format.tiny)

    @np.errstate(all="ignore")
    def tally(self, results: np.ndarray) -> Tally:
        """The tally of a party's results, given by their bits."""
        found = self.format.numbers(results)
        error = np.abs(found - self.values) * self.per_gap
        worst, strange = int(np.argmax(error)), np.zeros(0, int)
        if self.of_nan or not np.isfinite(error[worst]):  # NaN counts as the largest
            alike = (found == self.values) | (np.isnan(found) & np.isnan(self.values))
            # of NaN a convention makes a constant, to which there is no near but its neighbours
            near = np.isfinite(error) & ((error <= 1) | (not self.of_nan))
            strange = np.flatnonzero(~(alike | near))
            error = np.where(near & ~alike, error, 0.0)
            worst = int(np.argmax(error))
        return Tally(
            numbers=error.size,
            worst=float(error[worst]),
            at=int(self.bits[worst]),
            total=float(error.sum()),
            strange=strange.size,
            strange_at=int(self.bits[strange[0]]) if strange.size else NOWHERE,
            **self._zeros(found),
            payloads=self._payloads(results, found),
        )

    def _zeros(self, found):
        zero = found == 0
        if self.subnormal is None and not zero.any():
            return {}
        subnormal = np.zeros_like(zero) if self.subnormal is None else self.subnormal
        other = zero & ~subnormal & ~np.isnan(self.values)
        turned = other & (np.signbit(found) != np.signbit(self.values))
        counted = {"subnormal": subnormal, "flushed": zero & subnormal, "signs": turned}
        return {name: int(np.count_nonzero(marked)) for name, marked in counted.items()}

    @cached_property
    def of_nan(self) -> bool:
        """Whether the inputs are NaN, of which a function makes NaN or, by convention, a number."""
        return bool(np.isnan(self.format.numbers(self.bits[-1:]))[0])

    def _payloads(self, results, found):
        if not self.of_nan:
            return 0
        kept = (self.bits ^ results) & self.format.storage.type(self.format.quiet - 1) == 0
        return int(np.count_nonzero(kept & np.isnan(found)))


def classes(format: Format, bits: np.ndarray, values: np.ndarray) -> Iterator[Class]:
    """(class, its place) of each class among neighbouring inputs of one binade.

    `values` are what the function gives there, in float64. A normal one is on the brink where it is
    below |x| times the smallest normal number, by which a smaller number on its way may have been
    multiplied; a gradient of 1 at a huge x is not, so it is to be below the root of that number.
    """
    binade, place = divmod(int(bits[0]), format.length)
    kind = {0: (ZERO, SUBNORMAL), 2**format.exponent - 1: (INFINITY, NAN)}
    if of_ends := kind.get(binade % 2**format.exponent):
        stop = int(place == 0)  # the binade's first number is 0 or ∞
        parts = (of_ends[0], slice(0, stop)), (of_ends[1], slice(stop, bits.size))
        yield from (part for part in parts if part[1].start < part[1].stop)
        return
    yield from _by_size(format, np.abs(format.numbers(bits)), np.abs(values))


def _by_size(format, x, values):
    small = values < format.tiny
    brink = values < np.minimum(format.tiny * np.maximum(1, x), format.tiny**0.5)
    for name, chosen in ((NORMAL, ~brink), (BRINK, brink & ~small), (SMALL, small)):
        if chosen.any():
            yield name, slice(0, x.size) if chosen.all() else np.flatnonzero(chosen)
