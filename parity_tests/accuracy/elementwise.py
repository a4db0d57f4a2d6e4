"""Each function of one element, and its gradient, over all numbers of a precision.

Four parties, both halves' own and both frameworks' built-in, against the float64 reference. What a
job finds is a tally for each party, tensor, binade and class of inputs, and a verdict of it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache

import numpy as np

from parity_tests import parties
from parity_tests.accuracy.bits import BY_FRAMEWORK
from parity_tests.accuracy.jobs import BLOCK, Elementwise
from parity_tests.accuracy.judging import judge
from parity_tests.accuracy.oracle import CONCEPTS, PARAMETERS, TENSORS, reference
from shared.floats import FORMATS
from shared.tallies import Tally, Truth, classes

PARTIES = {party.name: party for party in parties.five()}


def run(job: Elementwise) -> list[dict]:
    """A row for each party, tensor, binade and class: its names, its tally, and its verdict."""
    of_job = {"concept": job.concept, "dtype": job.dtype, "mode": job.mode}
    rows = [
        {**of_job, "party": party, "tensor": tensor, "binade": binade, "class": name,
         **asdict(tally)}
        for (party, tensor, binade, name), tally in _tallies(job).items()
    ]  # fmt: skip
    return [{**row, **asdict(judge(row, PARTIES[row["party"]].departures))} for row in rows]


def _tallies(job):
    """(party, tensor, binade, class) -> tally of all the job's numbers that are concerned."""
    tallies = defaultdict(Tally)
    for pieces in _blocks(job):
        bits = np.concatenate(list(pieces.values()))
        truths = list(_truths(job, pieces))
        for party in PARTIES:
            results = _measure(party, job.concept, job.dtype, job.mode)(bits)
            found = dict(zip(TENSORS, results, strict=True))
            for (tensor, binade, name), place, truth in truths:
                tallies[party, tensor, binade, name] += truth.tally(found[tensor][place])
    return tallies


def _blocks(job: Elementwise) -> Iterator[dict[int, np.ndarray]]:
    """Binade -> bits of its numbers: some of one binade at a time, or all of a few."""
    format = FORMATS[job.dtype]
    if job.count <= BLOCK:
        yield {binade: format.sample(binade, job.count) for binade in job.binades}
        return
    for binade in job.binades:
        for start in range(0, job.count, BLOCK):
            yield {binade: format.block(binade, start, min(start + BLOCK, job.count))}


def _truths(job, pieces):
    """((tensor, binade, class), place among all the pieces' bits, truth) of each part of them."""
    start, format = 0, FORMATS[job.dtype]
    for binade, bits in pieces.items():
        both = reference(job.concept, format.numbers(bits))
        for tensor, values in zip(TENSORS, both, strict=True):
            for name, place in classes(format, bits, values):
                truth = Truth(format, bits[place], values[place])
                yield (tensor, binade, name), _shifted(place, start), truth
        start += bits.size


def _shifted(place, start):
    if isinstance(place, slice):
        return slice(place.start + start, place.stop + start)
    return place + start


@cache
def _measure(party_name, concept, dtype, mode):
    party = PARTIES[party_name]
    function, parameters = party.find(CONCEPTS[concept], {}), PARAMETERS.get(concept, ())
    of_framework = BY_FRAMEWORK[party.adapter.NAME]
    return of_framework(party.adapter, function, dtype, parameters, mode)
