"""What it costs to begin: a call of next to nothing, the first call of a function, an import.

And what it takes: the most memory that a process of its own holds while it trains the MLP.
"""

import time
from functools import partial

from parity_tests.halves import built_in, ours
from parity_tests.timings import inputs, training
from parity_tests.timings.limits import dispatch_entries
from parity_tests.timings.networks import Problem
from parity_tests.timings.verdicts import DTYPE
from parity_tests.timings.work import BOTH, Cost, Entry, Prepared, Subject
from shared.catalogue import ACTIVATIONS
from shared.evidence import PASS

DISPATCH, FIRST_CALL, IMPORT, MEMORY = "dispatch", "first call", "import", "peak memory"
FIRST = "tanh"  # the function whose first call is timed
STEPS = 3  # of training, after which no more memory is asked for


def subjects() -> list[Subject]:
    """Those that a worker times; imports and memory need processes of their own."""
    return [Subject("start", DISPATCH, ""), Subject("start", FIRST_CALL, "")]


def fresh() -> list[Subject]:
    """Those that take one fresh process for each reading."""
    return [Subject("start", IMPORT, ""), Subject("start", MEMORY, "")]


def prepare(subject, halves, device="cpu") -> Prepared:
    """Every framework's smallest call, or both parties' first call of a function, in each mode."""
    if subject.concept == DISPATCH:
        entries = [entry for half in halves for entry in dispatch_entries(half, device)]
        for entry in entries:
            entry.verdict = PASS  # of −1 there is nothing to doubt
        return Prepared(subject, "(1,)", 1, entries)
    (concept,) = (row for row in ACTIVATIONS if row.name == FIRST)
    case = inputs.case(concept, "medium")
    prepared = Prepared(subject, str(case.x.shape), case.x.size)
    for half in halves:
        for find in (ours, built_in):
            prepared.entries += _first_calls(half, find(half, half.framework), case, device)
    return prepared


def _first_calls(half, party, case, device):
    """An entry for each mode that captures: a new function every time, called once."""
    for mode in half.modes[1:]:
        if half.framework.unavailable(mode):
            continue
        function, arrays, g, _ = case.call(party, DTYPE, mode, device)
        tensors = [half.framework.tensor(values, device) for values in arrays]
        upstream = half.framework.tensor(g, device)
        call = partial(_first_call, half, function, tensors, upstream, mode)
        yield Entry(half, party.name, mode, BOTH, call, Cost(), PASS, once=True, device=device)


def _first_call(half, function, tensors, upstream, mode):
    def anew(*tensors):
        return function(*tensors)

    return half.framework.prepared(anew, tensors, upstream, mode)()


def seconds_to_import(half, own) -> float:
    """Of a framework, or of this project's layers, losses and optimizers together with it."""
    start = time.perf_counter()
    if own:
        for name in ("layers", "losses", "optimizers"):
            half.module(name)
    elif half.in_keras:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    else:
        import torch  # noqa: F401
    return time.perf_counter() - start


def bytes_to_train(half, own, mode, device="cpu") -> int:
    """The most that this process, or a GPU, holds in the course of some steps of the MLP."""
    import resource

    half.framework.reset_peak_memory(device)
    step, _ = training.training_step(Problem("mlp", "medium"), half, own, mode, device)
    for _ in range(STEPS):
        step()
    counted = half.framework.peak_memory(device)
    # the kernel counts in KiB
    return counted or 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_fresh(subject, half, own, mode) -> dict:
    """One reading of a fresh subject, in this process, as a worker answers it."""
    if subject.concept == IMPORT:
        found, unit = seconds_to_import(half, own), "s"
    else:
        found, unit = float(bytes_to_train(half, own, mode)), "B"
    party = half.name if own else f"{half.name} built-in"
    told = {"party": party, "mode": mode, "work": subject.concept, "seconds": [found]}
    told |= {"verdict": PASS, "complaint": "", "note": ""}
    return {"shape": "", "elements": 0, "unit": unit, "readings": [told], "absent": []}
