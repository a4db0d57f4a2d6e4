"""The tallies of `make accuracy` as frames: a line for each function, tensor and party.

Every number of the report comes out of one of these functions.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np
import pandas as pd

from parity_tests.accuracy.judging import ULPS
from parity_tests.accuracy.oracle import CONCEPTS, TENSORS, own_error, reference
from shared.evidence import FAIL, KNOWN, PASS
from shared.floats import FORMATS
from shared.tallies import BRINK, INFINITY, NAN, NORMAL, Tally

LINE = ("concept", "tensor", "dtype", "mode", "party")
BUILT_IN = " built-in"
UNSTATED = "more than its departures state"
_TALLY = [field.name for field in fields(Tally)]


def of_functions(rows: Sequence[dict]) -> list[dict]:
    """The rows of element-wise functions, and not of sums."""
    return [row for row in rows if "concept" in row]


def lines(rows: Sequence[dict]) -> pd.DataFrame:
    """One line per function, tensor, precision, mode and party, over all its binades.

    Columns, after those of `LINE`:

    - `numbers`: how many inputs; `worst_ulp`, `worst_x`, `worst_bits` and `mean_ulp` of those where
      x and the result are normal numbers; `built_in_ulp` the worst of the framework's own;
    - `oracle_ulp`: how far the truth itself may be off at `worst_x`;
    - `brink_ulp`, `brink_x`: the same of results below |x| times the smallest normal number;
    - `subnormal`: results that should be subnormal, and `flushed`: how many of them are 0;
    - `zero_signs`: zeros of the other sign; `infinities`, `nans`: results of another kind at ±∞ and
      NaN; `spoilt`: NaN or ∞ for a number;
    - `payloads`: the share of NaN inputs whose payload comes out;
    - `verdict`, `why`: of all binades; `unstated_ulp`, `unstated_x`, `unstated_bits`: the worst
      error that no reason was known for.
    """
    of_line = defaultdict(list)
    for row in sorted(rows, key=_order):
        of_line[tuple(row[name] for name in LINE)].append(row)
    table = pd.DataFrame([_line(where, found) for where, found in of_line.items()])
    theirs = {tuple(row[name] for name in LINE): row["worst_ulp"] for _, row in table.iterrows()}
    table["built_in_ulp"] = [
        theirs.get((*where, f"{party.removesuffix(BUILT_IN)}{BUILT_IN}"), np.nan)
        for *where, party in table[list(LINE)].itertuples(index=False)
    ]
    return table


def _order(row):
    """As the catalogue has them, value before gradient, ours before the built-in."""
    return (
        list(FORMATS).index(row["dtype"]),
        list(CONCEPTS).index(row["concept"]),
        TENSORS.index(row["tensor"]),
        row["party"].endswith(BUILT_IN),
        row["binade"],
    )


def _line(where, rows):
    name, tensor, dtype, _, party = where
    format, classes = FORMATS[dtype], defaultdict(Tally)
    for row in rows:
        classes[row["class"]] += Tally(**{field: row[field] for field in _TALLY})
    normal, brink, infinity, nan = (classes[c] for c in (NORMAL, BRINK, INFINITY, NAN))
    every = sum(classes.values(), Tally())
    x, brink_x = (_number(format, tally.at) for tally in (normal, brink))
    verdict, why = _verdict(rows, party)
    return {
        **dict(zip(LINE, where, strict=True)),
        "numbers": every.numbers,
        "worst_ulp": normal.worst,
        "worst_x": x,
        "worst_bits": f"{normal.at:#x}",
        "mean_ulp": normal.mean,
        "oracle_ulp": own_error(name, tensor, x, format),
        "brink_ulp": brink.worst if brink.numbers else np.nan,
        "brink_x": brink_x,
        "subnormal": every.subnormal,
        "flushed": every.flushed,
        "zero_signs": every.signs,
        "infinities": infinity.strange,
        "nans": nan.strange,
        "spoilt": every.strange - infinity.strange - nan.strange,
        "payloads": nan.payloads / nan.numbers if _passes_nan_on(name, tensor) else np.nan,
        "verdict": verdict,
        "why": why,
        **_unstated(format, rows),
    }


def _passes_nan_on(name, tensor):
    return bool(np.isnan(reference(name, np.array([np.nan]))[TENSORS.index(tensor)][0]))


def _unstated(format, rows):
    failed = [row for row in rows if row["verdict"] == FAIL]
    worst = max(failed, key=lambda row: row["worst"], default=None)
    if worst is None:
        return {"unstated_ulp": np.nan, "unstated_x": np.nan, "unstated_bits": ""}
    # nothing is further off than what is no number
    at, ulps = (worst["at"], worst["worst"])
    if worst["class"] not in (NORMAL, BRINK) or not ulps > ULPS:
        at, ulps = worst["strange_at"], np.inf
    return {"unstated_ulp": ulps, "unstated_x": _number(format, at), "unstated_bits": f"{at:#x}"}


def _number(format, bits):
    return float(format.numbers(np.array([bits]))[0]) if bits >= 0 else np.nan


def _verdict(rows, party):
    """The gravest of the binades', and the reasons; only our own functions fail."""
    reasons = dict.fromkeys(row["why"] for row in rows if row["why"])
    if any(row["verdict"] == FAIL for row in rows):
        if not party.endswith(BUILT_IN):
            return FAIL, "; ".join(reasons)
        reasons[UNSTATED] = None
    return (KNOWN, "; ".join(reasons)) if reasons else (PASS, "")


def ours(table: pd.DataFrame) -> pd.DataFrame:
    """The lines of our own functions."""
    return table[~table["party"].str.endswith(BUILT_IN)]


def counts(table: pd.DataFrame) -> dict[str, int]:
    """How many of our lines bear each verdict, and how many are worse than the built-in.

    Worse, that is, by what is beyond the 4 ULP that are asked of either.
    """
    own = ours(table)
    found = {verdict: int((own["verdict"] == verdict).sum()) for verdict in (PASS, KNOWN, FAIL)}
    return {"lines": len(own), **found, "worse": len(worse(own))}


def worse(table: pd.DataFrame) -> pd.DataFrame:
    """The lines that are further off than the framework's own, and than 4 ULP."""
    own = ours(table)
    return own[own["worst_ulp"] > np.maximum(own["built_in_ulp"], ULPS)]


def sums(rows: Iterable[dict]) -> pd.DataFrame:
    """The sums: name, party, numbers, draws, worst and mean ULP, share of the bound, verdict."""
    table = pd.DataFrame([row for row in rows if "sum" in row])
    if table.empty:
        return table
    table["verdict"] = np.where(table["worst"] <= ULPS, PASS, KNOWN)
    beyond = (table["used"] > 1) & ~table["party"].str.endswith(BUILT_IN)
    return table.assign(verdict=table["verdict"].mask(beyond, FAIL))


def by_size(table: pd.DataFrame) -> pd.DataFrame:
    """The sums with a line for each and party, and the worst ULP of each size in a column."""
    if table.empty:
        return table
    wide = table.pivot_table(index=["sum", "party"], columns="numbers", values="worst", sort=False)
    wide.columns = [f"{size:,}" for size in wide.columns]
    used = table.groupby(["sum", "party"], sort=False)["used"].max()
    worst = table.groupby(["sum", "party"], sort=False)["verdict"].agg(gravest)
    return wide.assign(used=used, verdict=worst).reset_index()


def sizes(wide: pd.DataFrame) -> list[str]:
    """The columns of `by_size` that are sizes."""
    return [name for name in wide.columns if name.replace(",", "").isdigit()]


def gravest(verdicts: Iterable[str]) -> str:
    """The one that speaks for all of them."""
    found = set(verdicts)
    return next(verdict for verdict in (FAIL, KNOWN, PASS) if verdict in found)


def by_binade(rows: Iterable[dict]) -> pd.DataFrame:
    """The worst ULP of each binade, of inputs with normal results: what the figure shows."""
    found = [row for row in sorted(rows, key=_order) if row["class"] in (NORMAL, BRINK)]
    table = pd.DataFrame(found, columns=[*LINE, "binade", "worst"])
    return table.groupby([*LINE, "binade"], sort=False, as_index=False)["worst"].max()
