"""One row of evidence: what was compared, how far apart the two sides are, and what may be.

A row is plain data. The engine makes rows, `reports` turns them into tables; nothing else is
ever written into a report by hand.
"""

from dataclasses import asdict, dataclass, fields

PASS = "pass"
FAIL = "fail"
KNOWN = "known"  # a built-in departs as its own half says it does, and no further
ABSENT = "absent"  # could not be measured here; `note` says why

VERDICTS = (PASS, KNOWN, ABSENT, FAIL)


@dataclass(frozen=True)
class Row:
    """The comparison of one tensor between two parties.

    Differences are those at the worst index: the one that uses most of its bound.
    `ulp` counts units in the last place of `dtype`; `bound` is absolute; `used` is
    difference / bound, so that a row passes exactly when `used` is at most 1.
    """

    family: str  # "activations"
    concept: str  # "sigmoid"
    options: str  # "" for the defaults, else "negative_slope=0.2"
    check: str  # "value", "gradient", "autodiff", "second order", "layer", "saved", "trajectory"
    tensor: str  # "h", "g_x", "g_slope", "weights"
    sample: str  # "drawn", "edges", "digits", "insurance"
    left: str  # party, e.g. "TensorFlow"
    right: str  # party, e.g. "reference"
    dtype: str  # "float32" or "float64"
    mode: str  # "eager", "graph" or "compiled"
    device: str  # "cpu", "gpu:0"
    shape: str  # "(24, 12)"
    index: str = ""  # worst place, "[3, 7]"
    left_value: float = float("nan")
    right_value: float = float("nan")
    max_abs: float = 0.0  # at the worst index
    max_rel: float = 0.0
    max_ulp: float = 0.0
    bound: float = 0.0
    used: float = 0.0
    verdict: str = PASS
    kind: str = ""  # of a failure: "other formula" or "other rounding"
    apart: str = ""  # of a failure: the party that stands apart from the others
    note: str = ""

    def as_dict(self) -> dict:
        """The row as a mapping from column name to value, in column order."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Row))
