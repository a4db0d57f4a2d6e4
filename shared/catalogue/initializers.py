"""The initializers: one standard draw, in the layout of a convolution's kernel, to weights."""

import math
from functools import cache

import numpy as np

from shared.bounds import Exact, RunningError, Ulps
from shared.catalogue.concept import NOTES, Concept
from shared.samples import Sample
from shared.vocabulary import Layout
from shared.weights import standard_draw

KERNEL = (3, 2, 2, 5)  # a window of 3 by 2, 2 channels in and 5 out
CHANNELS_FIRST = dict.fromkeys(("draw", "output"), Layout((3, 2, 0, 1)))


@cache
def _drawn(kind):
    values = standard_draw(kind, KERNEL, seed=7).astype(np.float32).astype(np.float64)
    return Sample(values.reshape(len(values), -1), {"drawn": slice(0, len(values))})


def matrix(values):
    """A kernel as a matrix (… · in, out), or its transpose if that is the taller."""
    A = np.reshape(values, (-1, values.shape[-1]))
    return A if A.shape[0] >= A.shape[1] else A.T


def displaced(draw, gain=1.0):
    """How far, in units of γ, Householder's QR of A (m, n) may displace Q in norm.

    It gives the Q of an A displaced by γ ‖A‖, and that itself displaced by γ √n (Higham, theorem
    19.4 and equation 19.13, γ = γ_mn with the theorem's small constant taken as 1). Displacing A by
    δ moves Q by at most √2 ‖A⁺‖ δ to first order (section 19.9). ‖A⁺‖ is 1 / the least singular
    value, the other norms are Frobenius's.
    """
    A = matrix(draw)
    least = np.linalg.svd(A, compute_uv=False)[-1]
    return gain * (math.sqrt(2) * np.linalg.norm(A) / least + math.sqrt(A.shape[1]))


def _row(name, kind, formula, bound, source, **more):
    return Concept(
        name,
        "initializers",
        formula=formula,
        gradient="none: nothing is learned through a draw",
        conventions="fans count the window; a single number has none and is refused",
        bounds={"h": bound},
        source=source,
        sample=lambda: _drawn(kind),
        inner=KERNEL[1:],
        x="draw",
        layouts=CHANNELS_FIRST,
        shipped=False,  # the frameworks' own draw from generators of their own
        **more,
    )


GLOROT, HE = "Glorot & Bengio 2010", "He, Zhang, Ren & Sun 2015"
# the roundings of a formula: of its constant, of 2 draw − 1, of its product
UNIFORM, NORMAL = Ulps(3), Ulps(2)
SUM = RunningError(
    lambda z, mean=0.0, stddev=0.05: abs(mean) + np.abs(stddev * z), terms=lambda z: 3
)
# 1 for the gain
QR = RunningError(lambda z, gain=1.0: displaced(z, gain) + 0 * z, terms=lambda z: z.size + 1)
SUM_OPTIONS = ({}, {"mean": 0.5, "stddev": 0.25})

INITIALIZERS = (
    _row("zeros", "uniform", "0", Exact(), "LeCun, Bottou, Orr & Müller 1998"),
    _row("random_normal", "normal", "mean + stddev z", SUM, NOTES, options=SUM_OPTIONS),
    _row("glorot_uniform", "uniform", "√(6 / (fan_in + fan_out)) (2u − 1)", UNIFORM, GLOROT),
    _row("glorot_normal", "normal", "√(2 / (fan_in + fan_out)) z", NORMAL, GLOROT),
    _row("he_uniform", "uniform", "√(6 / fan_in) (2u − 1)", UNIFORM, HE),
    _row("he_normal", "normal", "√(2 / fan_in) z", NORMAL, HE),
    _row("lecun_normal", "normal", "√(1 / fan_in) z", NORMAL, "LeCun, Bottou, Orr & Müller 1998"),
    _row("orthogonal", "normal", "gain · Q of z = QR, R's diagonal positive", QR,
         "Saxe, McClelland & Ganguli 2014", options=({}, {"gain": 1.5})),
)  # fmt: skip
