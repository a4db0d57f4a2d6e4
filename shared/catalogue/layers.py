"""The layers' functions: inputs, options, layouts, and bounds derived from the sums they take.

A row compares functions of the weights. Layers that own theirs are compared with the frameworks'
own layers, and take their weights, in the tests.
"""

from functools import cache, partial

import numpy as np

from shared.bounds import Exact, RunningError, Ulps
from shared.catalogue.concept import Concept
from shared.reference import layers as reference
from shared.samples import Sample
from shared.vocabulary import Layout

ROWS = 7
IMAGE = (5, 6, 2)


def drawn(*shape, seed=0):
    """Normal float32 numbers, in float64."""
    return np.random.default_rng([5, seed]).normal(size=shape).astype(np.float32).astype(float)


@cache
def sample(*inner):
    """Rows of which the first hold ties, of two values each, and the rest normal numbers."""
    values = drawn(ROWS, int(np.prod(inner)), seed=1)
    values[:2] = np.sign(values[:2])
    return Sample(values, {"ties": slice(0, 2), "drawn": slice(2, ROWS)})


def draw(*shape, seed):
    """How a tensor of this shape is drawn."""
    return partial(drawn, *shape, seed=seed)


def absolutely(function, *, of):
    """The function with |·| of its arguments at these places: Σ |terms| of a sum of products."""

    def magnitude(*inputs, **options):
        sizes = [np.abs(v) if place in of else v for place, v in enumerate(inputs)]
        return function(*sizes, **options)

    return magnitude


def sums(name, terms):
    """Bounds of a sum of products and of its gradients, each of so many terms at most.

    A product of absolute values has the absolute values of the terms.
    """
    value = RunningError(absolutely(getattr(reference, name), of=range(3)), terms["h"])
    gradient = getattr(reference, f"{name}_gradient")
    bounds = {"h": value}
    for place, tensor in enumerate(name for name in terms if name != "h"):
        part = partial(_part, absolutely(gradient, of=range(4)), place)
        bounds[tensor] = RunningError(part, terms[tensor])
    return bounds


def _part(function, place, *inputs, **options):
    result = function(*inputs, **options)
    return result[place] if isinstance(result, tuple) else result


def _rows(g, *_):
    return g.size // g.shape[-1]


LINEAR = Concept(
    name="linear", family="layers", layer="Linear",
    formula="z = xW + b", gradient="g_x = g Wᵀ, g_W = xᵀ g, g_b = Σ g",
    conventions="any leading axes",
    sample=partial(sample, 3, 4), inner=(3, 4),
    parameters={"kernel": draw(4, 5, seed=2), "bias": draw(5, seed=3)},
    layouts={"kernel": Layout((1, 0))},
    bounds=sums("linear", {
        "h": lambda x, W, b: len(W) + 1, "g_x": lambda g, x, W, b: W.shape[1],
        "g_kernel": _rows, "g_bias": _rows,
    }),
)  # fmt: skip

FLATTEN = Concept(
    name="flatten", family="layers", layer="Flatten",
    formula="x in the shape (B, D)", gradient="g in the shape of x",
    conventions="the last axis runs fastest: NHWC and NCHW give another order",
    sample=partial(sample, 2, 3, 2), inner=(2, 3, 2),
    bounds={"h": Exact(), "g_x": Exact()},
)  # fmt: skip

# 1 − p is rounded once in the reference's precision and once in the party's, the quotient once, and
# once more where a compiler multiplies by 1 / (1 − p): 4 roundings, of half a ULP to one each
DROPOUT = Concept(
    name="dropout", family="layers", shipped=False, layer="Dropout",
    formula="x ⊙ m / (1 − p)", gradient="g ⊙ m / (1 − p)",
    conventions="what is dropped is 0 even where it is infinite or NaN",
    sample=partial(sample, 12), inner=(12,),
    constants={"keep": lambda: drawn(ROWS, 12, seed=4) > -0.5},
    options=({"rate": 0.5}, {"rate": 0.3}, {"rate": 0.0}),
    bounds={"h": Ulps(4), "g_x": Ulps(4)},
)  # fmt: skip


def _normalization(name, along):
    """γ_n with as many terms as the means have, and six single roundings; g_γ sums rows as well."""
    terms = getattr(reference.normalization, f"{name}_terms")
    gradient_terms = getattr(reference.normalization, f"{name}_gradient_terms")
    return {
        "h": RunningError(terms, lambda x, *_: along(x) + 6),
        "g_x": RunningError(partial(_part, gradient_terms, 0), lambda g, x, *_: along(x) + 6),
        "g_gamma": RunningError(
            partial(_part, gradient_terms, 1), lambda g, x, *_: along(x) + _rows(g) + 6
        ),
        "g_beta": RunningError(partial(_part, gradient_terms, 2), _rows),
    }


BATCH_NORM = Concept(
    name="batch_norm", family="layers", layer="BatchNorm",
    formula="γ (x − μ) / √(v + ε) + β", gradient="r (ĝ − mean ĝ − x̂ mean(ĝ ⊙ x̂)), ĝ = γ g",
    conventions="means over all but the channels; the variance is biased",
    sample=partial(sample, 2, 3, 4), inner=(2, 3, 4),
    parameters={"gamma": draw(4, seed=5), "beta": draw(4, seed=6)},
    options=({"epsilon": 1e-3}, {"epsilon": 1e-5}),
    layouts={"x": Layout((0, 3, 1, 2)), "output": Layout((0, 3, 1, 2))},
    bounds=_normalization("batch_norm", lambda x: x.size // x.shape[-1]),
)  # fmt: skip


def _inference_terms(x, gamma, beta, mean, variance, epsilon):
    return np.abs(gamma * (x - mean)) / np.sqrt(variance + epsilon) + np.abs(beta)


def _expanded_terms(x, gamma, beta, mean, variance, epsilon):
    scale = np.abs(gamma) / np.sqrt(variance + epsilon)
    return scale * (np.abs(x) + np.abs(mean)) + np.abs(beta)


def _inference_gradient_terms(g, x, gamma, beta, mean, variance, epsilon):
    return np.sum(np.abs(g * (x - mean)) / np.sqrt(variance + epsilon), axis=(0, 1, 2))


# of h as x (γ r) + (β − m γ r), in as many roundings as below
EXPANDED = RunningError(_expanded_terms, lambda *_: 8)

# r = 1 / √(v + ε) takes three roundings, x − μ, γ, both products and the last sum one each; the
# statistics are such that γ x̂ cancels where x is 1 or −1, and is large beside β everywhere else
BATCH_NORM_INFERENCE = Concept(
    name="batch_norm_inference", family="layers",
    formula="γ (x − m) / √(v + ε) + β, m and v kept", gradient="γ r g, Σ g ⊙ x̂, Σ g",
    conventions="the statistics are constants",
    sample=partial(sample, 2, 3, 4), inner=(2, 3, 4),
    parameters={"gamma": draw(4, seed=5), "beta": draw(4, seed=6)},
    constants={"mean": lambda: np.sign(drawn(4, seed=7)),
               "variance": lambda: np.abs(drawn(4, seed=8)) / 64},
    options=({"epsilon": 1e-3}, {"epsilon": 1e-5}),
    layouts=BATCH_NORM.layouts,
    bounds={
        "h": RunningError(_inference_terms, lambda *_: 8),
        "g_x": Ulps(6),
        "g_gamma": RunningError(_inference_gradient_terms, lambda g, *_: _rows(g) + 6),
        "g_beta": RunningError(lambda g, *_, **__: np.sum(np.abs(g), axis=(0, 1, 2)), _rows),
    },
)  # fmt: skip

LAYER_NORM = Concept(
    name="layer_norm", family="layers", layer="LayerNorm",
    formula="γ (x − μ) / √(v + ε) + β", gradient="r (ĝ − mean ĝ − x̂ mean(ĝ ⊙ x̂)), ĝ = γ g",
    conventions="means over the last axes, as many as γ has",
    sample=partial(sample, 3, 4), inner=(3, 4),
    parameters={"gamma": draw(4, seed=9), "beta": draw(4, seed=10)},
    options=({"epsilon": 1e-3}, {"epsilon": 1e-5}),
    bounds=_normalization("layer_norm", lambda x: x.shape[-1]),
)  # fmt: skip

CONV2D = Concept(
    name="conv2d", family="layers", layer="Conv2D",
    formula="z[p, q] = Σ x[s p + i, s q + j] W[i, j] + b",
    gradient="g Wᵀ put back, xᵀ g over windows, Σ g",
    conventions="not flipped; same: ⌈H/s⌉ rows, the odd row of padding below",
    sample=partial(sample, *IMAGE), inner=IMAGE,
    parameters={"kernel": draw(3, 2, 2, 3, seed=11), "bias": draw(3, seed=12)},
    options=(
        {"strides": 1, "padding": "valid"}, {"strides": 2, "padding": "same"},
        {"strides": (2, 1), "padding": (1, 0)}, {"strides": 3, "padding": "valid"},
        {"strides": 3, "padding": "same"},  # an odd row of padding, and columns not reached
    ),
    layouts=BATCH_NORM.layouts | {"kernel": Layout((3, 2, 0, 1))},
    bounds=sums("conv2d", {
        "h": lambda x, W, b: W[..., 0].size + 1, "g_x": lambda g, x, W, b: W[:, :, 0].size,
        "g_kernel": _rows, "g_bias": _rows,
    }),
)  # fmt: skip

POOLS = ({"pool_size": 2, "strides": 2}, {"pool_size": (3, 2), "strides": (1, 3)},
         {"pool_size": (2, 3), "strides": 1})  # fmt: skip
PLACES = 6  # of the largest window

# at most as many windows overlap as a window has places
MAX_POOL2D = Concept(
    name="max_pool2d", family="layers", layer="MaxPool2D",
    formula="max over each window", gradient="g to the first winner, else 0",
    conventions="of tied winners the first takes all, row by row",
    sample=partial(sample, *IMAGE), inner=IMAGE, options=POOLS,
    layouts={"x": Layout((0, 3, 1, 2)), "output": Layout((0, 3, 1, 2))},
    bounds={
        "h": Exact(),
        "g_x": RunningError(
            absolutely(reference.max_pool2d_gradient, of=[0]), lambda *_: PLACES - 1
        ),
    },
)  # fmt: skip

# the sum over the window, and one or two roundings for the division
AVERAGE_POOL2D = Concept(
    name="average_pool2d", family="layers", layer="AveragePool2D",
    formula="mean over each window", gradient="g / k for each place of the window",
    conventions="added where windows overlap",
    sample=partial(sample, *IMAGE), inner=IMAGE, options=POOLS,
    layouts={"x": Layout((0, 3, 1, 2)), "output": Layout((0, 3, 1, 2))},
    bounds={
        "h": RunningError(absolutely(reference.average_pool2d, of=[0]), lambda *_: PLACES + 1),
        "g_x": RunningError(
            absolutely(reference.average_pool2d_gradient, of=[0]), lambda *_: PLACES + 1
        ),
    },
)  # fmt: skip

IDS = np.random.default_rng(13).integers(0, ROWS - 1, size=(4, 5))  # the last row is never read
EMBEDDING = Concept(
    name="embedding", family="layers", layer="Embedding",
    formula="E[ids]", gradient="g_E = Σ g over the places where each id stands",
    conventions="repeated ids are added, rows that are not read have gradient 0",
    sample=partial(sample, 3), inner=(3,), x="embeddings", order=("ids", "embeddings"),
    constants={"ids": lambda: IDS},
    bounds={
        "h": Exact(),
        "g_embeddings": RunningError(
            absolutely(reference.embedding_gradient, of=[0]), lambda g, ids, E: ids.size
        ),
    },
)  # fmt: skip

LAYERS = (LINEAR, FLATTEN, DROPOUT, BATCH_NORM, BATCH_NORM_INFERENCE, LAYER_NORM, CONV2D,
            MAX_POOL2D, AVERAGE_POOL2D, EMBEDDING)  # fmt: skip
