"""From what the worker processes answered to rows of the report."""

from collections import Counter, defaultdict
from dataclasses import replace

from parity_tests.timings import checks
from parity_tests.timings.verdicts import DTYPE, worst_of
from parity_tests.timings.work import SIZES
from shared.evidence import ABSENT, FAIL
from shared.timings import Timing, quartiles, ratios

BUILT_IN = " built-in"
TENSORFLOW, TORCH = "TensorFlow", "torch"
PARTIES = (TENSORFLOW, TENSORFLOW + BUILT_IN, TORCH, TORCH + BUILT_IN)
MODES = ("eager", "graph", "compiled")


def timings(lines, threads) -> list[Timing]:
    """Every row that the lines of a store hold, self-checks of whole rows included."""
    subjects = defaultdict(list)
    for line in lines:
        if "readings" in line:
            subjects[line["family"], line["concept"], line["size"], line["device"]].append(line)
    rows = [row for of_one in subjects.values() for row in _of_subject(of_one, threads)]
    return _grown(rows)


def _of_subject(lines, threads):
    """The rows of one subject on one device."""
    alone, together = defaultdict(dict), defaultdict(dict)
    for line in lines:
        kept = alone if len(line["frameworks"]) == 1 else together
        for reading in line["readings"]:
            kept[_identity(reading)][line["process"]] = reading
    first = lines[0]
    base = Timing(
        first["family"], first["concept"], "", first["size"], first["shape"], first["elements"],
        "", "", DTYPE, first["device"], threads, unit=first.get("unit", "s"),
    )  # fmt: skip
    for identity in sorted(alone, key=_order):
        yield _row(base, identity, alone, together)
    absent = {(a["party"], a["mode"]): a["reason"] for line in lines for a in line["absent"]}
    for (party, mode), reason in absent.items():
        yield replace(base, party=party, mode=mode, verdict=ABSENT, note=reason)


def _identity(reading):
    return reading["work"], reading["party"], reading["mode"]


def _order(identity):
    work, party, mode = identity
    return work, MODES.index(mode), PARTIES.index(party)


def _row(base, identity, alone, together):
    work, party, mode = identity
    own, others = alone[identity], together.get(identity, {})
    every = [*own.values(), *others.values()]
    row = replace(
        base, work=work, party=party, mode=mode, processes=len(own),
        verdict=worst_of(r["verdict"] for r in every if r["verdict"]),
        complaint=next((r["complaint"] for r in every if r["complaint"]), ""),
        note=every[0]["note"],
    )  # fmt: skip
    if row.verdict == FAIL:
        return replace(row, complaint=row.complaint or "does not compute the same: no number")
    seconds = [s for reading in own.values() for s in reading["seconds"]]
    median, low, high = quartiles(seconds)
    row = replace(row, median=median, low=low, high=high, rounds=len(seconds), **_limit(own))
    row = replace(
        row, complaint=row.complaint or checks.of_limit(median, row.limit, row.limit_cost)
    )
    if not party.endswith(BUILT_IN):
        row = _with(row, "to_builtin", alone, identity, (work, party + BUILT_IN, mode))
    if party.startswith(TENSORFLOW):
        counterpart = work, party.replace(TENSORFLOW, TORCH), mode
        row = _with(row, "to_torch", together, identity, counterpart)
    return row


def _limit(readings):
    """The limit that most processes found to bind, and the least that any found it to cost."""
    found = [(r["limit"], r["limit_cost"]) for r in readings.values() if r.get("limit")]
    if not found:
        return {}
    limit = Counter(name for name, _ in found).most_common(1)[0][0]
    return {"limit": limit, "limit_cost": min(cost for name, cost in found if name == limit)}


def _with(row, name, readings, left, right):
    """The row with a ratio of two that were timed in the same rounds of the same processes."""
    found = []
    for process, one in readings.get(left, {}).items():
        other = readings.get(right, {}).get(process)
        if other and _counts(one) and _counts(other):
            found += ratios(one["seconds"], other["seconds"])
    median, low, high = quartiles(found)
    return replace(row, **{name: median, f"{name}_low": low, f"{name}_high": high})


def _counts(reading):
    """Whether a reading is one that a ratio may be made of."""
    return reading["verdict"] != FAIL and not reading["complaint"]


def _grown(rows):
    """The rows, those complained of whose cost does not grow with the work."""
    by_size = {(r.concept, r.work, r.party, r.mode, r.device, r.family, r.size): r for r in rows}
    checked = []
    for row in rows:
        key = row.concept, row.work, row.party, row.mode, row.device, row.family
        smaller = SIZES[: SIZES.index(row.size)] if row.size else ()
        said = [checks.of_growth(by_size[*key, s], row) for s in smaller if (*key, s) in by_size]
        said = [row.complaint, *said]
        checked.append(replace(row, complaint=next(filter(None, said), "")))
    return checked
