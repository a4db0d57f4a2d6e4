"""Training runs laid over each other, every step compared.

A run knows its catalogue row and one set of its options, the `tensors` that are recorded, the
`truth` of each, its `bound` in a precision, and gives the `histories` of the parties it `names`.
"""

from itertools import combinations

from parity_tests import (
    adversarial_run,
    autoencoder_run,
    feedforward_run,
    logistic_run,
    network_run,
    parties,
    sequence_run,
    training_run,
)
from shared import parity
from shared.catalogue import sequences
from shared.evidence import Row

RUNS = {  # by name, or by family
    "logistic_regression": logistic_run.InsuranceRun,
    "cnn": network_run.CNNRun,
    "feedforward": feedforward_run.FeedForwardRun,
    **dict.fromkeys(sequences.CASES, sequence_run.SequenceRun),
    "autoencoder": autoencoder_run.AutoencoderRun,
    "gan": adversarial_run.GANRun,
    "training": training_run.TrainingRun,
}


def runs(row, mode):
    """The runs of a row that a mode measures: other options than the first are compared eagerly.

    There are none in a mode that is not among the row's.
    """
    options = row.options if mode in row.modes else ()
    chosen = options if mode == "eager" else options[:1]
    return [RUNS.get(row.name, RUNS.get(row.family))(row, options) for options in chosen]


def measure(row, dtype, mode, device="cpu") -> list[Row]:
    """Rows for every pair of parties at every recorded tensor, the worst of all steps in each."""
    if device != "cpu":
        reason = "training runs are compared on the CPU alone"
        return [parity.absent(row.family, "both frameworks", dtype, mode, device, reason)]
    where = (dtype, mode, device)
    frameworks = [half.framework for half in parties.HALVES]
    absences = [
        parity.absent(row.family, f.NAME, *where, f.unavailable(mode))
        for f in frameworks
        if f.unavailable(mode)
    ]
    return absences or [found for run in runs(row, mode) for found in compare(run, where)]


def compare(run, where):
    """Rows for every tensor of a run."""
    histories = run.histories(*where[:2])
    return [found for tensor in run.tensors for found in pairs(run, tensor, histories, where)]


def pairs(run, tensor, histories, where):
    """Rows for every pair of parties at one recorded tensor."""
    values = {name: history[tensor] for name, history in histories.items()}
    bounds = {dtype: run.bound(tensor, dtype) for dtype in (where[0], "float64")}
    yield from parity.compare_histories(
        run.row, label(run), tensor, run.sample, run.truth[tensor], values, bounds, where
    )


def label(run):
    """A run's options as a row of evidence has them."""
    return ", ".join(f"{name}={value}" for name, value in run.options.items())


def missing(rows, chosen, dtypes, modes, devices) -> list[Row]:
    """A failure for each pair of training runs that the catalogue implies and no row holds."""
    held = {(r.concept, r.options, r.tensor, r.left, r.right, r.dtype, r.mode, r.device)
            for r in rows}  # fmt: skip
    excused = {(r.family, r.dtype, r.mode, r.device) for r in rows if r.verdict == "absent"}
    implied = [
        (row, label(run), tensor, left, right, dtype, mode, device)
        for row in chosen
        for mode in modes
        for run in runs(row, mode)
        for tensor in run.tensors
        for right, left in combinations([parity.REFERENCE, *run.names], 2)
        for dtype in dtypes
        for device in devices
        if (row.family, dtype, mode, device) not in excused
    ]
    return [parity.below_floor(row, *found) for row, *found in implied
            if (row.name, *found) not in held]  # fmt: skip
