"""Measures the entries of the catalogue: what differs by default, and what is left once aligned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from parity_tests.differences.entry import ALIGNED, CRASH, DEFAULTS, Difference
from parity_tests.differences.outcomes import Gap, Raised, gap, outcome, said

MODEL = {"torch_as_keras": "in_keras", "keras_as_torch": "in_torch"}  # what each is made to do as
NAMES = {"torch_as_keras": "torch as in Keras", "keras_as_torch": "Keras as in torch"}


@dataclass(frozen=True)
class Measured:
    """What an entry comes to.

    Attributes:
        entry: the entry.
        default: how far the two are apart by default, after the most steps where there are any.
        aligned: how far, by the direction of alignment.
        drift: how far by default, by the number of steps.
        outcomes: what each function came to, after the most steps, by its name.
    """

    entry: Difference
    default: Gap
    aligned: dict[str, Gap]
    drift: dict[int, Gap] = field(default_factory=dict)
    outcomes: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def complaints(self) -> list[str]:
        """What the entry says that is not so, each a sentence; none if it is verified."""
        entry = self.entry
        agree = self.default.within(entry.ulp)
        otherwise = self._raises() != (entry.severity == CRASH)
        said_so = [
            (entry.diverges and agree, "by default they no longer differ"),
            (not entry.diverges and not agree, f"by default they differ: {self.default}"),
            (entry.diverges and otherwise, self._about_raising()),
            *((not g.within(entry.ulp), f"{NAMES[direction]} is not aligned: {g} apart")
              for direction, g in self.aligned.items()),
        ]  # fmt: skip
        return [words for wrong, words in said_so if wrong]

    @property
    def checked(self) -> list[str]:
        """The directions in which there is a result to check: none where the other raises."""
        return [d for d in self.aligned if not isinstance(self.outcomes[MODEL[d]], Raised)]

    @property
    def verified(self) -> bool:
        return not self.complaints

    def _raises(self):
        pair = [self.outcomes[name] for name in DEFAULTS]
        return any(value is None or isinstance(value, Raised) for value in pair)

    def _about_raising(self):
        named = {name: said(self.outcomes[name]) for name in DEFAULTS}
        return (
            f"severity is {self.entry.severity}, but a crash is where one raises or returns None: "
            f"Keras gives {named['in_keras']}, torch {named['in_torch']}"
        )


def measure(entry: Difference) -> Measured:
    """Run what an entry holds, by default and aligned."""
    most = max(entry.steps, default=None)
    outcomes = {n: outcome(f, entry.arguments(n, most)) for n, f in entry.functions.items()}
    drift = {steps: _default_gap(entry, steps) for steps in entry.steps}
    aligned = {n: gap(outcomes[MODEL[n]], outcomes[n]) for n in ALIGNED if n in outcomes}
    default = gap(outcomes["in_keras"], outcomes["in_torch"])
    return Measured(entry, default, aligned, drift, outcomes)


def _default_gap(entry, steps):
    pair = (outcome(entry.functions[n], entry.arguments(n, steps)) for n in DEFAULTS)
    return gap(*pair)
