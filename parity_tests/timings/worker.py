"""One process that times: a job in JSON on its input, a line of JSON for each subject it has done.

A job is {"frameworks", "device", "rounds", "seconds", "seed", "subjects"}, with "forward" the modes
in which a forward pass is timed by itself, or {"fresh", …} for one reading of a process that has
done nothing else. What frameworks print goes to the error stream.
"""

import gc
import json
import os
import sys
import warnings
from dataclasses import asdict

from parity_tests import halves
from parity_tests.timings import (
    checks,
    functions,
    limits,
    optimizers,
    rounds,
    start,
    training,
)
from parity_tests.timings.rows import MODES
from parity_tests.timings.work import FORWARD, Subject

KEPT = 10  # subjects, after which memory is gathered
FAMILIES = {"optimizers": optimizers, "training": training, "start": start}


def subjects() -> list[Subject]:
    """Everything that a worker can time."""
    modules = functions, optimizers, training, start
    return [subject for module in modules for subject in module.subjects()]


def main() -> None:
    """Do the job on the standard input."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\._inductor")
    for found in do(json.load(sys.stdin)):
        print(json.dumps(found), file=lines, flush=True)


def do(job):
    """What each subject of a job gave, as plain data, one after the other."""
    if "fresh" in job:
        half = halves.load(job["framework"])
        subject = Subject(*job["fresh"])
        yield start.read_fresh(subject, half, job["own"], job["mode"])
        return
    taking_part = [halves.load(name) for name in job["frameworks"]]
    if "subjects" not in job:
        seen = [half.framework.devices() for half in taking_part]
        yield {"devices": [device for device in seen[0] if all(device in s for s in seen)]}
        return
    for half in taking_part:
        half.framework.set_full_precision()
    here = limits.measure(taking_part, job["device"], job["seed"])
    for place, names in enumerate(job["subjects"], start=1):
        yield time_subject(Subject(*names), taking_part, here, job, job["seed"] + place)
        for half in taking_part:
            # or torch.compile would take the next size for a variant of this one, of any shape
            half.framework.forget_captures()
        if place % KEPT == 0:
            gc.collect()


def time_subject(subject, taking_part, here, job, seed):
    """The readings of all entries of a subject."""
    module = FAMILIES.get(subject.family, functions)
    prepared = module.prepare(subject, taking_part, job["device"])
    if module is functions:
        modes = job.get("forward", MODES)
        prepared.entries = [e for e in prepared.entries if e.work != FORWARD or e.mode in modes]
    ready = [entry for entry in prepared.entries if entry.call is not None]
    readings = rounds.run(ready, job["rounds"], seed, job["seconds"])
    found = dict(zip(map(id, ready), readings, strict=True))
    line = {**asdict(subject), "shape": prepared.shape, "elements": prepared.elements}
    line["readings"] = [_reading(e, found.get(id(e)), here) for e in prepared.entries]
    line["absent"] = prepared.absent
    return line


def _reading(entry, found, here):
    told = entry.identity | {"verdict": entry.verdict, "note": entry.note}
    if found is None:
        return told | {"seconds": [], "complaint": entry.complaint}
    limit, cost = here.binding(entry.cost, entry.half.name, entry.mode)
    complaint = checks.of_readings(found)
    return told | {
        "seconds": found.seconds, "complaint": complaint, "limit": limit, "limit_cost": cost,
    }  # fmt: skip


if __name__ == "__main__":
    main()
