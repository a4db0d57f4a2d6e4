"""The parity engine: hand the same inputs to several parties and say where they part.

It knows no framework by name. A party is a name, an adapter that can evaluate its functions, and a
way to find its function for a concept; the float64 reference is one more party, evaluated here.
What comes back are rows of evidence (`shared.evidence`), each with its derived bound.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from shared import comparison
from shared.bounds import Departure, Ulps, Where
from shared.evidence import ABSENT, FAIL, KNOWN, PASS, Row
from shared.vocabulary import KERAS, Dialect

REFERENCE = "reference"
TRAJECTORY, DEPARTURE, FLOOR = "trajectory", "departure", "floor"


@dataclass(frozen=True)
class Party:
    """Whoever computes concepts: `find(concept, options)` gives its function of the tensors."""

    name: str
    adapter: object
    find: Callable
    departures: tuple[Departure, ...] = ()
    bound: object = None  # in place of the concept's, for a party held to another
    besides: object = None  # what its way of computing may cost beside the concept's bound
    dialect: Dialect = KERAS  # how the party orders and lays out what the catalogue names

    def departures_at(self, case, tensor, dtype, mode):
        """What the party says of itself here."""
        return [
            d
            for d in self.departures
            if (d.concept, d.tensor) == (case.concept.name, tensor)
            and _applies(d, dtype, mode)
            and d.options.items() <= case.options.items()
        ]


def measure(party, cases, dtype, mode, device):
    """Tensor name -> array for each case, as the party computes it."""
    calls = [case.call(party, dtype, mode, device) for case in cases]
    results = party.adapter.evaluate(calls, mode, device)
    return [_named(case, party, *result) for case, result in zip(cases, results, strict=True)]


def _named(case, party, output, gradients, second):
    """Tensor name -> array, in the catalogue's layout."""
    concept, back = case.concept, party.dialect.back
    found = {"h": back(concept, "output", output)}
    for name, gradient in zip(concept.differentiated, gradients, strict=True):
        found[f"g_{name}"] = back(concept, name, gradient)
    return found if second is None else {**found, "second_x": back(concept, concept.x, second)}


@np.errstate(all="ignore")  # infinities and NaN are among the inputs, and are compared
def compare(
    cases, parties, dtype, mode="eager", device="cpu", *, check=None, tensors=None, parts=None
):
    """Rows of evidence for every pair of parties, the reference first among them.

    `check` relabels the rows; `tensors` and `parts` keep only those named. A party whose adapter
    cannot do the mode gives one absent row with the reason.
    """
    if not cases:
        return []
    present, rows = [], []
    for party in parties:
        reason = party.adapter.unavailable(mode)
        if reason:
            rows.append(absent(cases[0].concept.family, party.name, dtype, mode, device, reason))
        else:
            present.append(party)
    measured = [measure(party, cases, dtype, mode, device) for party in present]
    for position, case in enumerate(cases):
        found = {p.name: m[position] for p, m in zip(present, measured, strict=True)}
        for tensor in case.truth if tensors is None else tensors:
            if tensor in case.truth:
                base = _identity(case, tensor, check, dtype, mode, device)
                rows.extend(_tensor_rows(case, tensor, present, found, base))
    return [r for r in rows if not parts or r.verdict == ABSENT or r.sample in parts]


def _identity(case, tensor, check, dtype, mode, device):
    label, evaluated = case.truth[tensor]
    return Row(
        family=case.concept.family, concept=case.concept.name, options=case.label,
        check=check or label, tensor=tensor, sample="", left="", right="",
        dtype=dtype, mode=mode, device=device, shape=str(evaluated.values.shape),
    )  # fmt: skip


def _tensor_rows(case, tensor, parties, found, base):
    """All pairs at one tensor, part by part of the sample."""
    _, at = case.truth[tensor]
    values = {REFERENCE: at.values}
    bounds = {REFERENCE: (_size(case.bound(tensor), at, "float64"),) * 2}
    why = {}
    for party in parties:
        if tensor not in found[party.name]:
            continue
        values[party.name] = found[party.name][tensor]
        own = _size(party.bound or case.bound(tensor), at, base.dtype)
        own = own + _size(party.besides, at, base.dtype) if party.besides else own
        departures = party.departures_at(case, tensor, base.dtype, base.mode)
        sizes = [own, *(_size(d.bound, at, base.dtype) for d in departures)]
        bounds[party.name] = own, np.maximum.reduce(sizes)
        why[party.name] = [f"{party.name}: {d.why}" for d in departures]
    for part, place in case.parts(tensor).items():
        inside = {name: value[place] for name, value in values.items()}
        allowed = {name: (own[place], far[place]) for name, (own, far) in bounds.items()}
        for left, right in combinations(inside, 2):
            pair = replace(base, sample=part, left=right, right=left)
            yield _judge(pair, inside, allowed, why)


def _size(bound, at, dtype):
    """The bound in numbers; 0 where the reference is NaN, since there NaN is asked for."""
    return np.nan_to_num(bound.size(at, dtype), nan=0.0, posinf=np.inf)


def _judge(row, values, bounds, why):
    """The row of one pair, with its worst place and verdict."""
    left, right = values[row.left], values[row.right]
    own = bounds[row.left][0] + bounds[row.right][0]
    worst = comparison.compare(left, right, own, row.dtype)
    verdict, notes = PASS, [w for n in (row.left, row.right) for w in why.get(n, ())]
    if not worst.agrees:
        departed = bounds[row.left][1] + bounds[row.right][1]
        beyond = comparison.compare(left, right, departed, row.dtype)
        verdict = KNOWN if beyond.agrees and notes else FAIL
        worst = worst if verdict == KNOWN else beyond
    apart = ""
    if verdict == FAIL:
        at_worst = {n: float(v[worst.index]) for n, v in values.items()}
        slack = {n: float(b[1][worst.index]) for n, b in bounds.items()}
        apart = comparison.stands_apart(at_worst, slack)
    return replace(
        row, index=str(list(worst.index)), left_value=worst.left, right_value=worst.right,
        max_abs=worst.absolute, max_rel=worst.relative, max_ulp=worst.ulps, bound=worst.bound,
        used=worst.used, verdict=verdict, apart=apart,
        note="; ".join(dict.fromkeys(notes)) if verdict != PASS else "",
    )  # fmt: skip


def compare_histories(row, options, tensor, sample, truth, histories, bounds, where):
    """Rows for every pair of training runs at one recorded tensor, whose first axis is the step.

    `bounds` holds the bound in the precision under test and, for the reference, in float64.
    """
    dtype, mode, device = where
    values = {REFERENCE: truth, **histories}
    allowed = {name: (bounds[dtype],) * 2 for name in histories}
    allowed[REFERENCE] = (bounds["float64"],) * 2
    for right, left in combinations(values, 2):
        base = Row(row.family, row.name, options, TRAJECTORY, tensor, sample, left, right, dtype,
                   mode, device, str(truth.shape))  # fmt: skip
        yield _judge(base, values, allowed, {})


def absent(family, party, dtype, mode, device, reason):
    """A row that says what could not be measured here, and why."""
    return Row(
        family=family, concept="", options="", check="", tensor="", sample="", left=party, right="",
        dtype=dtype, mode=mode, device=device, shape="", verdict=ABSENT, note=reason,
    )  # fmt: skip


def conclude(rows) -> list[Row]:
    """The rows with each failure's kind, once both precisions are there to tell."""
    sizes = {_key(row): row.max_ulp for row in rows}
    return [replace(r, kind=_kind(r, sizes)) if r.verdict == FAIL else r for r in rows]


def _key(row, dtype=None):
    where = (row.mode, row.device, row.sample)
    return (row.concept, row.options, row.check, row.tensor, row.left, row.right, *where,
            dtype or row.dtype)  # fmt: skip


def _kind(row, sizes):
    single, double = (sizes.get(_key(row, dtype)) for dtype in ("float32", "float64"))
    if single is None or double is None:
        return ""
    return comparison.kind_of_difference(single, double)


def unseen(rows, parties, names, dtypes, modes) -> list[Row]:
    """A failure for each departure that a party states of itself and no row bears out.

    Of those that could have been seen: of these concepts, in these precisions and modes. One that
    states a number of ULP has to state the smallest whole number that holds.
    """
    return [
        _unfounded(departure, party, worst)
        for party in parties
        for departure in party.departures
        if departure.concept in names
        and {*departure.dtypes} & {*dtypes}
        and {*departure.modes} & {*modes}
        and not _borne_out(departure, worst := _worst_known(rows, departure, party))
    ]


def _worst_known(rows, departure, party):
    """The largest known distance from the reference, in ULP, where the departure applies; or 0."""
    subject = departure.concept, departure.tensor, party.name, REFERENCE, KNOWN
    return max(
        (
            row.max_ulp
            for row in rows
            if (row.concept, row.tensor, row.left, row.right, row.verdict) == subject
            and row.dtype in departure.dtypes
            and row.mode in departure.modes
        ),
        default=0.0,
    )


def _borne_out(departure, worst):
    stated = departure.bound.count if isinstance(departure.bound, Ulps) else 1
    return worst > stated - 1


def _unfounded(departure, party, worst):
    return _not_so(departure, party, f"no longer departs so far ({worst:.2f} ULP at most)")


def _not_so(departure, party, complaint):
    row = absent("", party.name, "", "", "", f"{complaint}: {departure.why}")
    named = {"concept": departure.concept, "tensor": departure.tensor, "check": DEPARTURE}
    return replace(row, **named, verdict=FAIL)


@np.errstate(all="ignore")
def overmarked(cases, parties, dtypes, modes, device="cpu") -> list[Row]:
    """A failure for each `Where` that marks a place of its sample where the party does not depart.

    At every marked place the party's value has to lie beyond its own bound, in one at least of
    these precisions and modes; those that the departure does not name are left out.
    """
    rows = []
    for party in parties:
        marking = [d for d in party.departures if isinstance(d.bound, Where)]
        concerned = [c for c in cases if c.concept.name in {d.concept for d in marking}]
        measured = {
            (dtype, mode): measure(party, concerned, dtype, mode, device)
            for dtype in dtypes
            for mode in modes
            if concerned
        }
        for departure in marking:
            found = {w: m for w, m in measured.items() if _applies(departure, *w)}
            for position, case in enumerate(concerned):
                if found and case.concept.name == departure.concept:
                    at = {where: named[position] for where, named in found.items()}
                    rows += _marked_in_vain(departure, party, case, at)
    return rows


def _applies(departure, dtype, mode):
    return dtype in departure.dtypes and mode in departure.modes


def _marked_in_vain(departure, party, case, found):
    _, at = case.truth[departure.tensor]
    kept = departure.bound.size(at, "float64") > 0
    for (dtype, _), tensors in found.items():
        value, own = tensors[departure.tensor], case.bound(departure.tensor).size(at, dtype)
        same = (value == at.values) | (np.isnan(value) & np.isnan(at.values))
        kept &= same | (np.abs(value - at.values) <= own)
    for place in np.argwhere(kept)[:1].tolist():
        yield _not_so(departure, party, f"marks {place}, where it keeps its bound")


def missing(rows, cases, parties, dtypes, modes, devices) -> list[Row]:
    """A failure for each comparison that the catalogue implies and no row holds: the floor."""
    held = {(r.concept, r.options, r.tensor, r.left, r.right, r.dtype, r.mode, r.device)
            for r in rows}  # fmt: skip
    excused = {(r.left, r.dtype, r.mode, r.device) for r in rows if r.verdict == ABSENT}
    names = [REFERENCE, *(party.name for party in parties)]
    implied = [
        (case.concept, case.label, tensor, left, right, dtype, mode, device)
        for case in cases
        for tensor in ("h", *case.gradient_names)
        for right, left in combinations(names, 2)
        for dtype in dtypes
        for mode in modes
        for device in devices
        if not {(left, dtype, mode, device), (right, dtype, mode, device)} & excused
    ]
    return [
        below_floor(concept, *found)
        for concept, *found in implied
        if (concept.name, *found) not in held
    ]


def below_floor(row, options, tensor, left, right, dtype, mode, device):
    """The failure that stands for a comparison the catalogue implies and nobody made."""
    return Row(
        row.family, row.name, options, FLOOR, tensor, "", left, right, dtype, mode, device, "",
        verdict=FAIL, used=math.inf, note="the catalogue implies this row",
    )  # fmt: skip
