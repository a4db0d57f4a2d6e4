"""The truth at any number of a precision, and how far from it the catalogue lets a result be.

The oracle is the float64 reference. Its own error is below 2^−19 of a unit of float32, and less of
the halves', save beside the one place where the gradients of gelu and silu cross 0: there float64
runs out of digits too, and at the numbers next to it the reference is itself good to 2 units of
float32 only, where every party is thousands off. `own_error` is its bound at any number, which
parity_tests/test_accuracy_oracle.py holds to 50-digit arithmetic.
"""

import numpy as np

from shared import samples
from shared.bounds import Evaluated
from shared.catalogue import ACTIVATIONS
from shared.comparison import unit_roundoff
from shared.floats import Format

CONCEPTS = {c.name: c for c in ACTIVATIONS if c.sample is samples.line}
# a number of every precision, and no power of two: a product with it is rounded
PARAMETERS = {"prelu": (0.3125,)}
TENSORS = ("h", "g_x")


@np.errstate(all="ignore")
def reference(name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, g_x) of a function in float64, with g = 1."""
    return tuple(_functions(name)[tensor](*inputs) for tensor, inputs in _inputs(x).items())


@np.errstate(all="ignore")
def evaluated(name: str, tensor: str, x: float) -> Evaluated:
    """The reference of one tensor at one number, as the bounds of the catalogue take it."""
    function, inputs = _functions(name)[tensor], _inputs(np.array([x]))[tensor]
    return Evaluated(function, inputs, function(*inputs), _parameters(name))


def _inputs(x):
    return {"h": (x,), "g_x": (np.ones_like(x), x)}


def _functions(name):
    concept, more = CONCEPTS[name], _parameters(name)

    def gradient(g, x):
        g_x = concept.derivative("gradient")(g, x, **more)
        return g_x[0] if isinstance(g_x, tuple) else g_x

    return {"h": lambda x: concept.value(x, **more), "g_x": gradient}


def _parameters(name):
    values = PARAMETERS.get(name, ())
    return {n: np.array([v]) for n, v in zip(CONCEPTS[name].parameters, values, strict=True)}


@np.errstate(all="ignore")
def allowed(bound, at: Evaluated, format: Format) -> float:
    """A bound's size at one number, in ULP of a format, without what flushing may cost.

    That leaves what is in proportion to the unit roundoff: it is taken in float64 and scaled.
    """
    scale = format.roundoff / unit_roundoff("float64")
    return float(bound.size(at, "float64")[0]) * scale / float(format.gap(at.values)[0])


def flushed(at: Evaluated, format: Format) -> float:
    """What flushing may cost there: the smallest normal number, times what it is multiplied by."""
    factors = [max(1.0, float(np.abs(values[0]))) for values in at.inputs]
    return format.tiny * float(np.prod(factors)) / float(format.gap(at.values)[0])


def own_error(name: str, tensor: str, x: float, format: Format) -> float:
    """How far the reference itself may be off at one number, in ULP of a format."""
    at = evaluated(name, tensor, x)
    bound = CONCEPTS[name].bounds[tensor]
    return float(bound.size(at, "float64")[0]) / float(format.gap(at.values)[0])
