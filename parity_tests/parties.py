"""The parties, put together: this is where the engine is handed both frameworks."""

import numpy as np

from parity_tests.halves import built_in, load, ours, party, with_options
from shared.bounds import Absolute, Exact
from shared.parity import Party
from shared.samples import WIDTH

HALVES = load("TensorFlow"), load("torch")
NO_CUSTOM_GRADIENT = Absolute(8)
EXAMPLE = np.zeros((1, WIDTH), np.float32)


def autodiff(half):
    """A half's plain formulas, differentiated by the framework instead of by hand."""

    def find(concept, options):
        return with_options(half, options, half.function(concept).__wrapped__)

    return party(half, " autodiff", find, besides=NO_CUSTOM_GRADIENT)


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

    return party(half, "", find, departures=half.departures)


def before_and_after(half, folder):
    """A half's layers as built and as they come back from disk, held to equality."""
    built = layer(half).find

    def find(concept, options):
        return half.framework.reloaded(built(concept, options), EXAMPLE, folder)

    return party(half, "", built, bound=Exact()), party(half, " reloaded", find, bound=Exact())
