"""One framework's half by itself: its modules, loaded when they are asked for, and its parties.

A process that measures one framework never loads the other: it would have both frameworks' threads,
allocators and import time in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from types import ModuleType

from shared.parity import Party
from shared.vocabulary import KERAS, TORCH, Dialect, translate

PACKAGES = {"TensorFlow": ("tf_impl", KERAS), "torch": ("torch_impl", TORCH)}
FAMILIES = ("activations", "losses", "layers", "backprop", "graph", "initializers",
            "schedules", "preprocessing")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Half:
    """One framework's side, by the name of its package: modules, dialect, departures.

    `instead` holds modules that stand in for families of its own.
    """

    package: str
    dialect: Dialect
    instead: Mapping[str, ModuleType] = field(default_factory=dict)

    def module(self, name: str) -> ModuleType:
        """A module of the half by its name within it: "training", "models.mlp"."""
        return import_module(f"{self.package}.{name}")

    @cached_property
    def framework(self) -> ModuleType:
        """The adapter."""
        return self.module("framework")

    @cached_property
    def families(self) -> dict[str, ModuleType]:
        """The modules of the concepts, by family."""
        return {name: self.module(name) for name in FAMILIES} | dict(self.instead)

    @cached_property
    def builtins(self) -> ModuleType:
        """What the framework itself ships."""
        return self.module("builtins")

    @property
    def activations(self) -> ModuleType:
        return self.families["activations"]

    @property
    def name(self) -> str:
        return self.framework.NAME

    @property
    def in_keras(self) -> bool:
        return self.dialect is KERAS

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that are timed: torch's graph run by the eager kernels is there to debug."""
        return tuple(m for m in self.framework.MODES if self.in_keras or m != "graph")

    @property
    def departures(self):
        """What the half says of its own functions."""
        return tuple(d for m in self.families.values() for d in getattr(m, "DEPARTURES", ()))

    def function(self, concept):
        """The half's function of a concept."""
        return getattr(self.families[concept.family], concept.function_name)


def load(name: str) -> Half:
    """The half of a framework by its name, "TensorFlow" or "torch"."""
    return Half(*PACKAGES[name])


def party(half, label, find, adapter=None, **more):
    """A party of the half, run by this adapter if not by the half's own."""
    name = f"{half.name}{label}"
    return Party(name, adapter or half.framework, find, dialect=half.dialect, **more)


def with_options(half, options, function):
    """The function with options, in the half's words."""
    return partial(function, **half.dialect.options(options)) if options else function


def ours(half, adapter=None):
    """A half's own functions."""

    def find(concept, options):
        return with_options(half, options, half.function(concept))

    return party(half, "", find, adapter, departures=half.departures)


def built_in(half, adapter=None):
    """What the half's framework ships."""

    def find(concept, options):
        return with_options(half, options, half.builtins.FUNCTIONS[concept.function_name])

    taken = ("", *half.framework.kernels())
    departures = tuple(d for d in half.builtins.DEPARTURES if d.kernels in taken)
    return party(half, " built-in", find, adapter, departures=departures)


def in_words_of(half, name, options):
    """An optimizer's options as the half calls them."""
    if half.in_keras:
        return options
    options = dict(options)
    if "beta_1" in options:
        options["betas"] = options.pop("beta_1"), options.pop("beta_2")
    # torch's own Adadelta says rho, its RMSprop alpha
    return {n if (n, name) == ("rho", "adadelta") else translate(n): v for n, v in options.items()}
