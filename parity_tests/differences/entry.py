"""One difference between the frameworks: what each does, who is hit, and how to align them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SILENT_WRONG = "silent-wrong"  # another result, and nothing says so
SLOW_DRIFT = "slow-drift"  # nearly the same result at first
CRASH = "crash"  # one of the two raises, or hands back None
COSMETIC = "cosmetic"  # seen in a corner, or in the last bits
NONE = "none"  # looked for and not there: the two agree
SEVERITIES = (SILENT_WRONG, SLOW_DRIFT, CRASH, COSMETIC, NONE)

# what a port meets, in this order
STAGES = WEIGHTS, LAYERS, LOSSES, OPTIMIZER, SCHEDULE, LOOP, EVALUATION = (
    "weights", "layers", "losses", "optimizer", "schedule", "training loop", "evaluation",
)  # fmt: skip

DEFAULTS = ("in_keras", "in_torch")
ALIGNED = ("torch_as_keras", "keras_as_torch")


@dataclass(frozen=True, eq=False)
class Difference:
    """A difference as data, and the functions that measure it. `difference` makes one of a class.

    Attributes:
        name: of the entry within its area, as in ``leaky-relu-slope``.
        item: what is compared.
        keras, torch: what each framework does by default, and why.
        severity: one of `SEVERITIES`.
        hits: who meets it.
        recipe: what aligns the two, in a sentence.
        sources: where each framework says so, as ``keras/src/activations/activations.py:L112``.
        functions: by name, of `DEFAULTS` and `ALIGNED`.
        data: what the functions are handed, by the names of their parameters.
        unaligned: why a direction of alignment is missing; empty where both are there.
        ulp: how far aligned results may be apart, in units of the last place of the result; without
            it 10⁻¹² of the largest element, for what is computed in float64.
        steps: numbers of steps after which it is measured where it drifts, handed over as `steps`.
        stage: when a port meets it, one of `STAGES`; that of its area if empty.
        area: module of the entry, as in ``activations``.
        made_of: the class that the entry was written as.
    """

    name: str
    item: str
    keras: str
    torch: str
    severity: str
    hits: str
    recipe: str
    sources: tuple[str, ...]
    functions: dict[str, Callable[..., Any]] = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    unaligned: str = ""
    ulp: float | None = None
    steps: tuple[int, ...] = ()
    stage: str = ""
    area: str = ""
    made_of: type = field(default=object, repr=False)

    def __post_init__(self):
        complaints = [
            (self.severity not in SEVERITIES, f"severity is one of {', '.join(SEVERITIES)}"),
            (self.stage and self.stage not in STAGES, f"stage is one of {', '.join(STAGES)}"),
            (missing := [n for n in DEFAULTS if n not in self.functions], f"no {missing}"),
            (not self.sources, "name in sources where each framework says so"),
            (self._incomplete(), "give torch_as_keras and keras_as_torch, or say in unaligned why "
                                 "one of them cannot be"),
            (unknown := self._unknown(), f"no value for the parameters {unknown}"),
        ]  # fmt: skip
        if said := [words for wrong, words in complaints if wrong]:
            raise ValueError(f"difference {self.name}: {'; '.join(said)}")

    @property
    def id(self) -> str:
        return f"{self.area}/{self.name}"

    @property
    def diverges(self) -> bool:
        """Whether the two are said to differ at all."""
        return self.severity != NONE

    def arguments(self, function: str, steps: int | None = None) -> dict[str, Any]:
        """What one of the functions is called with."""
        given = self.data | ({"steps": steps} if self.steps else {})
        return {name: given[name] for name in _parameters(self.functions[function])}

    def _incomplete(self):
        whole = all(name in self.functions for name in ALIGNED)
        return self.diverges and not whole and not self.unaligned

    def _unknown(self):
        known = {*self.data, *(["steps"] if self.steps else [])}
        asked = [n for f in self.functions.values() for n in _parameters(f)]
        return sorted(set(asked) - known)


def difference(*, sources: str | tuple[str, ...], **said: Any) -> Callable[[type], Difference]:
    """Make a `Difference` of a class: its functions by their names, and all else as their data.

    >>> @difference(item="slope", keras="0.2", torch="0.01", severity=SILENT_WRONG, hits="all",
    ...             recipe="none", sources="keras/src/activations/activations.py:L112",
    ...             unaligned="an example")
    ... class LeakyReluSlope:
    ...     x = -1.0
    ...
    ...     def in_keras(x):
    ...         return 0.2 * x
    ...
    ...     def in_torch(x):
    ...         return 0.01 * x
    >>> LeakyReluSlope.name, LeakyReluSlope.functions["in_torch"](**LeakyReluSlope.data)
    ('leaky-relu-slope', -0.01)
    """

    def made(given: type) -> Difference:
        public = {n: value for n, value in vars(given).items() if not n.startswith("__")}
        functions = {n: public[n] for n in DEFAULTS + ALIGNED if n in public}
        return Difference(
            name=_kebab(given.__name__),
            sources=(sources,) if isinstance(sources, str) else tuple(sources),
            functions=functions,
            data={n: value for n, value in public.items() if n not in functions},
            made_of=given,
            **said,
        )

    return made


def _parameters(function):
    return inspect.signature(function).parameters


def _kebab(name):
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
