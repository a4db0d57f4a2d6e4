"""What the project's own code may cost: ours / the framework's built-in, in the same mode and run.

TensorFlow's eager mode has few targets: what it costs to call its operations one by one covers what
they do, and is only reported.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.costs import BUILT_IN, reason
from shared.evidence import ABSENT
from shared.timings import NAN, Timing, noisy

MET, MISSED, NOISY, NO_RESULT = "met", "missed", "noisy", "no result"
STATUSES = (MET, MISSED, NOISY, NO_RESULT)


@dataclass(frozen=True)
class Target:
    """What a ratio may be at most, what it may aim for beyond that, and what it stands for.

    An empty tuple of concepts, frameworks, modes or sizes stands for all of them.
    """

    name: str
    why: str
    reach: float
    beyond: float  # NaN where there is no aim
    family: str
    concepts: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    def covers(self, row: Timing) -> bool:
        """Whether a row is one of ours that the target is for, forward pass and gradient alike."""
        if row.family != self.family or row.work == "forward" or row.verdict == ABSENT:
            return False
        wanted = (
            (row.concept, self.concepts),
            (row.party, self.frameworks),
            (row.mode, self.modes),
            (row.size, self.sizes),
        )
        ours = not row.party.endswith(BUILT_IN)
        return ours and all(not names or value in names for value, names in wanted)


_TF, _TORCH = ("TensorFlow",), ("torch",)
_COMPILED = ("compiled",)
_SOFTMAX = ("softmax_cross_entropy",)
_FLAT = "All parameters lie in one flat buffer, so that a step is one pass over it"
_GRADIENT = "Softmax and the loss have one gradient, p − y, which a recorded graph does not find"

# Of several that cover a row, the first counts.
TARGETS = (
    Target("softmax with cross-entropy, large, XLA", f"{_GRADIENT}; XLA fuses most of the rest.",
           1.0, 0.6, "losses", _SOFTMAX, _TF, _COMPILED, ("large",)),
    Target("softmax with cross-entropy, large", f"{_GRADIENT}.",
           0.85, 0.6, "losses", _SOFTMAX, (), (), ("large",)),
    Target("tanh, torch.compile", "torch's own tanh is slow, and the exponential form is not.",
           1.05, 0.4, "activations", ("tanh",), _TORCH, _COMPILED),
    Target("activations, XLA", "Both are one fused pass over the tensor: a gradient by hand must "
           "cost nothing.", 1.05, 0.75, "activations", (), _TF, _COMPILED),
    Target("activations, torch.compile", "Both are one fused pass over the tensor: a gradient by "
           "hand must cost nothing.", 1.05, 0.75, "activations", (), _TORCH, _COMPILED),
    Target("activations, tf.function", "Ours is a few operations where the built-in is one kernel.",
           1.6, 1.05, "activations", (), _TF, ("graph",)),
    Target("activations, torch eager", "Ours is a few operations where the built-in is one kernel.",
           1.6, 1.1, "activations", (), _TORCH, ("eager",)),
    Target("optimizer, 100 tensors × 1,000", f"{_FLAT} instead of one for each tensor.",
           0.25, 0.12, "optimizers", (), (), _COMPILED, ("medium",)),
    Target("optimizer, 4 tensors × 2.5M", "Memory is the limit: what is left to win is a copy.",
           1.03, 0.81, "optimizers", (), (), _COMPILED, ("large",)),
    Target("MLP step, batches of 32 and 256", "Small products: what surrounds them decides.",
           0.9, 0.5, "training", ("mlp",), (), (), ("tiny", "medium")),
    Target("CNN step", "The convolutions are the framework's, and most of the work.",
           1.05, 0.92, "training", ("cnn",)),
    Target("LSTM step, TensorFlow", "Backpropagation through time by hand replaces the tape.",
           1.05, 0.63, "training", ("lstm",), _TF),
    Target("LSTM step, torch.compile", "The loop over time is compiled as a whole.",
           0.95, NAN, "training", ("lstm",), _TORCH, _COMPILED),
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A row that has a target, and whether it met it."""

    row: Timing
    target: Target
    status: str


def judge(rows: Iterable[Timing]) -> list[Judged]:
    """Each row that has a target, and how it stands to it. `rows` are `reports.costs.results`."""
    found = ((row, target_of(row)) for row in rows)
    return [Judged(row, target, status(row, target)) for row, target in found if target]


def target_of(row: Timing) -> Target | None:
    """The first target that covers a row, if it may be judged: beside no built-in it may not."""
    if math.isnan(row.to_builtin) and not reason(row):
        return None
    return next((target for target in TARGETS if target.covers(row)), None)


def status(row: Timing, target: Target) -> str:
    """Whether a ratio meets its target, as far as it is a result."""
    if reason(row):
        return NO_RESULT
    if noisy(row.to_builtin, row.to_builtin_low, row.to_builtin_high):
        return NOISY
    return MET if row.to_builtin <= target.reach else MISSED


@dataclass(frozen=True)
class Summary:
    """How all rows of one target stand to it."""

    target: Target
    judged: tuple[Judged, ...]

    def count(self, status: str) -> int:
        """How many of the rows have this status."""
        return sum(one.status == status for one in self.judged)

    @property
    def beyond(self) -> int:
        """How many of the rows reach what the target aims for beyond itself."""
        aim = self.target.beyond
        return sum(one.status == MET and one.row.to_builtin <= aim for one in self.judged)

    @property
    def worst(self) -> Timing | None:
        """The row with the largest ratio that is a result."""
        sure = [one.row for one in self.judged if one.status in (MET, MISSED)]
        return max(sure, key=lambda row: row.to_builtin, default=None)


def summaries(rows: Iterable[Timing]) -> list[Summary]:
    """One for each target of the families that were measured, in the order of `TARGETS`."""
    rows = list(rows)
    judged, families = judge(rows), {row.family for row in rows}
    return [
        Summary(target, tuple(one for one in judged if one.target is target))
        for target in TARGETS
        if target.family in families
    ]
