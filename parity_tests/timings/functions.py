"""Activations, losses and layers: every function of the catalogue, at inputs of every size."""

import math
from dataclasses import replace
from functools import partial

import numpy as np

from parity_tests.halves import built_in, ours
from parity_tests.timings import inputs, recurrent, verdicts
from parity_tests.timings.work import BOTH, FORWARD, SIZES, Cost, Entry, Prepared, Subject
from shared import parity
from shared.catalogue import ACTIVATIONS, LAYERS, LOSSES, RECURRENT
from shared.evidence import KNOWN, PASS

VIEWS = ("identity", "flatten")  # which a framework need not copy anything for
CONCEPTS = {concept.name: concept for concept in (*ACTIVATIONS, *LOSSES, *LAYERS, *RECURRENT)}


def subjects() -> list[Subject]:
    """Each of these concepts at each size."""
    return [Subject(c.family, c.name, size) for c in CONCEPTS.values() for size in SIZES]


def prepare(subject, halves, device="cpu") -> Prepared:
    """Every party and mode of a concept, judged by the engine at the inputs that are timed."""
    concept = recurrent.of_outputs(CONCEPTS[subject.concept], subject.size)
    case = inputs.case(concept, subject.size)
    judged = case, *inputs.judged(case)
    prepared = Prepared(subject, str(case.x.shape), case.x.size)
    for half in halves:
        for mode in half.modes:
            reason = _not_in(concept, half, mode)
            for find in (ours, built_in) if concept.shipped else (ours,):
                if reason:
                    absent = {"party": find(half, None).name, "mode": mode, "reason": reason}
                    prepared.absent.append(absent)
                else:
                    prepared.entries += _entries(judged, half, find, mode, device)
    return prepared


def _not_in(concept, half, mode):
    if mode != "eager" and mode not in concept.modes:
        return "a loop over time is not captured"
    return half.framework.unavailable(mode)


def _entries(cases, half, find, mode, device):
    """The forward pass, and the forward and backward pass, of one party in one mode."""
    case, judged, rows = cases
    adapter = Keeping(half.framework, rows)
    party = recurrent.best(find(half, adapter), half)
    entry = partial(Entry, half, party.name, mode, device=device)
    try:
        found = parity.compare([judged], [party], verdicts.DTYPE, mode, device)
    except Exception as error:
        return [entry(BOTH, None, Cost(), complaint=verdicts.not_run(error))]
    of_value = [row for row in found if row.tensor == "h"]
    forward = entry(
        FORWARD, adapter.forward, _cost(case, FORWARD), expected=adapter.result[:1],
        agrees=partial(_agrees, judged, party, mode, device),
        verdict=verdicts.worst(of_value), note=verdicts.notes(of_value),
    )  # fmt: skip
    if case.upstream is None:
        return [forward]
    both = entry(
        BOTH, adapter.both, _cost(case, BOTH), expected=adapter.result,
        verdict=verdicts.worst(found), note=verdicts.notes(found),
    )  # fmt: skip
    return [forward, both]


def _agrees(judged, party, mode, device, arrays):
    """Whether another output than the one that was judged is within its bound too."""
    if [a.shape for a in arrays] != [party.adapter.result[0].shape]:
        return False
    given = replace(party, adapter=Given(party.adapter, arrays))
    found = parity.compare([judged], [given], verdicts.DTYPE, mode, device, tensors=("h",))
    return verdicts.worst(found) in (PASS, KNOWN)


class Given:
    """An adapter that hands on an output that was found before, with the gradients of another."""

    def __init__(self, keeping, arrays):
        self.keeping, self.arrays = keeping, arrays
        self.tensor, self.unavailable = keeping.tensor, keeping.unavailable

    def evaluate(self, calls, mode, device):
        h, *gradients = self.keeping.rows_of([*self.arrays, *self.keeping.result[1:]])
        return [(h, gradients, None)]


class Keeping:
    """An adapter that evaluates one call, keeps it for the clock, and hands on some of its rows."""

    def __init__(self, framework, rows):
        self.framework, self.rows = framework, rows
        self.tensor, self.unavailable = framework.tensor, framework.unavailable

    def evaluate(self, calls, mode, device):
        ((function, arrays, upstream, _),) = calls
        array, tensors = self.framework.array, [self.tensor(values, device) for values in arrays]
        self.forward = self.framework.prepared(function, tensors, None, mode)
        self.both = self.forward
        if upstream is not None:
            arriving = self.tensor(upstream, device)
            self.both = self.framework.prepared(function, tensors, arriving, mode)
        output, gradients = self.both()
        self.result = [array(output), *map(array, gradients)]
        h, *gradients = self.rows_of(self.result)
        return [(h, gradients, None)]

    def rows_of(self, results):
        """The rows of each array that are judged."""
        return [values[self.rows] if np.ndim(values) else values for values in results]


def _cost(case, work):
    """Each array once, and two operations for each product of an element with a weight."""
    if case.concept.name in VIEWS:
        return Cost(bytes=1, call=work)
    shape = case.upstream.shape if case.upstream is not None else case.truth["h"][1].values.shape
    read, written = sum(values.size for values in case.inputs), math.prod(shape)
    kernels = [v.size for n, v in case.tensors.items() if n.endswith("kernel")]
    flop = 2 * math.prod(shape[:-1]) * sum(kernels)
    if work == FORWARD:
        return Cost(4 * (read + written), flop)
    gradients = sum(case.tensors[name].size for name in case.concept.differentiated)
    # a gradient for each factor of a product; what comes from upstream is read
    return Cost(4 * (read + 2 * written + gradients), 3 * flop, call=BOTH)
