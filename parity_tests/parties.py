"""The parties, put together: this is where the engine is handed both frameworks."""

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType

import numpy as np

import tf_impl.builtins
import tf_impl.framework
import torch_impl.builtins
import torch_impl.framework
from shared.bounds import Absolute, Exact
from shared.parity import Party
from shared.samples import WIDTH
from shared.vocabulary import KERAS, TORCH, Dialect


@dataclass(frozen=True, eq=False)
class Half:
    """One framework's side: its adapter, its families of concepts, its built-ins, its dialect."""

    framework: ModuleType
    families: dict[str, ModuleType]
    builtins: ModuleType
    dialect: Dialect

    @property
    def activations(self):
        return self.families["activations"]

    @property
    def departures(self):
        """What the half says of its own functions."""
        return tuple(d for m in self.families.values() for d in getattr(m, "DEPARTURES", ()))

    def function(self, concept):
        """The half's function of a concept."""
        return getattr(self.families[concept.family], concept.function_name)


FAMILIES = ("activations", "losses", "layers", "backprop", "graph", "initializers",
            "schedules", "preprocessing")  # fmt: skip


def _families(half, *names):
    return {name: import_module(f"{half.__name__}.{name}") for name in names}


HALVES = (
    Half(
        tf_impl.framework,
        _families(tf_impl, *FAMILIES),
        tf_impl.builtins,
        KERAS,
    ),
    Half(
        torch_impl.framework,
        _families(torch_impl, *FAMILIES),
        torch_impl.builtins,
        TORCH,
    ),
)
NO_CUSTOM_GRADIENT = Absolute(8)
EXAMPLE = np.zeros((1, WIDTH), np.float32)


def _party(half, label, find, **more):
    name = f"{half.framework.NAME}{label}"
    return Party(name, half.framework, find, dialect=half.dialect, **more)


def _with(half, options, function):
    return partial(function, **half.dialect.options(options)) if options else function


def ours(half):
    """A half's own functions."""

    def find(concept, options):
        return _with(half, options, half.function(concept))

    return _party(half, "", find, departures=half.departures)


def built_in(half):
    """What the half's framework ships."""

    def find(concept, options):
        return _with(half, options, half.builtins.FUNCTIONS[concept.function_name])

    taken = ("", *half.framework.kernels())
    departures = tuple(d for d in half.builtins.DEPARTURES if d.kernels in taken)
    return _party(half, " built-in", find, departures=departures)


def autodiff(half):
    """A half's plain formulas, differentiated by the framework instead of by hand."""

    def find(concept, options):
        return _with(half, options, half.function(concept).__wrapped__)

    return _party(half, " autodiff", find, besides=NO_CUSTOM_GRADIENT)


def five() -> tuple[Party, ...]:
    """Both halves and both frameworks' built-ins; with the reference, five."""
    return (*map(ours, HALVES), *map(built_in, HALVES))


def groups(concepts):
    """(concepts, parties): those that the frameworks ship with all five, the others with three."""
    shipped = [concept for concept in concepts if concept.shipped]
    own = [concept for concept in concepts if not concept.shipped]
    found = (shipped, five()), (own, tuple(map(ours, HALVES)))
    return [(chosen, computing) for chosen, computing in found if chosen]


def layer(half):
    """A half's layers, each built with the arguments that make it the concept's function."""

    def find(concept, options):
        arguments = half.dialect.options(concept.layer_arguments(options))
        return getattr(half.families[concept.family], concept.layer)(**arguments)

    return _party(half, "", find, departures=half.departures)


def before_and_after(half, folder):
    """A half's layers as built and as they come back from disk, held to equality."""
    built = layer(half).find

    def find(concept, options):
        return half.framework.reloaded(built(concept, options), EXAMPLE, folder)

    return _party(half, "", built, bound=Exact()), _party(half, " reloaded", find, bound=Exact())
