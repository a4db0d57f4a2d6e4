"""Plans which faults go into which files, and has worker processes judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from parity_tests.faults.judging import SURVIVED, Batch, Outcome, judge_faults, judge_unchanged
from parity_tests.faults.operators import Fault, faults
from parity_tests.faults.steps import Step
from parity_tests.faults.workers import Workers

_BATCH = 24
Advance = Callable[[int], None]


class RedBeforePlantingError(Exception):
    """The checks are red on the unchanged files, so that no fault could be told from none."""


def plan(root: Path, files: Mapping[str, str], limit: float = 60.0) -> list[Batch]:
    """Lists, for each file, all its faults and the check that covers it.

    Args:
        root: folder of the project.
        files: maps each source file, relative to `root`, to its check, ``package.module:function``.
        limit: seconds of processor time after which a step counts as hanging.
    """
    packages = tuple(sorted(file.parent.name for file in root.glob("*/__init__.py")))
    sources = {path: (root / path).read_text(encoding="utf-8") for path in files}
    return [
        Batch(path, source, files[path], tuple(faults(source)), limit, packages)
        for path, source in sources.items()
    ]


def thinned(batches: list[Batch], most: int) -> list[Batch]:
    """The batches with about `most` faults in all: every so manieth of each file's."""
    every = -(-sum(len(batch.faults) for batch in batches) // most)
    return [replace(batch, faults=batch.faults[::every]) for batch in batches if batch.faults]


def run(batches: list[Batch], jobs: int, advance: Advance = lambda count: None) -> list[Outcome]:
    """Judges every fault of every batch, in the order given.

    Args:
        batches: one for each file, from `plan`.
        jobs: number of worker processes.
        advance: told of each number of faults that have been judged.

    Raises:
        RedBeforePlantingError: if a check is red on an unchanged file; names the checks.
    """
    outcomes = []
    with Workers(jobs) as workers:
        steps = list(_each_step_once(batches))
        _require_green(chain.from_iterable(workers.judged(judge_unchanged, steps)))
        for judged in workers.judged(judge_faults, _pieces(batches)):
            outcomes += judged
            advance(len(judged))
    order = {batch.path: number for number, batch in enumerate(batches)}
    return sorted(outcomes, key=lambda o: (order[o.path], o.fault.line, o.fault.after))


def _each_step_once(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Every step that any fault may be judged by, in the first file that it covers."""
    seen: set[Step] = set()
    for batch in batches:
        for fault in {fault.function: fault for fault in batch.faults}.values():
            new = dict.fromkeys(step for step in _steps(batch, fault) if step not in seen)
            seen.update(new)
            for step in new:
                yield replace(batch, faults=(fault,), given=(step,))


def _steps(batch: Batch, fault: Fault) -> tuple[Step, ...]:
    try:
        return batch.steps(fault.function)
    except Exception as error:
        complaint = f"{batch.path}: {batch.check}: {type(error).__name__}: {error}"
        raise RedBeforePlantingError(complaint) from error


def _pieces(batches: Iterable[Batch]) -> Iterator[Batch]:
    for batch in batches:
        for start in range(0, len(batch.faults), _BATCH):
            yield replace(batch, faults=batch.faults[start : start + _BATCH])


def _require_green(outcomes: Iterable[Outcome]) -> None:
    red = [outcome for outcome in outcomes if outcome.verdict != SURVIVED]
    if red:
        complaints = [f"{o.path}: {o.step}: {o.verdict}: {o.detail}" for o in red]
        raise RedBeforePlantingError("\n".join(complaints))
