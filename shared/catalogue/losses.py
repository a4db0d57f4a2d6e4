"""The losses, their bounds derived from what each value and gradient is summed from.

Every bound is γ_n Σ |terms|: the terms that a value or gradient is summed from, in n roundings.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from shared.bounds import RunningError
from shared.catalogue.concept import NOTES, Concept
from shared.reference import losses as reference
from shared.reference.activations import sigmoid, softmax
from shared.samples import Sample

REDUCE = {"mean": lambda losses: np.sum(losses) / np.size(losses), "sum": np.sum, "none": np.array}
PRIMITIVE = 8  # roundings: the 4 ULP that an elementary function is held to


def of_value(name, roundings, more=lambda *inputs: 0.0):
    """For losses with no negative terms, so that each is what it is summed from.

    `roundings(*inputs)` go into one of them; `more(*inputs)` is what rounding inside it may add.
    """

    def each(*inputs):
        return getattr(reference, name)(*inputs, reduction="none") + more(*inputs)

    return RunningError(
        lambda *inputs, reduction="mean": REDUCE[reduction](each(*inputs)),
        lambda *inputs: roundings(*inputs) + each(*inputs).size + 1,
    )


def of_slopes(name, roundings, sizes, order=1):
    """`sizes(a, *inputs)` are Σ |terms| of the gradient where each loss gets a of |g|.

    In the second order they are `sizes(|v|, a, *inputs)`.
    """

    def magnitude(*arrays, reduction="mean"):
        (*v, g), inputs = arrays[:order], arrays[order:]
        losses = getattr(reference, name)(*inputs, reduction="none")
        a = np.abs(g) / (losses.size if reduction == "mean" else 1)
        a = np.reshape(a, np.shape(g) + (1,) * (inputs[-1].ndim - np.ndim(g)))
        return sizes(*map(np.abs, v), a, *inputs)

    return RunningError(magnitude, lambda *arrays: roundings(*arrays[order:]) + 2)


def softmax_parts(y, x):
    """Labels as probabilities, their sum, o, and |z| of z = x − max x."""
    y = y if y.shape == x.shape else np.eye(x.shape[1])[y]
    return y, np.sum(y, 1, keepdims=True), softmax(x), np.max(x, 1, keepdims=True) - x


def softmax_more(y, x):
    # the rounding of z moves log(1 + s) by Σ o |z|
    _, total, o, z = softmax_parts(y, x)
    return np.sum(total * o * z, 1)


def softmax_slope(a, y, x):
    # the rounding of z moves o by o ((1 − o) |z| + Σ o |z| of the others)
    y, total, o, z = softmax_parts(y, x)
    moved = total * o * ((1 - 2 * o) * z + np.sum(o * z, 1, keepdims=True))
    others = total - y if np.isin(y, (0, 1)).all() else total  # one-hot rows are summed exactly
    return a * (o * others + y * (1 - o) + moved)


def softmax_second(v, a, y, x):
    _, total, o, z = softmax_parts(y, x)
    terms = v + np.sum(v * o, 1, keepdims=True)
    return a * total * o * terms * (1 + np.max(z, 1, keepdims=True))


def sparsity_value(h, target, weight=1.0):
    # rounded quotients move their logarithms by 1, and the mean m moves all
    m = np.mean(h, 0)
    logs = target * np.log(target / m), (1 - target) * np.log((1 - target) / (1 - m))
    return weight * np.sum(1 + np.abs(logs[0]) + np.abs(logs[1]) + np.abs(m - target) / (1 - m))


def sparsity_slope(g, h, target, weight=1.0):
    m = np.mean(h, 0)
    terms = (m + target) / (m * (1 - m)) + np.abs(m - target) / (1 - m) ** 2
    return np.broadcast_to(np.abs(g) * weight * terms / len(h), h.shape)


def sparsity_second(v, g, h, target, weight=1.0):
    m = np.mean(h, 0)
    curvature = (target / m**2 + (1 - target) / (1 - m) ** 2) / (1 - m)
    terms = np.abs(g) * weight * curvature * np.sum(np.abs(v), 0) / len(h) ** 2
    return np.broadcast_to(terms, h.shape)


# fmt: off
LABELLED = {  # name: (roundings, slopes, second order, what rounding inside a loss may add to it)
    "squared_error": (
        lambda y, p: p.shape[1] + 3,  # p − y, its square, the sum of the outputs
        lambda a, y, p: 2 * a * np.abs(p - y),
        lambda v, a, y, p: 2 * a * v,
    ),
    "mean_squared_error": (
        lambda y, p: 3,
        lambda a, y, p: 2 * a * np.abs(p - y),
        lambda v, a, y, p: 2 * a * v,
    ),
    "binary_cross_entropy": (
        lambda y, p: PRIMITIVE + 4,  # a logarithm, 1 − y, the product, the sum
        lambda a, y, p: a * np.abs(p - y) / (p * (1 - p)),
        lambda v, a, y, p: a * v * (y / p**2 + (1 - y) / (1 - p) ** 2),
    ),
    "binary_cross_entropy_with_logits": (
        lambda y, x: PRIMITIVE + 4,  # softplus or σ, held to that as a whole, and then as above
        lambda a, y, x: a * ((1 - y) * sigmoid(x) + y * sigmoid(-x)),
        lambda v, a, y, x: a * v * sigmoid(x) * sigmoid(-x),
    ),
    "softmax_cross_entropy": (
        lambda y, x: 2 * (x.shape[1] + PRIMITIVE) + 12,  # exp and log, and the sum of each
        softmax_slope,
        softmax_second,
        softmax_more,
    ),
}
BOUNDS = {
    name: {
        "h": of_value(name, roundings, *more),
        "g_y_pred": of_slopes(name, roundings, slopes),
        "second": of_slopes(name, roundings, second, order=2),
    }
    for name, (roundings, slopes, second, *more) in LABELLED.items()
} | {
    "l2_penalty": {
        "h": RunningError(reference.l2_penalty, lambda W: W.size + 3),
        "g_W": RunningError(lambda g, W, weight=1.0: np.abs(2 * weight * g * W), lambda g, W: 4),
        "second": RunningError(
            lambda v, g, W, weight=1.0: np.abs(2 * weight * g * v), lambda v, g, W: 4
        ),
    },
    "sparsity_penalty": {
        "h": RunningError(sparsity_value, lambda h: sum(h.shape) + PRIMITIVE + 4),
        "g_h": RunningError(sparsity_slope, lambda g, h: len(h) + 8),
        "second": RunningError(sparsity_second, lambda v, g, h: 4 * len(h) + 12),
    },
    "contractive_penalty": {
        "h": of_value("contractive_penalty", lambda h, W: sum(W.shape) + 8),
        "g_h": of_slopes(
            "contractive_penalty", lambda h, W: len(W) + 12,
            lambda a, h, W: 2 * a * h * (1 - h) * np.abs(1 - 2 * h) * np.sum(W**2, 0),
        ),
        "g_W": of_slopes(
            "contractive_penalty", lambda h, W: len(h) + 10,
            lambda a, h, W: 2 * np.abs(W) * np.sum(a * (h * (1 - h)) ** 2, 0),
        ),
    },
}
# fmt: on

# h − h² for h (1 − h): its terms, where the slope of σ is taken from its output
SECOND_FROM_OUTPUT = of_slopes(
    "binary_cross_entropy_with_logits",
    LABELLED["binary_cross_entropy_with_logits"][0],
    lambda v, a, y, x: a * v * sigmoid(x) * (1 + sigmoid(x)),
    order=2,
)


@dataclass(frozen=True)
class SecondWithEpsilon:
    """The bound of the log loss's second order where ε is added to p and to 1 − p.

    1 / ((p + ε) (1 − p + ε))² falls short of 1 / (p (1 − p))² by 2 ε / (p (1 − p)) of it at most.
    """

    epsilon: float

    def size(self, at, dtype) -> np.ndarray:
        p = at.inputs[-1]
        own = BOUNDS["binary_cross_entropy"]["second"].size(at, dtype)
        return own + 2 * self.epsilon * np.abs(at.values) / (p * (1 - p))


REDUCTIONS = ({}, {"reduction": "sum"}, {"reduction": "none"})
ROWS, OUTPUTS = 16, 3
IDS = np.random.default_rng(31).integers(0, OUTPUTS, ROWS)
SHARES = np.random.default_rng(32).multinomial(8, [1 / OUTPUTS] * OUTPUTS, ROWS) / 8  # sum to 1


def _normal(*shape, seed, size=1.0):
    values = size * np.random.default_rng([30, seed]).normal(size=shape)
    return values.astype(np.float32).astype(np.float64)


def _fractions(seed):
    """Numbers between 0 and 1, of float32."""
    return sigmoid(_normal(ROWS, OUTPUTS, seed=seed)).astype(np.float32).astype(np.float64)


def _sample(values):
    return lambda: Sample(values, {"drawn": slice(0, len(values))})


def _bounds(name):
    # the engine calls the second order of whatever a loss is differentiated by "second_x"
    return {"second_x" if t == "second" else t: bound for t, bound in BOUNDS[name].items()}


def _of_labels(name, formula, gradient, conventions, y_true, y_pred, kind=""):
    """A loss of labels, of this kind where it takes several, and of predictions."""
    return Concept(
        f"{name}_of_{kind}" if kind else name,
        "losses",
        function=name,
        formula=formula,
        gradient=gradient,
        conventions=conventions,
        bounds=_bounds(name),
        sample=_sample(y_pred),
        inner=y_pred.shape[1:],
        x="y_pred",
        constants={"y_true": lambda: y_true},
        order=("y_true", "y_pred"),
        options=REDUCTIONS,
    )


def _penalty(name, formula, gradient, h, options, source=NOTES, **more):
    x = "W" if name == "l2_penalty" else "h"
    return Concept(
        name,
        "losses",
        formula=formula,
        gradient=gradient,
        conventions="stated in its docstring: where a mean is 0 or 1, which way W lies",
        bounds=_bounds(name),
        source=source,
        sample=_sample(h),
        inner=h.shape[1:],
        x=x,
        options=options,
        shipped=name == "l2_penalty",
        **more,
    )


LOSSES = (
    _of_labels(
        "squared_error", "Σ (p − y)² over a sample's outputs", "2 g (p − y)",
        "one loss for each sample",
        _normal(ROWS, OUTPUTS, seed=1), _normal(ROWS, OUTPUTS, seed=2),
    ),
    _of_labels(
        "mean_squared_error", "(p − y)²", "2 g (p − y)", "one loss for each element",
        _normal(ROWS, OUTPUTS, seed=1), _normal(ROWS, OUTPUTS, seed=2),
    ),
    _of_labels(
        "binary_cross_entropy", "−y log p − (1 − y) log(1 − p)", "g (p − y) / (p (1 − p))",
        "0 log 0 = 0; ∞ where certainty was wrong", _fractions(3), _fractions(4),
    ),
    _of_labels(
        "binary_cross_entropy_with_logits", "(1 − y) softplus(x) + y softplus(−x)", "g (σ(x) − y)",
        "finite for logits of any size", _fractions(3), _normal(ROWS, OUTPUTS, seed=5, size=2.0),
    ),
    *(
        _of_labels(
            "softmax_cross_entropy", "−Σ y log o, o = softmax(x)", "g (o − y)",
            "class ids or probabilities; a logit of −∞ masks its class",
            y, _normal(ROWS, OUTPUTS, seed=6, size=2.0), kind,
        )
        for kind, y in {"": IDS, "one_hot": np.eye(OUTPUTS)[IDS], "shares": SHARES}.items()
    ),
    _penalty(
        "l2_penalty", "weight Σ W²", "2 g weight W", _normal(ROWS, OUTPUTS, seed=7),
        ({"weight": 0.375}, {}),
    ),
    _penalty(
        "sparsity_penalty", "weight Σ KL(ρ ‖ mean h)", "g weight (m − ρ) / (m (1 − m)) / B",
        _fractions(8), ({"target": 0.125}, {"target": 0.25, "weight": 3.0}),
        source="Ng 2011, Sparse autoencoder",
    ),
    _penalty(
        "contractive_penalty", "Σⱼ (hⱼ(1 − hⱼ))² Σᵢ Wᵢⱼ²",
        "2 g h(1 − h)(1 − 2h) Σ W², 2 W Σ g (h(1 − h))²", _fractions(9), REDUCTIONS,
        source="Rifai, Vincent, Muller, Glorot & Bengio 2011",
        parameters={"W": partial(_normal, 4, OUTPUTS, seed=10)},
    ),
)  # fmt: skip
