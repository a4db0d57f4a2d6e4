"""Worker processes that judge batches of faults, and are replaced when one of them dies."""

from __future__ import annotations

import logging
import os
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context

from parity_tests.faults.judging import UNJUDGED, Batch, Judged, Outcome

Judge = Callable[[Batch], Judged]


class Workers:
    """A number of processes, started when there is something to judge.

    Args:
        count: number of processes.
    """

    def __init__(self, count: int):
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self._dismiss()

    def judged(self, judge: Judge, batches: Iterable[Batch]) -> Iterator[list[Outcome]]:
        """Yields what `judge` finds of each batch, in the order in which they are done.

        A fault may end its process, or leave it unfit for others. The faults that were then under
        way are judged again, one at a time. One that ends its process again comes back as
        "unjudged".
        """
        waiting = deque(batches)
        while waiting:
            suspects = yield from self._until_one_is_spoilt(judge, waiting)
            if suspects:
                singles = [replace(batch, faults=(f,)) for batch in suspects for f in batch.faults]
                with Workers(1) as worker:
                    yield from worker.judged(judge, singles)

    def _until_one_is_spoilt(
        self, judge: Judge, waiting: deque[Batch]
    ) -> Generator[list[Outcome], None, list[Batch]]:
        """Works through `waiting`, and returns what has to be judged again, if anything."""
        pool = self._pool = self._pool or _start(self.count)
        running: dict[Future[Judged], Batch] = {}
        suspects: list[Batch] = []
        while running or (waiting and self._pool):
            # No more than there are processes, so that whatever is under way is a suspect.
            while waiting and self._pool and len(running) < self.count:
                try:
                    running[pool.submit(judge, waiting[0])] = waiting[0]
                except BrokenProcessPool:
                    self._pool = None
                else:
                    waiting.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                batch = running.pop(future)
                judged = _result(future, batch)
                alone = len(batch.faults) == 1 and not (running or suspects)
                if judged.clean or alone:
                    yield judged.outcomes
                else:
                    suspects.append(batch)
                if not judged.clean:
                    self._pool = None  # what else is under way may finish
        if self._pool is None:
            pool.shutdown()
        return suspects

    def _dismiss(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None


def _result(future: Future[Judged], batch: Batch) -> Judged:
    try:
        return future.result()
    except BrokenProcessPool:
        died = [Outcome(batch.path, fault, UNJUDGED, "its process died") for fault in batch.faults]
        return Judged(died, clean=False)


def _start(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, get_context("spawn"), initializer=_prepare)


def _prepare() -> None:
    """Keeps a worker to one core, and what is logged about the faults off the screen."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
