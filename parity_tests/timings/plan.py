"""What there is to time, cut into jobs for worker processes; neither framework is loaded here."""

import random
from dataclasses import dataclass

from parity_tests.timings import start
from parity_tests.timings.functions import CONCEPTS
from parity_tests.timings.work import Subject
from parity_tests.timings.worker import subjects

FRAMEWORKS = ("TensorFlow", "torch")
COLUMNS = (("TensorFlow",), ("torch",), FRAMEWORKS)
# seconds that a subject takes, roughly, for the estimate of the time left alone
BY_SIZE = {"": 4.0, "tiny": 1.0, "medium": 1.3, "large": 6.0}
FRESH_SECONDS = 5.0
# that are timed at more than one size where there is no time
QUICK_OPTIMIZERS, QUICK_NETWORKS = ("sgd", "adam"), ("mlp",)
ONE_SIZE = ("cnn", "lstm")  # of networks in a quick run


@dataclass
class Job:
    """What a worker is told, what its lines are labelled with, and how long each may take."""

    told: dict
    label: dict
    weights: list[float]


def chosen(only, sizes) -> list[Subject]:
    """The subjects of a family or concept, or all of them, at these sizes.

    >>> [subject.key for subject in chosen("tanh", ["tiny", "large"])]
    ['activations/tanh/tiny', 'activations/tanh/large']

    An unknown name raises KeyError with the list of known ones.
    """
    everything = [*subjects(), *start.fresh()]
    found = [s for s in everything if not only or only in (s.family, s.concept)]
    if not found:
        known = ", ".join(dict.fromkeys(n for s in everything for n in (s.family, s.concept)))
        raise KeyError(f"nothing that is timed is called {only!r}; known are: {known}")
    return [s for s in found if s.size in ("", *sizes) and ("large" in sizes or _quickly(s))]


def _quickly(subject):
    """Whether a run without large sizes has the time for it.

    Keras takes long to trace many variables and torch to compile a network, labels of another kind
    make no other function, and what is held in memory takes a process for each reading.
    """
    if subject.concept == start.MEMORY:
        return False
    if subject.family == "optimizers":
        return subject.size == "tiny" or subject.concept in QUICK_OPTIMIZERS
    if subject.family == "training":
        medium = subject.concept in ONE_SIZE and subject.size == "medium"
        return medium or subject.concept in QUICK_NETWORKS
    concept = CONCEPTS.get(subject.concept)
    return concept is None or concept.name == concept.function_name


def jobs(chosen, settings, devices, lines):
    """The jobs whose lines are not there yet, in the order in which they are best done."""
    there = {_key(line) for line in lines if "family" in line}
    fresh = [subject for subject in chosen if subject in start.fresh()]
    others = [subject for subject in chosen if subject not in fresh]
    for process in range(settings.processes):
        for device in devices:
            for frameworks in COLUMNS:
                label = {"frameworks": list(frameworks), "process": process, "device": device}
                of_column = (s for s in others if _in_column(s, frameworks))
                left = [s for s in of_column if _key({**label, **vars(s)}) not in there]
                if left:
                    yield _job(left, label, settings)
        for subject in fresh:
            yield from _fresh(subject, process, settings, there)


def _in_column(subject, frameworks):
    """Whether processes that hold these frameworks time a subject.

    At the tiny size a call costs more than the work: what calls cost is compared as dispatch.
    """
    return len(frameworks) == 1 or subject.size != "tiny"


def _key(line):
    named = ("family", "concept", "size", "process", "device")
    which = tuple(line["which"]) if "which" in line else ()
    return *(line[name] for name in named), tuple(line["frameworks"]), which


def _job(left, label, settings):
    """All that a process has still to do, in an order of its own."""
    seed = 100_000 * settings.seed + 1000 * label["process"]
    random.Random(seed).shuffle(left)
    told = {**label, "rounds": settings.rounds, "seconds": settings.seconds, "seed": seed}
    told["subjects"] = [[s.family, s.concept, s.size] for s in left]
    told["forward"] = list(settings.forward)
    times = len(label["frameworks"])
    return Job(told, label, [times * BY_SIZE[s.size] for s in left])


def _fresh(subject, process, settings, there):
    """One job for each party and mode of what takes a fresh process."""
    modes = ["eager"]
    if subject.concept == start.MEMORY and "large" in settings.sizes:
        modes += ["compiled"]
    for name in FRAMEWORKS:
        for own in (True, False):
            for mode in modes:
                which = [own, mode]
                label = {"frameworks": [name], "process": process, "device": "cpu", "which": which}
                label |= vars(subject)
                if _key(label) not in there:
                    told = {"fresh": [subject.family, subject.concept, subject.size], "own": own}
                    told |= {"framework": name, "mode": mode, "device": "cpu"}
                    yield Job(told, label, [FRESH_SECONDS])
