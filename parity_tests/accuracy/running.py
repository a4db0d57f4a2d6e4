"""Measures a job of `jobs`, whichever kind it is."""

from parity_tests import suite
from parity_tests.accuracy import elementwise, sums
from parity_tests.accuracy.jobs import Elementwise, Job


def run(job: Job) -> list[dict]:
    """The rows of one job."""
    return (elementwise if isinstance(job, Elementwise) else sums).run(job)


def kernels() -> str:
    """The kernels that each framework takes on this processor, where it has a choice."""
    return suite.kernels()
