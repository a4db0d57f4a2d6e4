"""Runs the checks of one file against one fault. All of this happens in a worker process."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from textwrap import shorten

from parity_tests.faults.operators import Fault, unchanged
from parity_tests.faults.planting import PROJECT, OutOfTimeError, planted, time_limit
from parity_tests.faults.touched import touched

SURVIVED, UNJUDGED = "survived", "unjudged"
_LAST_RESORT = 2  # times the limit
_WARM_UP = 300.0  # seconds
_LONGEST = 300  # characters of what is told about an outcome
_warm: set[str] = set()


@dataclass(frozen=True)
class Batch:
    """Faults of one file for one worker.

    Attributes:
        path: source file, as in ``tf_impl/activations.py``.
        source: its text, unchanged.
        check: the function that checks it, as in ``parity_tests.coverage:activations``.
        faults: what to plant, one after the other.
        limit: seconds after which a check counts as hanging.
        packages: top-level packages that are imported afresh for each fault.
    """

    path: str
    source: str
    check: str
    faults: tuple[Fault, ...]
    limit: float = 30.0
    packages: tuple[str, ...] = PROJECT


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: "red", "crash" or "hang" if caught, else "survived" or "unjudged"."""

    path: str
    fault: Fault
    verdict: str
    detail: str = ""

    @property
    def caught(self) -> bool:
        """Whether the checks noticed the fault."""
        return self.verdict not in (SURVIVED, UNJUDGED)


@dataclass(frozen=True)
class Judged:
    """Outcomes of a batch, and whether its process was left as it was found."""

    outcomes: list[Outcome]
    clean: bool = True


def judge(batch: Batch, fault: Fault, limit: float | None = None) -> Outcome:
    """Plants one fault, runs the checks of its file, and takes the fault out again.

    Whatever the checks raise counts as caught, apart from an interrupt from the keyboard.
    """
    module = batch.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    names = touched(batch.source, fault.function)
    try:
        with planted(module, fault.source, batch.packages), time_limit(limit or batch.limit):
            red = _resolve(batch.check)(names)
    except KeyboardInterrupt:
        raise
    except OutOfTimeError:
        return Outcome(batch.path, fault, "hang", f"no answer in {limit or batch.limit:g} s")
    except BaseException as error:  # pytest's own failures are no Exceptions
        return Outcome(batch.path, fault, "crash", _brief(f"{type(error).__name__}: {error}"))
    return Outcome(batch.path, fault, "red" if red else SURVIVED, _brief("; ".join(red)))


def judge_faults(batch: Batch) -> Judged:
    """Judges the faults of a batch, and then whether the process is still fit for others.

    A fault may leave a setting of a framework changed, which would turn later checks red. So the
    unchanged file is checked once more at the end.
    """
    _warm_up(batch)
    last = unchanged(batch.source, batch.faults[-1].function)
    *outcomes, last = _judge_each(batch, [*batch.faults, last], batch.limit)
    return Judged(outcomes, clean=last.verdict == SURVIVED)


def judge_unchanged(batch: Batch) -> Judged:
    """Runs, on the unchanged file, the checks that each fault of the batch will be judged by.

    They have half the limit, so that a busy machine alone does not make a fault look caught.
    """
    _warm_up(batch)
    originals = [unchanged(batch.source, fault.function) for fault in batch.faults]
    return Judged(_judge_each(batch, originals, batch.limit / 2))


def _warm_up(batch: Batch) -> None:
    """Has this worker import the frameworks, once for each file and outside the limit of time."""
    if batch.path not in _warm:
        _warm.add(batch.path)
        _judge_each(batch, [unchanged(batch.source, batch.faults[0].function)], _WARM_UP)


def _judge_each(batch: Batch, faults: Iterable[Fault], limit: float) -> list[Outcome]:
    outcomes = []
    for fault in faults:
        # Ends the process if compiled code never returns, so that no signal is ever seen.
        faulthandler.dump_traceback_later(_LAST_RESORT * limit, exit=True)
        outcomes.append(judge(batch, fault, limit))
    faulthandler.cancel_dump_traceback_later()
    return outcomes


def _brief(text: str) -> str:
    return shorten(text, _LONGEST, placeholder=" ...")


def _resolve(check: str) -> Callable[[list[str]], list[str]]:
    module, _, function = check.partition(":")
    return getattr(import_module(module), function)
