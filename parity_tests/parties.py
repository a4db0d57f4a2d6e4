"""The parties, put together: this is where the engine is handed both frameworks."""

from functools import partial

import numpy as np

import tf_impl.activations
import tf_impl.builtins
import tf_impl.framework
import torch_impl.activations
import torch_impl.builtins
import torch_impl.framework
from shared.bounds import Absolute, Exact
from shared.parity import Party
from shared.samples import WIDTH
from shared.vocabulary import translate_options

HALVES = (
    (tf_impl.framework, tf_impl.activations, tf_impl.builtins, dict),
    (torch_impl.framework, torch_impl.activations, torch_impl.builtins, translate_options),
)
NO_CUSTOM_GRADIENT = Absolute(8)
EXAMPLE = np.zeros((1, WIDTH), np.float32)


def _with(options, function):
    return partial(function, **options) if options else function


def ours(framework, module, builtins, words):
    """A half's own functions."""

    def find(concept, options):
        return _with(words(options), getattr(module, concept.name))

    return Party(framework.NAME, framework, find, module.DEPARTURES)


def built_in(framework, module, builtins, words):
    """What the half's framework ships."""

    def find(concept, options):
        return _with(words(options), builtins.ACTIVATIONS[concept.name])

    return Party(f"{framework.NAME} built-in", framework, find, builtins.DEPARTURES)


def autodiff(framework, module, builtins, words):
    """A half's plain formulas, differentiated by the framework instead of by hand."""

    def find(concept, options):
        return _with(words(options), getattr(module, concept.name).__wrapped__)

    return Party(f"{framework.NAME} autodiff", framework, find, bound=NO_CUSTOM_GRADIENT)


def five() -> tuple[Party, ...]:
    """Both halves and both frameworks' built-ins; with the reference, five."""
    return (*(ours(*half) for half in HALVES), *(built_in(*half) for half in HALVES))


def layer(framework, module, builtins, words):
    """A half's layers, each built with the arguments that make it the concept's function."""

    def find(concept, options):
        return getattr(module, concept.layer)(**words(concept.layer_arguments(options)))

    return Party(framework.NAME, framework, find, module.DEPARTURES)


def before_and_after(framework, module, builtins, words, folder):
    """A half's layers as built and as they come back from disk, held to equality."""
    built = layer(framework, module, builtins, words).find

    def find(concept, options):
        return framework.reloaded(built(concept, options), EXAMPLE, folder)

    return (
        Party(framework.NAME, framework, built, bound=Exact()),
        Party(f"{framework.NAME} reloaded", framework, find, bound=Exact()),
    )
