"""Steps of the optimizers: many small tensors, and few large ones.

Parties are set to forms that compute the same: ε is so small that it does not matter on which side
of the root it stands, and while the rate stays a velocity may swallow it or not. Built-ins are the
fastest that a framework has: torch's fused or else foreach kernels, Keras under XLA.
"""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from parity_tests.timings import verdicts
from parity_tests.timings.optimizer_parties import BuiltIn, Ours
from parity_tests.timings.work import SIZES, STEP, Cost, Entry, Prepared, Subject
from shared import comparison
from shared.catalogue import TRAINING
from shared.catalogue.training import RATES, hyperparameters, update
from shared.reference import optimizers as reference

TENSORS = {"tiny": (10, 100), "medium": (100, 1000), "large": (4, 2_500_000)}  # how many, how long
STEPS = 3  # that are judged
PLACES = 4096  # that are judged at most: every element is a run of its own
EPSILON = 1e-30  # next to √v it vanishes, and 0/0 it still prevents
ROWS = {row.name: row for row in TRAINING}


def subjects() -> list[Subject]:
    """Each optimizer of the catalogue at each size."""
    return [Subject("optimizers", name, size) for name in ROWS for size in SIZES]


@dataclass(frozen=True)
class Problem:
    """Parameters and their gradients, drawn once, and where the reference takes them."""

    name: str
    size: str

    @cached_property
    def arrays(self):
        """(parameters, gradients), float32 numbers of shape (tensors, elements)."""
        drawn = np.random.default_rng(23).normal(size=(2, *TENSORS[self.size]))
        return drawn.astype(np.float32)

    @property
    def places(self):
        """Which elements of all tensors side by side are judged."""
        elements = self.arrays[0].size
        return slice(0, None, max(1, elements // PLACES))

    @property
    def forms(self):
        """The sets of options that the catalogue has runs of."""
        found = (hyperparameters(options) for options in ROWS[self.name].options)
        vanishing = {"epsilon": EPSILON}
        return [o | (vanishing if "epsilon_form" in o else {}) for o in found]

    def truth(self, options):
        """What the parameters hold after each judged step, and how far rounding may move that."""
        W, g = (values.ravel()[self.places].astype(np.float64) for values in self.arrays)

        def run(nudge=lambda values: values):
            rates = [RATES[self.name]] * STEPS
            update_name = update(ROWS[self.name])
            return reference.descend(update_name, lambda W, k: g, W, rates, nudge, **options)["W"]

        values, moved = run(), comparison.movement(run)
        bounds = {
            dtype: comparison.sensitivity_bound(moved, np.abs(values), dtype, multiple=4, floor=4)
            for dtype in (verdicts.DTYPE, "float64")
        }
        return values, bounds


def prepare(subject, halves, device="cpu") -> Prepared:
    """Every party and mode of an optimizer, judged by its first steps."""
    problem = Problem(subject.concept, subject.size)
    count, elements = TENSORS[subject.size]
    prepared = Prepared(subject, f"{count} × {elements:,}", count * elements)
    for half in halves:
        for mode in half.modes:
            reason = half.framework.unavailable(mode)
            for party in (Ours(half, mode), BuiltIn(half, mode)):
                form = party.form(problem)
                if reason:
                    absent = {"party": party.name, "mode": mode, "reason": reason}
                    prepared.absent.append(absent)
                elif form is not None:
                    prepared.entries.append(_entry(subject, problem, party, form, device))
    return prepared


def _entry(subject, problem, party, options, device):
    states = {"rmsprop": 1}.get(problem.name, len(reference.STATE[update(ROWS[problem.name])]))
    # reads W, g and the states; writes W and the states
    cost = Cost(4 * problem.arrays[0].size * (3 + 2 * states))
    entry = partial(Entry, party.half, party.name, party.mode, STEP, cost=cost, device=device)
    try:
        step, values, note = party.step(problem, options, device)
        history = []
        for _ in range(STEPS):
            step()
            history.append(values()[problem.places])
    except Exception as error:
        return entry(call=None, complaint=verdicts.not_run(error))
    truth = problem.truth(options)
    verdict = verdicts.of_steps(subject, party.name, party.mode, device, history, truth)
    return entry(call=step, verdict=verdict, note=note)
