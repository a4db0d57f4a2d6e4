"""How far rounding takes each function of one element, over all the numbers of float32.

`pytest -s` prints the table that these tests measure: the worst error of each half's functions and
of its framework's own, in units in the last place, and where ours was found.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from parity_tests import parties
from shared.bounds import Evaluated
from shared.catalogue import ACTIVATIONS
from shared.comparison import compare, ulp

ULPS = 4  # what every function of one element is held to, unless its half says that it departs
MODES = ("eager", "compiled")
# where a search of the float32 numbers found sigmoid, tanh, softplus, elu and silu furthest off
HARDEST = (-16.686394, 3.4320076, 6.533985, 5.126039, -1.7168269, -2.0439632, -0.2686253,
           -0.063954696, -1.4137349)  # fmt: skip
# functions of x alone, by their defaults
CONCEPTS = {c.name: c for c in ACTIVATIONS if not (c.along_axis or c.parameters or c.options[0])}

every_tensor = pytest.mark.parametrize("tensor", ["h", "g_x"])
every_concept = pytest.mark.parametrize("name", CONCEPTS)
every_mode = pytest.mark.parametrize("mode", MODES, indirect=True)


@cache
def numbers():
    """200 numbers of each binade and sign, 100 000 between −20 and 20, and the hardest."""
    rng = np.random.default_rng(11)
    sizes = np.ldexp(rng.uniform(1, 2, (254, 200)), np.arange(-126, 128)[:, None]).ravel()
    drawn = np.concatenate([sizes, -sizes, rng.uniform(-20, 20, 100_000), HARDEST])
    return drawn.astype(np.float32).astype(np.float64)


@cache
@np.errstate(all="ignore")
def truth(name, tensor):
    """The reference at these numbers, with g = 1, and the bound that the catalogue states."""
    concept, x = CONCEPTS[name], numbers()
    if tensor == "h":
        return Evaluated(concept.value, (x,), concept.value(x)), concept.bounds["h"]
    slope, inputs = concept.derivative("gradient"), (np.ones_like(x), x)
    return Evaluated(slope, inputs, slope(*inputs)), concept.bounds["g_x"]


@cache
def measured(half, mode):
    """(name, tensor, whose) -> values in float32, all of a half's functions in one graph."""
    found = {"ours": parties.ours(half).find, "built-in": parties.built_in(half).find}
    x = numbers().astype(np.float32)
    calls = {
        (name, whose): (find(concept, {}), (x,), np.ones_like(x), None)
        for name, concept in CONCEPTS.items()
        for whose, find in found.items()
    }
    results = half.framework.evaluate(list(calls.values()), mode)
    return {
        (name, tensor, whose): values
        for (name, whose), (h, (g_x,), _) in zip(calls, results, strict=True)
        for tensor, values in (("h", h), ("g_x", g_x))
    }


@np.errstate(all="ignore")
def difference(half, mode, name, tensor, departures=()):
    """The half's worst use of the catalogue's bound, or of what its departures state instead."""
    at, stated = truth(name, tensor)
    sizes = [bound.size(at, "float32") for bound in (stated, *(d.bound for d in departures))]
    ours = measured(half, mode)[name, tensor, "ours"]
    return compare(ours, at.values, np.fmax.reduce(sizes), "float32")


def departures(half, mode, name, tensor):
    return [
        d
        for d in half.activations.DEPARTURES
        if (d.concept, d.tensor) == (name, tensor) and mode in d.modes and "float32" in d.dtypes
    ]


class Worst(NamedTuple):
    """The largest error in ULP, less what flushing costs, and where it lies."""

    ulps: float
    x: float


@np.errstate(all="ignore")
def worst(half, mode, name, tensor, whose):
    at, _ = truth(name, tensor)
    values = measured(half, mode)[name, tensor, whose].astype(np.float64)
    error = np.where(values == at.values, 0, np.abs(values - at.values))
    error[np.isnan(values) & np.isnan(at.values)] = 0
    flushed = np.finfo(np.float32).tiny * np.maximum(1, np.abs(numbers()))
    ulps = np.maximum(0, np.nan_to_num(error, nan=np.inf) - flushed) / ulp(at.values, "float32")
    return Worst(float(np.max(ulps)), float(numbers()[np.argmax(ulps)]))


@pytest.fixture(scope="module", autouse=True)
def heading():
    print(f"\n{'function':11}{'of':5}{'in':11}{'mode':9}{'ours':>9}{'built-in':>14}  ours at x =")


@every_tensor
@every_concept
@every_mode
def test_rounding_stays_within_the_bound(half, mode, name, tensor):
    found = difference(half, mode, name, tensor, departures(half, mode, name, tensor))
    assert found.agrees, found


@every_tensor
@every_concept
@every_mode
def test_no_function_rounds_worse_than_the_built_in(half, mode, name, tensor):
    ours, theirs = (worst(half, mode, name, tensor, whose) for whose in ("ours", "built-in"))
    print(
        f"\n{name:11}{tensor:5}{half.framework.NAME:11}{mode:9}"
        f"{ours.ulps:9.2f}{theirs.ulps:14.2f}  {ours.x:.9g}",
        end="  ",
    )
    assert ours.ulps <= max(theirs.ulps, ULPS)


def test_every_departure_is_needed(half):
    for departure in half.activations.DEPARTURES:
        modes = [m for m in MODES if m in departure.modes and not half.framework.unavailable(m)]
        found = [difference(half, mode, departure.concept, departure.tensor) for mode in modes]
        assert not all(one.agrees for one in found), (departure.why, found)


def test_the_sample_reaches_every_binade():
    exponents = np.frexp(np.abs(numbers()))[1]
    assert {*range(-125, 129)} <= {*exponents.tolist()}
    assert np.isfinite(numbers().astype(np.float32)).all()
    assert {"sigmoid", "tanh", "softplus", "elu", "gelu", "silu"} <= {*CONCEPTS}
