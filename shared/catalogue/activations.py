"""The activations: functions of one element, of a row, and of a run of neighbours."""

import numpy as np

from shared import samples
from shared.bounds import Exact, RunningError, Sensitivity, Ulps
from shared.catalogue.concept import Concept
from shared.reference import activations as reference


def _softmax_terms(g, x, axis=-1):
    h = reference.softmax(x, axis)
    return h * (np.abs(g) + np.sum(np.abs(g) * h, axis=axis, keepdims=True))


def _log_softmax_terms(x, axis=-1):
    # x − max x, log Σ, and the sum under the logarithm, which is at least 1
    return np.abs(reference.log_softmax(x, axis)) + np.log(x.shape[axis]) + 1


def _log_softmax_gradient_terms(g, x, axis=-1):
    h = reference.softmax(x, axis)
    return np.abs(g) + h * np.sum(np.abs(g), axis=axis, keepdims=True)


def _gelu_terms(g, x):
    # Φ + |x| φ, where gelu' itself is Φ + x φ
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    slope = reference.gelu_gradient(1.0, x)
    return np.abs(g) * (slope + (np.abs(x) - x) * density)


def _silu_terms(g, x):
    sigma = reference.sigmoid(x)
    return np.abs(g) * sigma * (1 + np.abs(x) * (1 - sigma))


def _second_order_terms(v, g, x, **options):
    # h and 1 − h, of size 1, are rounded before they meet v and g
    return 2 * np.abs(v * g)


def _second_order_terms_of_rows(v, g, x, axis=-1):
    # besides, a row's entries meet each other
    largest = [np.max(np.abs(t), axis=axis, keepdims=True) for t in (v, g)]
    return np.broadcast_to(4 * largest[0] * largest[1], x.shape)


SECOND = Sensitivity(magnitude=_second_order_terms)
SECOND_OF_ROWS = Sensitivity(magnitude=_second_order_terms_of_rows)

ACTIVATIONS = (
    Concept(
        "identity",
        "activations",
        formula="x",
        gradient="g",
        conventions="linear everywhere",
        layer="Identity",
        bounds={"h": Exact(), "g_x": Exact()},
    ),
    Concept(
        "relu",
        "activations",
        formula="max(0, x)",
        gradient="g ⊙ I(x > 0)",
        conventions="derivative 0 at x = 0",
        layer="ReLU",
        bounds={"h": Exact(), "g_x": Exact()},
    ),
    Concept(
        "leaky_relu",
        "activations",
        formula="max(0, x) + a min(0, x)",
        gradient="g ⊙ (1 where x > 0, else a)",
        conventions="derivative a at x = 0",
        layer="LeakyReLU",
        bounds={"h": Ulps(2), "g_x": Ulps(2)},
        options=({}, {"negative_slope": 0.2}),
    ),
    Concept(
        "prelu",
        "activations",
        formula="max(0, x) + a min(0, x), a learned",
        gradient="as leaky_relu; for a: Σ g ⊙ min(0, x)",
        conventions="derivative a at x = 0",
        layer="PReLU",
        bounds={
            "h": Ulps(1),
            "g_x": Ulps(2),
            "g_slope": RunningError(
                magnitude=lambda g, x, slope: np.sum(np.abs(g * np.minimum(x, 0)), axis=0),
                terms=lambda g, x, slope: len(x) + 1,
            ),
        },
        parameters={"slope": samples.slopes},
        layer_options=(
            ({"slope": 0.25}, {}),
            ({"slope": 0.25}, {"channels": samples.WIDTH}),
            ({"slope": 0.1}, {"initial_slope": 0.1}),
        ),
    ),
    Concept(
        "sigmoid",
        "activations",
        formula="1/(1 + e^−x)",
        gradient="g ⊙ h ⊙ (1 − h)",
        conventions="0 and 1 far out, never an overflow; the gradient keeps its digits there",
        layer="Sigmoid",
        bounds={"h": Ulps(4), "g_x": Ulps(4), "second_x": SECOND},
    ),
    Concept(
        "tanh",
        "activations",
        formula="(e^x − e^−x)/(e^x + e^−x)",
        gradient="g ⊙ (1 − h²)",
        conventions="−1 and 1 far out; the gradient keeps its digits there",
        layer="Tanh",
        bounds={"h": Ulps(4), "g_x": Ulps(4), "second_x": SECOND},
    ),
    Concept(
        "hard_tanh",
        "activations",
        formula="clip(x, −1, 1)",
        gradient="g ⊙ I(−1 < x < 1)",
        conventions="derivative 0 at x = ±1",
        layer="HardTanh",
        bounds={"h": Exact(), "g_x": Exact()},
    ),
    Concept(
        "softmax",
        "activations",
        formula="e^xᵢ / Σ e^xⱼ",
        gradient="h ⊙ (g − Σ g ⊙ h)",
        conventions="unchanged by a shift; NaN where a row is all −∞ or holds +∞ or NaN",
        layer="Softmax",
        bounds={
            "h": Sensitivity(),
            "g_x": Sensitivity(magnitude=_softmax_terms),
            "second_x": SECOND_OF_ROWS,
        },
        sample=samples.rows,
        options=({}, {"axis": 1}),
        along_axis=True,
        inner=(4, 3),
    ),
    Concept(
        "log_softmax",
        "activations",
        formula="x − log Σ e^xⱼ",
        gradient="g − softmax(x) ⊙ Σ g",
        conventions="finite where softmax rounds to 0; NaN as for softmax",
        layer="LogSoftmax",
        bounds={
            "h": Sensitivity(magnitude=_log_softmax_terms),
            "g_x": Sensitivity(magnitude=_log_softmax_gradient_terms),
            "second_x": SECOND_OF_ROWS,
        },
        sample=samples.rows,
        options=({}, {"axis": 1}),
        along_axis=True,
        inner=(4, 3),
    ),
    Concept(
        "maxout",
        "activations",
        formula="max over each run of pieces",
        gradient="g to the winner, else 0",
        conventions="of tied winners the first takes all",
        layer="Maxout",
        bounds={"h": Exact(), "g_x": Exact()},
        sample=samples.rows,
        options=({"pieces": 3}, {"pieces": 2}, {"pieces": 1}),
        inner=(2, 6),
    ),
    Concept(
        "softplus",
        "activations",
        formula="log(1 + e^x)",
        gradient="g ⊙ σ(x)",
        conventions="x far to the right, e^x far to the left",
        layer="Softplus",
        bounds={"h": Ulps(4), "g_x": Ulps(4), "second_x": SECOND},
        source="Dugas et al. 2001",
    ),
    Concept(
        "elu",
        "activations",
        formula="x where x > 0, else α(e^x − 1)",
        gradient="g ⊙ (1 where x > 0, else α e^x)",
        conventions="derivative α at x = 0",
        layer="ELU",
        bounds={"h": Ulps(4), "g_x": Ulps(4), "second_x": SECOND},
        source="Clevert et al. 2016",
        options=({}, {"alpha": 0.7}),
    ),
    Concept(
        "gelu",
        "activations",
        formula="x Φ(x)",
        gradient="g ⊙ (Φ(x) + x φ(x))",
        conventions="NaN at −∞, where it is −∞ · 0",
        layer="GELU",
        bounds={"h": Sensitivity(), "g_x": Sensitivity(magnitude=_gelu_terms), "second_x": SECOND},
        source="Hendrycks & Gimpel 2016",
    ),
    Concept(
        "silu",
        "activations",
        formula="x σ(x)",
        gradient="g ⊙ σ(x)(1 + x σ(−x))",
        conventions="NaN at −∞, where it is −∞ · 0",
        layer="SiLU",
        bounds={"h": Ulps(4), "g_x": Sensitivity(magnitude=_silu_terms), "second_x": SECOND},
        source="Elfwing et al. 2018",
    ),
)
