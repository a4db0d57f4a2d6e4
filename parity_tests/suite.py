"""What `make parity` measures: the work cut into jobs, each job measured, and all of it concluded.

A job is small enough to be given to a worker process. Nothing in here prints or writes.
"""

import tempfile
from dataclasses import dataclass, replace
from functools import partial

from parity_tests import parties, trajectories
from shared import cases, catalogue, parity
from shared.catalogue import Concept, Trajectory
from shared.evidence import Row

DTYPES = ("float32", "float64")
MODES = ("eager", "graph", "compiled")
SMOOTH_PARTS = ("drawn", "digits", "whole")  # where a plain formula can be differentiated


@dataclass(frozen=True)
class Job:
    """One family, or one concept of it, in one precision and mode on one device."""

    family: str
    only: str | None
    dtype: str
    mode: str
    device: str
    steps: int | None = None  # of a training run, where not as many as the catalogue says

    @property
    def title(self) -> str:
        return f"{self.family}, {self.dtype}, {self.mode}, {self.device}"


def devices() -> list[str]:
    """The devices that both frameworks see."""
    seen = [half.framework.devices() for half in parties.HALVES]
    return [device for device in seen[0] if all(device in other for other in seen)]


def kernels() -> str:
    """The kernels that each framework takes on this processor, where it has a choice."""
    chosen = [(half.framework.NAME, *half.framework.kernels()) for half in parties.HALVES]
    return ", ".join(" ".join(named) for named in chosen if len(named) > 1)


def jobs(only=None, dtypes=DTYPES, modes=MODES) -> list[Job]:
    """The jobs for a family, a concept or everything, the longest first."""
    families = dict.fromkeys(row.family for row in catalogue.select(only))
    return [
        Job(family, only, dtype, mode, device)
        for mode in sorted(modes, key=MODES.index, reverse=True)
        for device in devices()
        for dtype in dtypes
        for family in families
    ]


def run(job: Job) -> list[Row]:
    """Measure one job."""
    chosen = [row for row in catalogue.select(job.only) if row.family == job.family]
    concepts = [row for row in chosen if isinstance(row, Concept)]
    where = (job.dtype, job.mode, job.device)
    rows = []
    for group, computing in parties.groups(concepts):
        rows += parity.compare(in_mode(cases.cases(group), job.mode), computing, *where)
    if job.mode == "eager":
        rows += by_autodiff([c for c in concepts if c.differentiated], job.dtype, job.device)
        layers = [c for c in concepts if c.layer and c.family == "activations"]
        if layers and (job.dtype, job.device) == ("float32", "cpu"):
            rows += as_layers(layers) + saved(layers)
    for row in chosen:
        if isinstance(row, Trajectory):
            rows += trajectories.measure(replace(row, steps=job.steps or row.steps), *where)
    return rows


def in_mode(all_cases, mode):
    """The cases that a mode measures: other options than the first are compared eagerly alone.

    A compiler sees an option as one more constant, and would compile the same code once more.
    """
    return [
        c
        for c in all_cases
        if mode == "eager" or (mode in c.concept.modes and c.options is c.concept.options[0])
    ]


def by_autodiff(concepts, dtype, device) -> list[Row]:
    """The gradient by hand against the framework's own of the plain formula, in each half."""
    chosen = cases.cases(concepts)
    gradients = {name: None for case in chosen for name in case.gradient_names}
    return [
        row
        for half in parties.HALVES
        for row in parity.compare(
            chosen, [parties.ours(half), parties.autodiff(half)], dtype, "eager", device,
            check="autodiff", tensors=gradients, parts=SMOOTH_PARTS,
        )
    ]  # fmt: skip


def as_layers(concepts) -> list[Row]:
    """Each layer's output and gradient against the reference and between the halves."""
    return parity.compare(
        cases.cases([concept.as_layer() for concept in concepts]),
        [parties.layer(half) for half in parties.HALVES],
        "float32", check="layer", tensors=("h", "g_x"),
    )  # fmt: skip


def saved(concepts) -> list[Row]:
    """Each layer against itself after saving and loading: bit for bit."""
    layers = cases.cases([concept.as_layer() for concept in concepts])
    compare = partial(parity.compare, layers, dtype="float32", check="saved", tensors=("h",))
    with tempfile.TemporaryDirectory() as folder:
        found = [compare(parties.before_and_after(half, folder)) for half in parties.HALVES]
    return [row for rows in found for row in rows if row.right != parity.REFERENCE]


def conclude(rows, only=None, dtypes=DTYPES, modes=MODES) -> list[Row]:
    """All rows, with each failure's kind, and a failure for whatever ought to be there and is not.

    That is: a comparison that the catalogue implies, and a departure that a party states of itself.
    """
    chosen = catalogue.select(only)
    concepts = [row for row in chosen if isinstance(row, Concept)]
    runs = [row for row in chosen if isinstance(row, Trajectory)]
    missing = trajectories.missing(rows, runs, dtypes, modes, devices())
    for group, computing in parties.groups(concepts):
        for mode in modes:
            implied = in_mode(cases.cases(group), mode)
            missing += parity.missing(rows, implied, computing, dtypes, [mode], devices())
    names = [concept.name for concept in concepts]
    unseen = parity.unseen(rows, parties.five(), names, dtypes, modes)
    no_gpu = [
        parity.absent(family, "both frameworks", "", "", "gpu", "no GPU here")
        for family in dict.fromkeys(row.family for row in chosen)
        if devices() == ["cpu"]
    ]
    return parity.conclude(rows) + missing + unseen + no_gpu
