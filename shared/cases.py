"""A concept at its sample: the inputs every party is handed, the truth, and the stated bounds."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from shared.bounds import Evaluated, Sensitivity
from shared.catalogue import Concept

VALUE, GRADIENT, SECOND = "value", "gradient", "second order"


@dataclass(frozen=True)
class Case:
    """One concept with one set of options, at its sample."""

    concept: Concept
    options: dict

    @cached_property
    def sample(self):
        return self.concept.sample()

    @cached_property
    def inputs(self):
        """(x, *parameters): float64 arrays holding float32 numbers."""
        x = self.sample.values.reshape(-1, *self.concept.inner)
        return x, *(draw() for draw in self.concept.parameters.values())

    @property
    def axis(self):
        """The axis along which elements depend on each other; None if they do not."""
        return self.options.get("axis", -1) if self.concept.along_axis else None

    @cached_property
    def truth(self):
        """Tensor name -> (check, Evaluated) of the float64 reference."""
        return dict(self._evaluated())

    def _evaluated(self):
        x, *parameters = self.inputs
        at = partial(_evaluate, options=self.options, axis=self.axis)
        yield "h", (VALUE, at(self.concept.value, (x, *parameters)))
        gradient = self.concept.derivative("gradient")
        for position, name in enumerate(self.gradient_names):
            part = partial(_pick, gradient, position)
            yield name, (GRADIENT, at(part, (self.upstream, x, *parameters)))
        if self.concept.second_order:
            second = self.concept.derivative("second")
            yield "second_x", (SECOND, at(second, (self.direction, self.upstream, x)))

    @property
    def gradient_names(self):
        return ("g_x", *(f"g_{name}" for name in self.concept.parameters))

    @cached_property
    def upstream(self):
        shape = self.concept.value(*self.inputs, **self.options).shape
        return self.sample.upstream(shape)

    @cached_property
    def direction(self):
        return self.sample.upstream(self.inputs[0].shape, salt=1)

    def bound(self, tensor):
        """The bound the catalogue states for a tensor."""
        if tensor == "h":
            return self.concept.bound
        if tensor == "g_x":
            return self.concept.gradient_bound
        if tensor == "second_x":
            return Sensitivity(magnitude=partial(_second_order_terms, self.axis))
        return self.concept.parameter_bounds[self.gradient_names.index(tensor) - 1]

    def call(self, party, dtype, mode):
        """What the party's adapter is to evaluate: (function, inputs, upstream, direction).

        The second order is measured eagerly: a compiled backward pass cannot be differentiated
        again by every framework.
        """
        cast = [values.astype(dtype) for values in (*self.inputs, self.upstream, self.direction)]
        direction = cast[-1] if self.concept.second_order and mode == "eager" else None
        return party.find(self.concept, self.options), tuple(cast[:-2]), cast[-2], direction

    def parts(self, tensor):
        """The sample's parts, and where each lies in a tensor.

        A sum over the sample has one part, and a second derivative none at the kinks.
        """
        check, evaluated = self.truth[tensor]
        if evaluated.values.shape[:1] != self.inputs[0].shape[:1]:
            return {"whole": slice(None)}
        kinked = ("edges",) if check == SECOND else ()
        return {n: place for n, place in self.sample.parts.items() if n not in kinked}

    @property
    def label(self):
        return ", ".join(f"{name}={value}" for name, value in self.options.items())


def _evaluate(function, inputs, options, axis):
    function_of_inputs = partial(function, **options)
    values = np.asarray(function_of_inputs(*inputs), np.float64)
    return Evaluated(function_of_inputs, inputs, values, options, axis)


def _pick(gradient, position, *inputs, **options):
    result = gradient(*inputs, **options)
    return result[position] if isinstance(result, tuple) else result


def _second_order_terms(along, v, g, x, **options):
    # h and 1 − h, of size 1, are rounded before they meet v and g; a row's entries meet each other
    if along is None:
        return 2 * np.abs(v * g)
    largest = [np.max(np.abs(t), axis=along, keepdims=True) for t in (v, g)]
    return np.broadcast_to(4 * largest[0] * largest[1], x.shape)


def cases(concepts) -> list[Case]:
    """Each concept once with its defaults and once with each other set of options."""
    return [Case(concept, options) for concept in concepts for options in concept.options]
