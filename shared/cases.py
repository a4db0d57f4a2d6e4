"""A concept at its sample: the inputs every party is handed, the truth, and the stated bounds."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from shared.bounds import Evaluated
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
    def tensors(self):
        """Name -> array of each argument, in order: float32 numbers in float64, or integers."""
        draws = {**self.concept.parameters, **self.concept.constants}
        x = self.sample.values.reshape(-1, *self.concept.inner)
        return {n: x if n == self.concept.x else draws[n]() for n in self.concept.arguments}

    @property
    def inputs(self):
        """The arrays alone, in the order that the reference takes them."""
        return tuple(self.tensors.values())

    @property
    def x(self):
        """The sample."""
        return self.tensors[self.concept.x]

    @property
    def axis(self):
        """The axis along which elements depend on each other; None if they do not."""
        return self.options.get("axis", -1) if self.concept.along_axis else None

    @cached_property
    def truth(self):
        """Tensor name -> (check, Evaluated) of the float64 reference."""
        return dict(self._evaluated())

    def _evaluated(self):
        at = partial(_evaluate, options=self.options, axis=self.axis)
        yield "h", (VALUE, at(self.concept.value, self.inputs))
        for position, name in enumerate(self.gradient_names):
            part = partial(_pick, self.concept.derivative("gradient"), position)
            yield name, (GRADIENT, at(part, (self.upstream, *self.inputs)))
        if self.concept.second_order:
            second = self.concept.derivative("second")
            yield "second_x", (SECOND, at(second, (self.direction, self.upstream, *self.inputs)))

    @property
    def gradient_names(self):
        return tuple(f"g_{name}" for name in self.concept.differentiated)

    @cached_property
    def upstream(self):
        """The gradient of the loss with respect to the value; None where nothing has a gradient."""
        shape = np.shape(self.concept.value(*self.inputs, **self.options))
        return self.sample.upstream(shape) if self.gradient_names else None

    @cached_property
    def direction(self):
        return self.sample.upstream(self.x.shape, salt=1) if self.concept.second_order else None

    @property
    def _arriving(self):
        return {"output": self.upstream, "direction": self.direction}

    def bound(self, tensor):
        """The bound the catalogue states for a tensor."""
        return self.concept.bounds[tensor]

    def call(self, party, dtype, mode, device):
        """What the party's adapter is to evaluate: (function, inputs, upstream, direction).

        The second order is measured eagerly: a compiled backward pass cannot be differentiated
        again by every framework.
        """
        concept, dialect = self.concept, party.dialect
        native = {
            name: dialect.forth(concept, name, _cast(values, dtype))
            for name, values in {**self.tensors, **self._arriving}.items()
        }
        upstream, direction = (native.pop(name) for name in self._arriving)
        constants = {n: party.adapter.tensor(native[n], device) for n in concept.constants}
        inputs = {name: values for name, values in native.items() if name not in constants}
        function = party.find(concept, self.options)
        order = dialect.order(concept.arguments)

        def call(*tensors):
            given = {**constants, **dict(zip(inputs, tensors, strict=True))}
            return function(*(given[name] for name in order))

        return call, tuple(inputs.values()), upstream, direction if mode == "eager" else None

    def parts(self, tensor):
        """The sample's parts, and where each lies in a tensor.

        A sum over the sample has one part, and a second derivative none at the kinks.
        """
        check, evaluated = self.truth[tensor]
        if evaluated.values.shape[:1] != self.x.shape[:1]:
            return {"whole": ...}
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


def _cast(values, dtype):
    """Floating-point numbers in a precision; integers, booleans and None as they are."""
    return values.astype(dtype) if getattr(values, "dtype", np.dtype(int)).kind == "f" else values


def cases(concepts) -> list[Case]:
    """Each concept once with its defaults and once with each other set of options."""
    return [Case(concept, options) for concept in concepts for options in concept.options]
