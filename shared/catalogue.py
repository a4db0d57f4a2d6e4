"""Every concept: its name, formula and gradient, where it comes from, and how it is compared.

Adding a row here is what adds a concept to `make parity`: its sample, checks, bounds, tables and
figures follow from the row. The functions it names are looked up in `shared.reference` and in the
two halves, under the same name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from shared import histories, samples
from shared.bounds import Exact, RunningError, Sensitivity, Ulps
from shared.reference import activations as reference_activations

NOTES = "Introduction to Deep Learning, Unit 1"


@dataclass(frozen=True)
class Concept:
    """One row of the catalogue."""

    name: str
    family: str
    layer: str  # the layer's class name in both halves
    formula: str
    gradient: str
    conventions: str  # what holds at kinks, ties and extremes
    bound: object  # of the value
    gradient_bound: object
    source: str = NOTES
    sample: Callable = samples.line
    options: tuple[dict, ...] = ({},)  # each set of options is compared; {} asks for the defaults
    parameters: dict[str, Callable] = field(default_factory=dict)  # learned tensors beside x
    parameter_bounds: tuple = ()
    layer_options: tuple = ()  # (function's options, layer's options), where they differ
    second_order: bool = False
    along_axis: bool = False  # whether elements of a row depend on each other
    inner: tuple[int, ...] = (samples.WIDTH,)  # the shape a row of the sample is given

    @property
    def value(self) -> Callable:
        """The float64 reference."""
        return getattr(reference_activations, self.name)

    def as_layer(self) -> "Concept":
        """The concept as its layer computes it: of x alone, learned tensors being options."""
        if not self.layer_options:
            return self
        options = tuple(of_function for of_function, _ in self.layer_options)
        return replace(self, options=options, parameters={}, parameter_bounds=())

    def layer_arguments(self, options: dict) -> dict:
        """What the layer is built with to compute the function with these options."""
        return next((of_layer for of, of_layer in self.layer_options if of is options), options)

    def derivative(self, order: str) -> Callable:
        """The reference's hand-derived `name_gradient` or `name_second`."""
        return getattr(reference_activations, f"{self.name}_{order}")


def _softmax_terms(g, x, axis=-1):
    h = reference_activations.softmax(x, axis)
    return h * (np.abs(g) + np.sum(np.abs(g) * h, axis=axis, keepdims=True))


def _log_softmax_terms(x, axis=-1):
    # x − max x, log Σ, and the sum under the logarithm, which is at least 1
    return np.abs(reference_activations.log_softmax(x, axis)) + np.log(x.shape[axis]) + 1


def _log_softmax_gradient_terms(g, x, axis=-1):
    h = reference_activations.softmax(x, axis)
    return np.abs(g) + h * np.sum(np.abs(g), axis=axis, keepdims=True)


def _gelu_terms(g, x):
    # Φ + |x| φ, where gelu' itself is Φ + x φ
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    slope = reference_activations.gelu_gradient(1.0, x)
    return np.abs(g) * (slope + (np.abs(x) - x) * density)


def _silu_terms(g, x):
    sigma = reference_activations.sigmoid(x)
    return np.abs(g) * sigma * (1 + np.abs(x) * (1 - sigma))


ACTIVATIONS = (
    Concept(
        "identity",
        "activations",
        "Identity",
        "x",
        "g",
        "linear everywhere",
        Exact(),
        Exact(),
        second_order=False,
    ),
    Concept(
        "relu",
        "activations",
        "ReLU",
        "max(0, x)",
        "g ⊙ I(x > 0)",
        "derivative 0 at x = 0",
        Exact(),
        Exact(),
    ),
    Concept(
        "leaky_relu",
        "activations",
        "LeakyReLU",
        "max(0, x) + a min(0, x)",
        "g ⊙ (1 where x > 0, else a)",
        "derivative a at x = 0",
        Ulps(2),
        Ulps(2),
        options=({}, {"negative_slope": 0.2}),
    ),
    Concept(
        "prelu",
        "activations",
        "PReLU",
        "max(0, x) + a min(0, x), a learned",
        "as leaky_relu; for a: Σ g ⊙ min(0, x)",
        "derivative a at x = 0",
        Ulps(1),
        Ulps(2),
        parameters={"slope": samples.slopes},
        layer_options=(
            ({"slope": 0.25}, {}),
            ({"slope": 0.25}, {"channels": samples.WIDTH}),
            ({"slope": 0.1}, {"initial_slope": 0.1}),
        ),
        parameter_bounds=(
            RunningError(
                magnitude=lambda g, x, slope: np.sum(np.abs(g * np.minimum(x, 0)), axis=0),
                terms=lambda g, x, slope: len(x) + 1,
            ),
        ),
    ),
    Concept(
        "sigmoid",
        "activations",
        "Sigmoid",
        "1/(1 + e^−x)",
        "g ⊙ h ⊙ (1 − h)",
        "0 and 1 far out, never an overflow; both tails of the gradient keep their digits",
        Ulps(4),
        Ulps(4),
        second_order=True,
    ),
    Concept(
        "tanh",
        "activations",
        "Tanh",
        "(e^x − e^−x)/(e^x + e^−x)",
        "g ⊙ (1 − h²)",
        "−1 and 1 far out; both tails of the gradient keep their digits",
        Ulps(4),
        Ulps(4),
        second_order=True,
    ),
    Concept(
        "hard_tanh",
        "activations",
        "HardTanh",
        "clip(x, −1, 1)",
        "g ⊙ I(−1 < x < 1)",
        "derivative 0 at x = ±1",
        Exact(),
        Exact(),
    ),
    Concept(
        "softmax",
        "activations",
        "Softmax",
        "e^xᵢ / Σ e^xⱼ",
        "h ⊙ (g − Σ g ⊙ h)",
        "unchanged by a shift; NaN where a row is all −∞ or holds +∞ or NaN",
        Sensitivity(),
        Sensitivity(magnitude=_softmax_terms),
        sample=samples.rows,
        options=({}, {"axis": 1}),
        second_order=True,
        along_axis=True,
        inner=(4, 3),
    ),
    Concept(
        "log_softmax",
        "activations",
        "LogSoftmax",
        "x − log Σ e^xⱼ",
        "g − softmax(x) ⊙ Σ g",
        "finite where softmax rounds to 0; NaN as for softmax",
        Sensitivity(magnitude=_log_softmax_terms),
        Sensitivity(magnitude=_log_softmax_gradient_terms),
        sample=samples.rows,
        options=({}, {"axis": 1}),
        second_order=True,
        along_axis=True,
        inner=(4, 3),
    ),
    Concept(
        "maxout",
        "activations",
        "Maxout",
        "max over each run of pieces",
        "g to the winner, else 0",
        "of tied winners the first takes all",
        Exact(),
        Exact(),
        sample=samples.rows,
        options=({"pieces": 3}, {"pieces": 2}, {"pieces": 1}),
        inner=(2, 6),
    ),
    Concept(
        "softplus",
        "activations",
        "Softplus",
        "log(1 + e^x)",
        "g ⊙ σ(x)",
        "x far to the right, e^x far to the left",
        Ulps(4),
        Ulps(4),
        source="Dugas et al. 2001",
        second_order=True,
    ),
    Concept(
        "elu",
        "activations",
        "ELU",
        "x where x > 0, else α(e^x − 1)",
        "g ⊙ (1 where x > 0, else α e^x)",
        "derivative α at x = 0",
        Ulps(4),
        Ulps(4),
        source="Clevert et al. 2016",
        options=({}, {"alpha": 0.7}),
        second_order=True,
    ),
    Concept(
        "gelu",
        "activations",
        "GELU",
        "x Φ(x)",
        "g ⊙ (Φ(x) + x φ(x))",
        "NaN at −∞, where it is −∞ · 0",
        Sensitivity(),
        Sensitivity(magnitude=_gelu_terms),
        source="Hendrycks & Gimpel 2016",
        second_order=True,
    ),
    Concept(
        "silu",
        "activations",
        "SiLU",
        "x σ(x)",
        "g ⊙ σ(x)(1 + x σ(−x))",
        "NaN at −∞, where it is −∞ · 0",
        Ulps(4),
        Sensitivity(magnitude=_silu_terms),
        source="Elfwing et al. 2018",
        second_order=True,
    ),
)


@dataclass(frozen=True)
class Trajectory:
    """A model trained step by step, every step compared."""

    name: str
    family: str
    formula: str
    gradient: str
    tensors: tuple[str, ...]
    steps: int
    source: str = NOTES


MODELS = (
    Trajectory(
        "logistic_regression",
        "models",
        "ŷ = σ(xW + b), L = mean(−y log ŷ − (1 − y) log(1 − ŷ))",
        "∂L/∂W = mean x(ŷ − y), ∂L/∂b = mean(ŷ − y)",
        histories.TENSORS,
        steps=1000,
    ),
)

EVERYTHING = {row.name: row for row in (*ACTIVATIONS, *MODELS)}
FAMILIES = tuple(dict.fromkeys(row.family for row in EVERYTHING.values()))


def select(only: str | None = None) -> tuple:
    """The rows of a family, or the one of that name, or all.

    >>> [row.name for row in select("relu")]
    ['relu']

    An unknown name raises KeyError with the list of known ones.
    """
    chosen = tuple(r for r in EVERYTHING.values() if not only or only in (r.name, r.family))
    if not chosen:
        known = ", ".join((*FAMILIES, *EVERYTHING))
        raise KeyError(f"no family or concept is called {only!r}; known are: {known}")
    return chosen
