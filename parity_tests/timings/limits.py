"""What the machine cannot do faster: copy, multiply matrices, and call a framework at all.

They are measured in the process that is timed, so that both have the same threads and neighbours.
"""

import time
from dataclasses import dataclass

import numpy as np

from parity_tests.timings import rounds
from parity_tests.timings.work import BOTH, FORWARD, Cost, Entry

COPIED = tuple(2**exponent for exponent in range(12, 27, 2))  # bytes: 4 KiB to 64 MiB
SIDE = 768  # of the matrices
REPEATS = 5
FLOOR = 1e-3  # seconds that a measurement takes at least


@dataclass(frozen=True)
class Limits:
    """Seconds of a copy by the bytes read and written, operations a second, seconds of a call."""

    copies: dict[int, float]
    flops: float
    calls: dict[tuple[str, str, str], float]  # framework, mode, work

    def binding(self, cost: Cost, framework: str, mode: str) -> tuple[str, float]:
        """The limit that costs most, and what it alone costs; "" and NaN for work without any.

        >>> limits = Limits({100: 1.0, 1000: 10.0}, 1e9, {("torch", "eager", "forward"): 2.0})
        >>> limits.binding(Cost(bytes=500), "torch", "eager")
        ('copy', 5.0)
        >>> limits.binding(Cost(flop=10**10), "torch", "eager")
        ('sgemm', 10.0)
        >>> limits.binding(Cost(bytes=1, calls=3), "torch", "eager")
        ('dispatch', 6.0)
        """
        if not (cost.bytes or cost.flop):
            return "", float("nan")
        calls = cost.calls if mode == "eager" else 1
        costs = {
            "copy": self.copy(cost.bytes),
            "sgemm": cost.flop / self.flops,
            "dispatch": calls * self.calls.get((framework, mode, cost.call), 0.0),
        }
        return max(costs.items(), key=lambda item: item[1])

    def copy(self, size: int) -> float:
        """Seconds of reading and writing so many bytes together, at the speed of that size."""
        known = np.array(list(self.copies))
        speeds = known / np.array(list(self.copies.values()))
        return float(size / np.interp(np.log(max(size, 1)), np.log(known), speeds))


def measure(halves, device="cpu", seed=0) -> Limits:
    """The limits here and now."""
    calls = {
        (half.name, mode, work): float(np.median(found.seconds))
        for half in halves
        for (mode, work), found in _dispatch(half, device, seed).items()
    }
    if device == "cpu":
        return Limits({2 * size: _copy(size) for size in COPIED}, _sgemm(), calls)
    return Limits(*_of_device(halves[0], device), calls)


def dispatch_entries(half, device):
    """The smallest operation there is, −x of one number, in every mode that can be had."""
    one = half.framework.tensor(np.ones(1, np.float32), device)
    for mode in half.modes:
        if half.framework.unavailable(mode):
            continue
        for work, upstream in ((FORWARD, None), (BOTH, one)):
            call = half.framework.prepared(_negative, [one], upstream, mode)
            party = f"{half.name} built-in"
            yield Entry(half, party, mode, work, call, Cost(), device=device)


def _negative(x):
    return -x


def _dispatch(half, device, seed):
    entries = list(dispatch_entries(half, device))
    found = rounds.run(entries, REPEATS, seed)
    return {(e.mode, e.work): readings for e, readings in zip(entries, found, strict=True)}


def _best(function, *arguments):
    """Seconds of one call, the least of a few measurements: a limit is what is ever reached."""
    repeats, fastest = 1, np.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(repeats):
            function(*arguments)
        seconds = time.perf_counter() - start
        if repeats > 1 or seconds >= FLOOR:
            fastest = min(fastest, seconds / repeats)
        repeats = max(repeats, int(FLOOR * repeats / seconds) + 1)
    return fastest


def _copy(size):
    source = np.random.default_rng(0).random(size // 4, np.float32)
    return _best(np.copyto, np.zeros_like(source), source)


def _sgemm():
    matrix = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    return 2 * SIDE**3 / _best(np.matmul, matrix, matrix, np.empty_like(matrix))


def _of_device(half, device):
    """(copies, operations a second) of a GPU, by the framework's own −x and product."""
    framework = half.framework

    def seconds(function, array):
        tensor = framework.tensor(array, device)
        call = framework.prepared(lambda x: function(x), [tensor])
        entry = Entry(half, half.name, "eager", FORWARD, call, Cost(), device=device)
        return min(rounds.run([entry], REPEATS, seed=0)[0].seconds)

    copies = {2 * size: seconds(_negative, np.ones(size // 4, np.float32)) for size in COPIED}
    side = 8 * SIDE
    matrix = np.ones((side, side), np.float32)
    return copies, 2 * side**3 / seconds(lambda x: x @ x, matrix)
