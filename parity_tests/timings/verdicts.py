"""What the engine says of results at the very inputs that are timed."""

import numpy as np

from shared import parity
from shared.catalogue import Trajectory
from shared.evidence import VERDICTS

DTYPE = "float32"  # of all that is timed


def worst_of(verdicts) -> str:
    """The worst of some verdicts; "" of none."""
    return max(verdicts, key=VERDICTS.index, default="")


def worst(rows) -> str:
    """The worst verdict of some rows of evidence."""
    return worst_of(row.verdict for row in rows)


def notes(rows) -> str:
    """What rows say of known departures, each once."""
    return "; ".join(dict.fromkeys(row.note for row in rows if row.note))


def of_steps(subject, party, mode, device, history, truth) -> str:
    """The verdict on parameters after each of some steps; `truth` is (values, bounds by dtype)."""
    row = Trajectory(subject.concept, subject.family, "", "", ("W",), len(history))
    values, bounds = truth
    found = {party: np.stack(history)}
    where = DTYPE, mode, device
    return worst(parity.compare_histories(row, "", "W", "timed", values, found, bounds, where))


def not_run(error) -> str:
    """The complaint of a party that raised an error: that too is a result."""
    said = str(error).strip().partition("\n")[0]
    return f"could not be run: {type(error).__name__}: {said}"
