"""What `make accuracy` measures, cut into jobs that any process can be given.

Nothing here needs a framework: a job says what is to be measured, and `running` measures it.
"""

from dataclasses import dataclass

from parity_tests.accuracy.oracle import CONCEPTS
from shared.exact import EXACT
from shared.floats import FORMATS

BLOCK = 2**18  # numbers computed at once: few enough for the caches, many enough for a call
SAMPLE = 2**13  # of each binade, where it has more and a sample is asked for
SIZES = tuple(10**k for k in range(1, 7))  # of sums
DRAWS = {size: 8 for size in SIZES} | {10**5: 4, 10**6: 2}
ACTIVATIONS, SUMS = "activations", "sums"
NAMES = (ACTIVATIONS, SUMS, *dict.fromkeys((*CONCEPTS, *EXACT)))


@dataclass(frozen=True)
class Elementwise:
    """One function in one precision and mode, over some binades: `count` numbers of each."""

    concept: str
    dtype: str
    mode: str
    binades: range
    count: int

    @property
    def key(self) -> str:
        """What tells it from any other job."""
        span = f"{self.binades.start}-{self.binades[-1]}"
        return f"{self.concept} {self.dtype} {self.mode} {span} x {self.count}"

    @property
    def size(self) -> int:
        """How many numbers it looks at."""
        return len(self.binades) * self.count


@dataclass(frozen=True)
class Sum:
    """One sum of so many numbers, drawn so many times."""

    name: str
    numbers: int
    draws: int
    mode: str

    @property
    def key(self) -> str:
        """What tells it from any other job."""
        return f"{self.name} of {self.numbers} {self.mode} x {self.draws}"

    @property
    def size(self) -> int:
        """How many numbers it looks at."""
        return self.numbers * self.draws


Job = Elementwise | Sum


def jobs(only: str | None = None, quick: bool = False, mode: str = "eager") -> list[Job]:
    """Those of one function or sum, of the activations or the sums, or all.

    Of float32 they are over all numbers or, to be `quick`, over a sample of each binade; the halves
    are always whole. An unknown name raises KeyError with the list of known ones.

    >>> sum(job.size for job in jobs("relu") if job.dtype == "float32") == 2**32
    True
    """
    if only is not None and only not in NAMES:
        raise KeyError(f"nothing is called {only!r}; known are: {', '.join(NAMES)}")
    elementwise = [
        Elementwise(name, format.name, mode, range(first, first + step), count)
        for name in CONCEPTS
        if only in (None, ACTIVATIONS, name)
        for format in FORMATS.values()
        for count in [min(SAMPLE, format.length) if quick else format.length]
        for step in [min(max(BLOCK // count, 1), format.binades)]
        for first in range(0, format.binades, step)
    ]
    sums = [
        Sum(name, size, DRAWS[size], mode)
        for name in EXACT
        if only in (None, SUMS, name)
        for size in SIZES
    ]
    return [*elementwise, *sums]
