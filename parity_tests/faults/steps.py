"""A check is a list of steps: each a function by name and its arguments, the cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from importlib import import_module
from typing import NamedTuple


class Step(NamedTuple):
    """One thing to run against a fault; it gives one line for each comparison that turned red.

    Equal steps do equal work, for whichever file. The function is named rather than held, so that
    a planted copy of the project runs its own.

    Example:
        >>> Step("builtins:sorted", (("b", "a"),)).run()
        ['a', 'b']
    """

    function: str  # as in "parity_tests.coverage:eager"
    arguments: tuple[Hashable, ...] = ()

    def __str__(self) -> str:
        return f"{self.function.partition(':')[2]}({', '.join(map(str, self.arguments))})"

    def run(self) -> list[str]:
        """What the function gives, imported at this moment."""
        return named(self.function)(*self.arguments)


def named(function: str) -> Callable:
    """The function called ``package.module:function``."""
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)
