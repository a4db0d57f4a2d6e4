"""What is said of a party's worst result in a binade: allowed, known with its reason, or neither.

Of what a party computes, 4 ULP are asked. More is known where the party's half states a departure,
and where the catalogue's bound is larger, because a rounding on the way is magnified there. Both
are asked for their size at the input where the party is furthest off, binade by binade.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from parity_tests.accuracy.oracle import CONCEPTS, allowed, evaluated, flushed
from shared.bounds import Departure, Where
from shared.evidence import FAIL, KNOWN, PASS
from shared.floats import FORMATS
from shared.tallies import BRINK, NORMAL

ULPS = 4  # what every function of one element is asked
CANCELS = "its terms cancel"
MAGNIFIES = "the rounding of its argument is magnified"
UNDERFLOWS = "a number on its way overflows, or is below the smallest normal one"


@dataclass(frozen=True)
class Judgement:
    """The verdict of a party's results in a binade, and why more than 4 ULP is known there."""

    verdict: str = PASS
    why: str = ""


def judge(row: dict, departures: Iterable[Departure]) -> Judgement:
    """Of a row of `elementwise.run`, with what the row's party says of itself."""
    stated = [d for d in departures if _concerns(d, row)]
    verdict, why = PASS, []
    if row["strange"]:
        reasons = [d.why for d in stated if _excuses_strange(d, row)]
        verdict, why = (KNOWN, reasons[:1]) if reasons else (FAIL, [])
    if row["class"] in (NORMAL, BRINK) and row["worst"] > ULPS:
        reasons = list(_reasons(row, stated))
        verdict = KNOWN if reasons and verdict != FAIL else FAIL
        why += reasons[:1]
    return Judgement(verdict, "; ".join(why))


def _concerns(departure, row):
    # what is stated of float32 is stated of the same kernels in the halves
    return (
        (departure.concept, departure.tensor) == (row["concept"], row["tensor"])
        and "float32" in departure.dtypes
        and row["mode"] in departure.modes
    )


def _excuses_strange(departure, row):
    if not isinstance(departure.bound, Where):
        return False
    at, _ = _at(row, "strange_at")
    return bool(np.isinf(departure.bound.size(at, "float64")[0]))


def _reasons(row, stated):
    """Why the worst result may be as far off as it is, the most particular reason first."""
    at, format = _at(row, "at")
    own = CONCEPTS[row["concept"]].bounds[row["tensor"]]
    bounds = {d.bound: d.why for d in stated} | {own: _magnified(own, at)}
    for bound, why in bounds.items():
        if row["worst"] <= allowed(bound, at, format):
            yield why
    if row["worst"] <= max(allowed(bound, at, format) for bound in bounds) + flushed(at, format):
        yield UNDERFLOWS


def _magnified(bound, at):
    terms = getattr(bound, "magnitude", None) or (lambda *inputs: at.values)
    cancels = float(terms(*at.inputs)[0]) > 2 * float(np.abs(at.values[0]))
    return CANCELS if cancels else MAGNIFIES


def _at(row, place):
    format = FORMATS[row["dtype"]]
    x = float(format.numbers(np.array([row[place]]))[0])
    return evaluated(row["concept"], row["tensor"], x), format
