"""How far apart two arrays are, and how far apart rounding alone may bring them.

Distances are counted in units in the last place (ULP) of the precision under test. Bounds are
derived, never tuned, in one of three ways:

    ulp_bound            a stated number of ULP, for functions of one element
    running_error_bound  γ_n Σ |terms|, for sums and products of n terms
    sensitivity_bound    a stated multiple of how far the float64 reference itself moves when each
                         of its inputs moves by one rounding, for compositions

To each of them comes what flushing may cost: TensorFlow's kernels treat numbers below the smallest
normal one as zero, so a result may be off by that much, times whatever it is multiplied by.

Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, sections 2.1
(the model of rounding and of underflow), 3.1 (γ_n) and 3.3 (running error analysis).
"""

import math
from dataclasses import dataclass

import numpy as np

ORACLE_ULPS = 4  # of float64, that the reference itself is held to against 50-digit arithmetic
DRAWS = 8  # of roundings, where a result has few elements
_STEP = 2.0**-26  # √ of the float64 rounding: the step with which the reference's slope is taken


def unit_roundoff(dtype) -> float:
    """u, the largest relative error of one rounding: half the machine epsilon.

    >>> unit_roundoff("float32") == 2**-24
    True
    """
    return float(np.finfo(dtype).eps) / 2


def ulp(values, dtype):
    """The gap between neighbouring numbers of `dtype` at the magnitude of `values`, in float64.

    At zero, and below the smallest normal number, it is the gap at that number.

    >>> float(ulp(1.0, "float32")) == 2**-23
    True
    """
    info = np.finfo(dtype)
    size = np.clip(np.abs(np.asarray(values, np.float64)), float(info.tiny), float(info.max))
    _, exponent = np.frexp(size)
    return np.ldexp(float(info.eps), exponent - 1)


def gamma(n, dtype):
    """γ_n = n u / (1 − n u): the relative error that n roundings can add up to; ∞ from n u = 1 on.

    >>> bool(gamma(1, "float64") > unit_roundoff("float64"))
    True
    """
    nu = n * unit_roundoff(dtype)
    return nu / (1 - nu) if nu < 1 else np.inf


def ulp_bound(magnitude, dtype, ulps):
    """`ulps` units in the last place at the given magnitude."""
    return ulps * ulp(magnitude, dtype)


def running_error_bound(magnitude, dtype, terms):
    """γ_n Σ |terms|: what a sum of n products can be off by; `magnitude` is Σ |terms|."""
    return gamma(terms, dtype) * np.abs(magnitude)


def sensitivity(function, inputs, axis=None):
    """Σ over inputs of |x ∂f/∂x|: how far f moves, in units of u, as each input moves by u.

    Elements are taken to be independent of each other, save along `axis`, where they are moved one
    place at a time. Where f is not finite, it is taken not to move.
    """
    with np.errstate(all="ignore"):
        here = np.asarray(function(*inputs), np.float64)
        total = np.zeros_like(here)
        for position, values in enumerate(inputs):
            # indices and masks are not rounded
            rounded = np.asarray(values).dtype.kind == "f"
            for moved in _moved(np.asarray(values), axis) if rounded else ():
                there = function(*inputs[:position], moved, *inputs[position + 1 :])
                total += np.nan_to_num(np.abs(there - here) / _STEP, nan=0.0, posinf=0.0)
    return total


def movement(run, draws=DRAWS):
    """How far, at most of several draws, a run moves in units of u when all it reads is rounded.

    `run(nudge)` reads each of its inputs and running values as `nudge(values)`, which moves each
    element up or down by one rounding, at random.
    """
    rng = np.random.default_rng(0)

    def nudge(values):
        if np.asarray(values).dtype.kind != "f":  # indices and masks are not rounded
            return values
        return values * (1 + _STEP * rng.choice([-1, 1], np.shape(values)))

    here = np.asarray(run(lambda values: values), np.float64)
    runs = [np.asarray(run(nudge), np.float64) for _ in range(draws)]
    return np.max([np.nan_to_num(np.abs(r - here), posinf=0.0) for r in runs], axis=0) / _STEP


def enough_draws(count) -> int:
    """After how many draws each of `count` elements has likely moved a standard deviation once.

    P(|z| < 1)^draws = 1 / count, for a normal z.

    >>> enough_draws(100), enough_draws(100_000)
    (13, 31)
    """
    return math.ceil(math.log(count) / -math.log(math.erf(math.sqrt(0.5))))


def _moved(values, axis):
    if axis is None or values.ndim == 0:
        yield values * (1 + _STEP)
        return
    for place in range(values.shape[axis]):
        step = np.zeros(values.shape[axis])
        step[place] = _STEP
        shape = [-1 if i == axis % values.ndim else 1 for i in range(values.ndim)]
        yield values * (1 + step.reshape(shape))


def sensitivity_bound(movement, magnitude, dtype, multiple, floor):
    """`multiple` roundings of every input, and `floor` ULP of the intermediate magnitude."""
    return multiple * unit_roundoff(dtype) * movement + ulp_bound(magnitude, dtype, floor)


@dataclass(frozen=True)
class Difference:
    """The place where two arrays use most of their bound."""

    index: tuple[int, ...]
    left: float
    right: float
    absolute: float
    relative: float
    ulps: float
    bound: float
    used: float  # absolute / bound: at most 1 when the two agree

    @property
    def agrees(self) -> bool:
        return self.used <= 1


def compare(left, right, bound, dtype) -> Difference:
    """The worst difference between two arrays of one shape, each element against its bound.

    NaN agrees with NaN and an infinity with itself; any other difference involving them is
    infinite. A bound of 0 asks for equality, an infinite one for nothing, and a negative one, which
    everything would meet, raises ValueError.

    >>> compare([1.0, 2.0], [1.0, 2.5], bound=[1.0, 0.25], dtype="float32").used
    2.0
    """
    left, right = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if left.shape != right.shape:
        raise ValueError(f"cannot compare shapes {left.shape} and {right.shape}")
    if left.size == 0:
        return Difference((), np.nan, np.nan, 0.0, 0.0, 0.0, 0.0, 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        absolute = np.where(
            same, 0.0, np.nan_to_num(np.abs(left - right), nan=np.inf, posinf=np.inf)
        )
        bound = np.broadcast_to(np.nan_to_num(bound, nan=0.0, posinf=np.inf), left.shape)
        if (bound < 0).any():
            raise ValueError(f"a bound is a distance, and {bound.min()} is none")
        used = np.where((absolute > 0) & np.isfinite(bound), absolute / bound, 0.0)
        ulps = np.where(absolute > 0, absolute / ulp(np.nan_to_num(right), dtype), 0.0)
        relative = np.where(absolute > 0, absolute / np.abs(right), 0.0)
    worst = np.unravel_index(np.lexsort((ulps.ravel(), used.ravel()))[-1], used.shape)
    return Difference(
        tuple(int(i) for i in worst),
        *(float(a[worst]) for a in (left, right, absolute, relative, ulps, bound, used)),
    )


def stands_apart(values, bounds):
    """The name of the one party that lies further from every other than both bounds allow.

    `values` and `bounds` map a party's name to its value and bound at one place. Empty when no
    single party stands apart: when two camps differ, or when all agree.

    >>> stands_apart({"a": 1.0, "b": 1.0, "c": 2.0}, {"a": 0.1, "b": 0.1, "c": 0.1})
    'c'
    """

    def close(one, two):
        left, right = values[one], values[two]
        same = left == right or (np.isnan(left) and np.isnan(right))
        return same or abs(left - right) <= bounds[one] + bounds[two]

    for party in values if len(values) > 2 else ():
        others = [name for name in values if name != party]
        alone = not any(close(party, other) for other in others)
        if alone and all(close(one, two) for one in others for two in others):
            return party
    return ""


def kind_of_difference(float32_ulps, float64_ulps):
    """ "other formula" or "other rounding", from one difference measured in both precisions.

    In units in the last place of its own precision, rounding stays of a size, and another formula
    grows by 2^29 from float32 to float64. The verdict is the nearer of the two on a logarithmic
    scale.

    >>> kind_of_difference(1e4, 5e12), kind_of_difference(9.0, 12.0)
    ('other formula', 'other rounding')
    """
    if not np.isfinite(float64_ulps):
        return "other formula"
    growth = unit_roundoff("float32") / unit_roundoff("float64")
    return "other formula" if float64_ulps > float32_ulps * np.sqrt(growth) else "other rounding"
