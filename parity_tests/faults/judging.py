"""Runs the checks of one file against one fault. All of this happens in a worker process."""

from __future__ import annotations

import faulthandler
import math
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from textwrap import shorten

from parity_tests.faults.operators import Fault, unchanged
from parity_tests.faults.planting import PROJECT, OutOfTimeError, planted, time_limit
from parity_tests.faults.steps import Step, named
from parity_tests.faults.touched import touched

SURVIVED, UNJUDGED = "survived", "unjudged"
_LAST_RESORT = 3  # times the limit, which is warned of once and again
_LAST_RESORT_LEAST = 5.0  # seconds: a warning comes late where other threads of the process work
_STANDSTILL = 40  # times the limit, on the clock
_WARM_UP = 300.0  # seconds
_LONGEST = 300  # characters of what is told about an outcome
_warm: set[str] = set()


@dataclass(frozen=True)
class Batch:
    """Faults of one file for one worker.

    Attributes:
        path: source file, as in ``tf_impl/activations.py``.
        source: its text, unchanged.
        check: the function that names the steps, as in ``parity_tests.coverage:activations``. It is
            handed the public names that a fault touches, none standing for all.
        faults: what to plant, one after the other.
        limit: seconds of processor time after which a step counts as hanging.
        packages: top-level packages that are imported afresh for each fault.
        given: steps to run in place of those that `check` names.
    """

    path: str
    source: str
    check: str
    faults: tuple[Fault, ...]
    limit: float = 60.0
    packages: tuple[str, ...] = PROJECT
    given: tuple[Step, ...] = ()

    def steps(self, function: str) -> tuple[Step, ...]:
        """What a fault inside `function` has to get past, the cheapest first."""
        return self.given or tuple(
            Step(*step) for step in named(self.check)(touched(self.source, function))
        )


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: "red", "crash" or "hang" if caught, else "survived" or "unjudged".

    `step` is the one that caught it.
    """

    path: str
    fault: Fault
    verdict: str
    detail: str = ""
    step: Step | None = None

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
    """Plants one fault, runs steps until one notices it, and takes the fault out again.

    Whatever a step raises counts as noticing, apart from an interrupt from the keyboard.
    """
    module = batch.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    steps = batch.steps(fault.function)
    with planted(module, fault.source, batch.packages):
        for step in steps:
            verdict, detail = _run(step, limit or batch.limit)
            if verdict != SURVIVED:
                return Outcome(batch.path, fault, verdict, detail, step)
    return Outcome(batch.path, fault, SURVIVED)


def _run(step: Step, limit: float) -> tuple[str, str]:
    try:
        with _last_resort(limit), time_limit(limit):
            red = "; ".join(step.run())
    except KeyboardInterrupt:
        raise
    except OutOfTimeError:
        return "hang", f"no answer in {limit:g} s"
    except BaseException as error:  # pytest's own failures are no Exceptions
        return "crash", _brief(f"{type(error).__name__}: {error}")
    return ("red", _brief(red)) if red else (SURVIVED, "")


@contextmanager
def _last_resort(limit: float) -> Iterator[None]:
    """Ends the process if compiled code never returns, so that no signal is seen, or never works.

    On a busy machine a process may have to wait for long, so standstill is given far more time.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = math.ceil(time.process_time() + max(_LAST_RESORT * limit, _LAST_RESORT_LEAST))
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))
    faulthandler.dump_traceback_later(_STANDSTILL * limit, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def judge_faults(batch: Batch) -> Judged:
    """Judges the faults of a batch, and then whether the process is still fit for others.

    A fault may leave a setting of a framework changed, which would turn later steps red. So the
    steps that noticed something are run once more at the end, on the unchanged file.
    """
    _warm_up(batch)
    outcomes = [judge(batch, fault) for fault in batch.faults]
    noticed = tuple(dict.fromkeys(o.step for o in outcomes if o.step))
    clean = not noticed or not _unchanged(replace(batch, given=noticed), batch.limit).caught
    return Judged(outcomes, clean)


def judge_unchanged(batch: Batch) -> Judged:
    """Runs the steps of a batch on the unchanged file.

    They have half the limit, so that no fault looks caught that takes a little longer.
    """
    _warm_up(replace(batch, given=()))
    return Judged([_unchanged(batch, batch.limit / 2)])


def _warm_up(batch: Batch) -> None:
    """Has this worker import the frameworks, once for each file and outside the limit of time."""
    if batch.path not in _warm:
        _warm.add(batch.path)
        first = batch.steps(batch.faults[0].function)[:1]
        _unchanged(replace(batch, given=first), _WARM_UP)


def _unchanged(batch: Batch, limit: float) -> Outcome:
    return judge(batch, unchanged(batch.source, batch.faults[0].function), limit)


def _brief(text: str) -> str:
    return shorten(text, _LONGEST, placeholder=" ...")
