"""Rounds in which every entry is timed once, in an order drawn anew, with the device waited for.

A try is the mean of so many calls that the clock's grain and the loop around them are small, and a
reading is the least of a few tries in a row: what else goes on in a machine only ever adds. What
slows it for longer slows all that are timed in the same round, so that ratios of one round's
readings keep still where the readings do not.
"""

import time
from dataclasses import dataclass, field

import numpy as np

# seconds that a try takes at least: thousands of the clock's grains, and short beside the
# milliseconds for which a busy machine takes the processor away, so that it spoils few tries
TRY = 2e-4
TRIES = 5  # for a reading
LONG = 1e-2  # seconds, after which a reading has no further try
FEWEST = 3  # rounds, however long they take
WARM = 2  # calls before the clock is looked at
AGAINST_GRAIN = 2e-5  # a wait shorter than this is that of looking


@dataclass
class Readings:
    """What the rounds found of one entry."""

    seconds: list[float] = field(default_factory=list)
    captures: int = 0  # graphs that were captured while the clock ran
    unfinished: list[float] = field(default_factory=list)  # share of each reading waited for after
    strayed: bool = False  # whether a timed result is not the one that was judged


def run(entries, rounds, seed, seconds=np.inf, clock=None) -> list[Readings]:
    """The readings of each entry, after a warm-up, in so many rounds.

    Where these would take longer than `seconds` together they are fewer, the same for every entry.
    """
    rng = np.random.default_rng(seed)
    found = [Readings() for _ in entries]
    tried = [_repeats(entry, clock) for entry in entries]
    each = sum(taken for _, taken in tried)
    for _ in range(int(np.clip(seconds / max(each, 1e-9), min(FEWEST, rounds), rounds))):
        for place in rng.permutation(len(entries)):
            _read(entries[place], tried[place][0], found[place], clock)
    return found


def _repeats(entry, clock):
    """(how many calls take as long as a try should, what a reading takes), found by trying."""
    if entry.once:  # what is loaded for the very first call of all is not counted
        return 1, _timed(entry, 1, clock)[0]
    for _ in range(WARM):
        entry.call()
    repeats = 1
    while True:
        seconds, _ = _timed(entry, repeats, clock)
        if seconds >= TRY:
            return repeats, max(seconds, min(TRIES * seconds, LONG))
        # straight to the number that the last one foretells, though never more than tenfold
        repeats = int(np.clip(1.2 * TRY / max(seconds, 1e-9) * repeats, 2, 10)) * repeats


def _timed(entry, repeats, clock):
    """(seconds of so many calls, what the last of them gave)."""
    clock = clock or entry.half.framework.clock
    start = clock(entry.device)
    for _ in range(repeats):
        result = entry.call()
    return clock(entry.device) - start, result


def _read(entry, repeats, found, clock):
    framework = entry.half.framework
    before = framework.captures()
    tries, result = _tries(entry, repeats, clock)
    if not entry.once:
        found.captures += framework.captures() - before
    found.seconds.append(min(tries) / repeats)
    found.unfinished.append(_waited(framework, result) / sum(tries))
    if entry.expected is not None and len(found.seconds) == 1:
        found.strayed = _strayed(entry, result)


def _tries(entry, repeats, clock):
    """(seconds of each try, what the last call of all gave)."""
    tries = []
    while not tries or (not entry.once and len(tries) < TRIES and sum(tries) < LONG):
        seconds, result = _timed(entry, repeats, clock)
        tries.append(seconds)
    return tries, result


def _waited(framework, result):
    """Seconds that reading a result took longer than reading it once more: work still going on."""
    first, again = (_time_of(framework.array, _leaves(result)[0]) for _ in range(2))
    return first - again if first > AGAINST_GRAIN else 0.0


def _time_of(function, argument):
    start = time.perf_counter()
    function(argument)
    return time.perf_counter() - start


def _strayed(entry, result):
    """Whether the result is neither bit for bit what was judged, nor agrees when judged in turn.

    A framework may take another kernel in a pass by itself than before a backward pass.
    """
    framework, expected = entry.half.framework, entry.expected
    leaves = [framework.array(leaf) for leaf in _leaves(result)][: len(expected)]
    same = len(leaves) == len(expected) and all(
        np.array_equal(one, other, equal_nan=True)
        for one, other in zip(leaves, expected, strict=True)
    )
    return not (same or entry.agrees(leaves))


def _leaves(result):
    """The tensors of a result, however lists and tuples hold them."""
    if isinstance(result, list | tuple):
        return [leaf for part in result for leaf in _leaves(part)]
    return [result]
