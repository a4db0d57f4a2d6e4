"""What a row of the catalogue is: a concept compared by itself, or a training run."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module

from shared import samples
from shared.vocabulary import Layout

NOTES = "Introduction to Deep Learning, Unit 1"
EVERY_MODE = ("eager", "graph", "compiled")


@dataclass(frozen=True)
class Concept:
    """One function of tensors, how it is compared, and where it comes from.

    Its tensors are the sample, under the name `x`, then `parameters` and `constants`. The first two
    have gradients. The functions called `name`, or `function` where a row is of one that has a row
    already, take them in the order of `arguments`: in `shared.reference` and in the two halves.
    """

    name: str
    family: str  # and the name of the module that holds it, in all three places
    formula: str
    gradient: str
    conventions: str  # what holds at kinks, ties and extremes
    bounds: dict[str, object]  # of the value "h", the gradients "g_x"…, the second order "second_x"
    function: str = ""  # its functions' name, where that is not the row's
    layer: str = ""  # the layer's class name in both halves, where there is one
    source: str = NOTES
    sample: Callable = samples.line
    inner: tuple[int, ...] = (samples.WIDTH,)  # the shape a row of the sample is given
    x: str = "x"
    parameters: dict[str, Callable] = field(default_factory=dict)  # how each other tensor is drawn
    constants: dict[str, Callable] = field(default_factory=dict)  # labels, masks, indices
    order: tuple[str, ...] = ()  # of the tensors; by default x, parameters, constants
    options: tuple[dict, ...] = ({},)  # each set of options is compared; {} asks for the defaults
    layer_options: tuple = ()  # (function's options, layer's options), where they differ
    along_axis: bool = False  # whether elements of a row depend on each other
    shipped: bool = True  # whether each framework has something that computes it from these tensors
    layouts: dict[str, Layout] = field(default_factory=dict)  # torch's, by tensor or "output"
    modes: tuple[str, ...] = EVERY_MODE  # beyond eager, that its function can be captured in

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its tensors, in the order that the reference takes them."""
        return self.order or (self.x, *self.parameters, *self.constants)

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The tensors that have a gradient, in the order of the arguments."""
        with_gradient = (self.x, *self.parameters)
        return tuple(n for n in self.arguments if n in with_gradient and f"g_{n}" in self.bounds)

    @property
    def function_name(self) -> str:
        """What its functions are called in all three places."""
        return self.function or self.name

    @property
    def second_order(self) -> bool:
        """Whether the gradient of the gradient is compared too."""
        return "second_x" in self.bounds

    @cached_property
    def _reference(self):
        return import_module(f"shared.reference.{self.family}")

    @property
    def value(self) -> Callable:
        """The float64 reference."""
        return getattr(self._reference, self.function_name)

    def derivative(self, order: str) -> Callable:
        """The reference's hand-derived `…_gradient` or `…_second`."""
        return getattr(self._reference, f"{self.function_name}_{order}")

    def as_layer(self) -> "Concept":
        """The concept as its layer computes it: of x alone, learned tensors being options."""
        if not self.layer_options:
            return self
        options = tuple(of_function for of_function, _ in self.layer_options)
        bounds = {name: self.bounds[name] for name in ("h", "g_x")}
        return replace(self, options=options, parameters={}, bounds=bounds)

    def layer_arguments(self, options: dict) -> dict:
        """What the layer is built with to compute the function with these options."""
        return next((of_layer for of, of_layer in self.layer_options if of is options), options)


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
    options: tuple[dict, ...] = ({},)  # each is a run of its own
    modes: tuple[str, ...] = EVERY_MODE  # that its runs are compared in


def network_row(name, formula, steps, *options, source=NOTES, modes=EVERY_MODE):
    """A network's row; what is recorded depends on its weights: see `shared.network_cases`."""
    return Trajectory(
        name, "models", formula, "by backpropagation", tensors=(), steps=steps, source=source,
        options=options, modes=modes,
    )  # fmt: skip
