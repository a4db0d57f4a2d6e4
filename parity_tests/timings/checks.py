"""Self-checks: whether a reading is one of the work at all. Each gives a complaint, or nothing.

A row with a complaint is no result, whatever its number.
"""

import numpy as np

POSSIBLE = 0.5  # of a limit that was itself measured: no work is twice as fast
UNFINISHED = 0.1  # share of a reading that is waited for after the clock was read


def of_readings(found) -> str:
    """What the rounds themselves gave away.

    >>> from parity_tests.timings.rounds import Readings
    >>> of_readings(Readings([1.0, 1.0], captures=2))
    'captured anew: 2 graphs while the clock ran'
    """
    if found.strayed:
        return "work dropped: what the clock saw is not the result that was judged"
    if found.captures:
        return f"captured anew: {found.captures} graphs while the clock ran"
    # in every round: a single wait may be anything
    if found.unfinished and min(found.unfinished) > UNFINISHED:
        share = np.median(found.unfinished)
        return f"clock not synchronised: {share:.0%} of the time passed after it was read"
    return ""


def of_limit(median, limit, limit_cost) -> str:
    """Whether a cost lies below what the machine can do.

    >>> of_limit(1e-6, "copy", 1e-3)
    'work optimised away: 0.001 of what copy alone costs'
    """
    if limit not in ("copy", "sgemm") or not median < POSSIBLE * limit_cost:
        return ""
    return f"work optimised away: {median / limit_cost:.2g} of what {limit} alone costs"


def of_growth(smaller, larger) -> str:
    """Whether a row costs more where there is more to do, as far as noise lets it be seen.

    The arguments are two `shared.timings.Timing` of the same work at different sizes. Whatever the
    smaller one costs, the larger one costs that and what its limit adds; of both, the quartiles are
    taken that a noisy machine cannot turn against them.
    """
    added = larger.limit_cost - smaller.limit_cost
    if larger.limit not in ("copy", "sgemm") or not added > POSSIBLE * smaller.low:
        return ""
    if not larger.high < smaller.low + POSSIBLE * added:
        return ""
    times, grew = larger.elements / smaller.elements, larger.median / smaller.median
    return f"work optimised away: {times:.0f} times the elements cost {grew:.2f} times as much"
