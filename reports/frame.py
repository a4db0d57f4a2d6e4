"""The rows of evidence as a pandas frame, and the tables drawn from it.

Every number of a report comes out of one of these functions. An absent row was not measured,
so its zeros never enter a worst case; a distance that is not a number counts as infinite.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from shared.evidence import ABSENT, COLUMNS, FAIL, KNOWN, PASS, VERDICTS, Row

BUILT_INS = ("TensorFlow built-in", "torch built-in")
PAIRS = {
    "halves_ulp": ("TensorFlow", "torch"),
    "tf_reference_ulp": ("TensorFlow", "reference"),
    "torch_reference_ulp": ("torch", "reference"),
    "tf_builtin_ulp": ("TensorFlow", "TensorFlow built-in"),
    "torch_builtin_ulp": ("torch", "torch built-in"),
}
UNCOUNTED = ("second order", "autodiff")  # they cancel, and are held to absolute bounds
CONCEPT = ("family", "concept")
AND = " and "
DETAIL = (*CONCEPT, "check", "dtype", "mode")


def to_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """One line per row, the columns those of `shared.evidence.COLUMNS`, in that order.

    Raises ValueError when a row bears a verdict that is not one of `VERDICTS`.

    >>> list(to_frame([]).columns) == list(COLUMNS)
    True
    """
    frame = pd.DataFrame([row.as_dict() for row in rows], columns=list(COLUMNS))
    strange = set(frame["verdict"]) - set(VERDICTS)
    if strange:
        raise ValueError(f"verdicts {sorted(strange)} are unknown; use one of {list(VERDICTS)}")
    return frame


def summary(frame: pd.DataFrame, by: Sequence[str] = CONCEPT) -> pd.DataFrame:
    """One line per group, in the order in which the groups first appear.

    Columns, after those of `by`:

    - `checks`: comparisons that were measured; `known`, `absent` and `failures` count verdicts;
    - the keys of `PAIRS`: the worst ULP between those two parties, of values and gradients at
      ordinary inputs, NaN where never compared; at extremes flushing alone costs millions;
    - `used`: the largest share of its bound that any comparison without a built-in used;
    - `verdict`: "fail", else "known", else "absent" where nothing was measured, else "pass".
    """
    by = list(by)
    frame = frame[frame["concept"] != ""]  # an absence of a whole family belongs to no line
    counts = frame.groupby(by, sort=False)["verdict"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(pd.MultiIndex.from_frame(frame[by].drop_duplicates()))
    counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
    measured = frame[frame["verdict"] != ABSENT]
    table = pd.DataFrame({"checks": counts[[PASS, KNOWN, FAIL]].sum(axis=1)})
    counted = ~measured["check"].isin(UNCOUNTED) & (measured["sample"] != "edges")
    ordinary = measured[counted]
    for column, pair in PAIRS.items():
        table[column] = _worst(ordinary[_between(ordinary, *pair)], by, "max_ulp")
    with_built_in = measured["left"].isin(BUILT_INS) | measured["right"].isin(BUILT_INS)
    table["used"] = _worst(measured[~with_built_in], by, "used")
    table[["known", "absent", "failures"]] = counts[[KNOWN, ABSENT, FAIL]]
    order = [table["failures"] > 0, table["known"] > 0, table["checks"] == 0]
    table["verdict"] = np.select(order, [FAIL, KNOWN, ABSENT], PASS)
    return table.reset_index()


def _between(frame: pd.DataFrame, one: str, other: str) -> pd.Series:
    left, right = frame["left"], frame["right"]
    return ((left == one) & (right == other)) | ((left == other) & (right == one))


def _worst(frame: pd.DataFrame, by: list[str], column: str) -> pd.Series:
    return frame.fillna({column: math.inf}).groupby(by, sort=False)[column].max()


def totals(frame: pd.DataFrame) -> dict[str, int]:
    """How many rows, how many of each verdict, and how many concepts.

    >>> totals(to_frame([]))
    {'rows': 0, 'pass': 0, 'known': 0, 'absent': 0, 'fail': 0, 'concepts': 0}
    """
    counts = {verdict: int((frame["verdict"] == verdict).sum()) for verdict in VERDICTS}
    concepts = len(frame.loc[frame["concept"] != "", list(CONCEPT)].drop_duplicates())
    return {"rows": len(frame), **counts, "concepts": concepts}


def departures(frame: pd.DataFrame) -> pd.DataFrame:
    """The known departures: one line per concept with its options, party, check and dtype.

    Adds `checks`, how many there are, the `worst_ulp` and the distinct notes.
    """
    known = frame[frame["verdict"] == KNOWN].fillna({"max_ulp": math.inf})
    stated = zip(known["left"], known["right"], known["note"], strict=True)
    known = known.assign(party=[_departing(pair, note) for *pair, note in stated])
    groups = known.groupby([*CONCEPT, "options", "party", "check", "dtype"], sort=False)
    table = groups.agg(
        checks=("verdict", "size"), worst_ulp=("max_ulp", "max"), note=("note", _notes)
    ).reset_index()
    named = zip(table["party"], table["note"], strict=True)
    return table.assign(note=[_said(party.split(AND), note) for party, note in named])


def _departing(parties: Sequence[str], note: str) -> str:
    """Whose departure a note states: it names the party first."""
    return AND.join(party for party in parties if f"{party}: " in note)


def _said(parties: Sequence[str], note: str) -> str:
    """The note without the names of its parties, where it says one thing of one or of both."""
    if len(parties) == 1:
        return note.replace(f"{parties[0]}: ", "")
    clauses = [clause.partition(": ") for clause in note.split("; ")]
    of_each = [[why for name, _, why in clauses if name == party] for party in parties]
    alike = all(said == of_each[0] for said in of_each)
    return f"both: {'; '.join(of_each[0])}" if alike else note


def _notes(notes: Iterable[str]) -> str:
    clauses = (clause for note in notes for clause in note.split("; "))
    return "; ".join(dict.fromkeys(filter(None, clauses)))


def absences(frame: pd.DataFrame) -> pd.DataFrame:
    """What could not be measured: one line per reason, and what it took away."""
    groups = frame[frame["verdict"] == ABSENT].groupby("note", sort=False)
    return groups.agg(
        rows=("verdict", "size"),
        families=("family", listed),
        parties=("left", listed),
        modes=("mode", listed),
        devices=("device", listed),
    ).reset_index()


def listed(names: Iterable[str], most: int = 6) -> str:
    """The distinct names in order; those beyond `most` are counted.

    >>> listed(["relu", "relu", "tanh"])
    'relu, tanh'
    >>> listed("abcd", most=2)
    'a, b and 2 more'
    """
    distinct = list(dict.fromkeys(names))
    rest = len(distinct) - most
    return ", ".join(distinct[:most]) + (f" and {rest} more" if rest > 0 else "")


def failures(frame: pd.DataFrame) -> list[Row]:
    """The failing rows, in the order they were measured."""
    return [Row(**record) for record in frame[frame["verdict"] == FAIL].to_dict("records")]


def compact(ulp: float) -> str:
    """A count of ULP in at most four characters; "-" where nothing was compared.

    >>> [compact(value) for value in (0, 0.02, 0.5, 2.1, 41, 4100, 1.7e6, 3e18)]
    ['0', '<0.1', '0.5', '2.1', '41', '4.1k', '1.7M', '3e18']
    """
    if not math.isfinite(ulp):
        return "-" if math.isnan(ulp) else "inf"
    if 0 < ulp < 0.05:
        return "<0.1"
    for unit in ("", "k", "M", "G", "T"):
        if ulp < 999.5:
            text = f"{ulp:.1f}" if ulp < 9.95 else f"{ulp:.0f}"
            return text.removesuffix(".0") + unit
        ulp /= 1000
    return f"{ulp * 1e15:.0e}".replace("e+", "e")


def share(used: float) -> str:
    """A share of a bound in at most five characters; more than 1 never reads as 1.

    >>> [share(value) for value in (0, 0.004, 0.42, 1, 1.001, 3.2, 5000)]
    ['0', '<0.01', '0.42', '1.00', '>1.00', '3.20', '5k']
    """
    if used == 0 or not used < 9.995:
        return compact(used)
    if used < 0.01:
        return "<0.01"
    return ">1.00" if 1 < used < 1.005 else f"{used:.2f}"
