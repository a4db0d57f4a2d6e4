"""The whole measurement: processes one after the other, every answer kept at once, rows at the end.

Each framework has processes of its own, for its own rows and for ours / built-in; others hold both,
and time both in the same rounds, for TensorFlow / torch.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from parity_tests.timings import plan, rows
from parity_tests.timings.processes import ROOT, Workers
from parity_tests.timings.rows import MODES
from parity_tests.timings.store import Store
from parity_tests.timings.work import Subject
from shared.evidence import ABSENT
from shared.timings import Timing

PACKAGES = ("tensorflow", "keras", "torch", "numpy")
CODE = ("shared", "tf_impl", "torch_impl", "parity_tests/timings")


@dataclass(frozen=True)
class Settings:
    """How to measure; whatever is kept on disk was measured with the very same."""

    rounds: int = 15  # in each process, at most
    seconds: float = 0.6  # of clocks running, for a subject in a process: rounds are fewer else
    processes: int = 3  # of each framework, and as many of both together
    threads: int = 1  # of each process
    at_once: int = 2  # processes
    sizes: tuple[str, ...] = ("tiny", "medium", "large")
    forward: tuple[str, ...] = MODES  # in which the forward pass is timed by itself too
    seed: int = 0  # of the order within a round, and of the order of subjects

    def described(self) -> dict:
        """The settings, the versions, and a mark of the code that is timed, as plain data."""
        versions = {name: metadata.version(name) for name in PACKAGES}
        kept = {**asdict(self), "sizes": list(self.sizes), "forward": list(self.forward)}
        return {**kept, **versions, "code": _digest()}


FULL = Settings()
# under 8 minutes on two cores, most of which is capturing graphs: so few of them
QUICK = Settings(rounds=11, seconds=0.2, sizes=("tiny", "medium"), forward=("eager",))


def _digest():
    """A mark that changes with any line of the code that is timed, or times."""
    found = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


@dataclass
class Progress:
    """How much is done of how much, and how long the rest may take."""

    total: float
    report: Callable[[int, int, float], None]
    count: int
    done: int = 0
    weight: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def advance(self, weight):
        """Count one more; `report` is told how many are done, of how many, and seconds left."""
        self.done, self.weight = self.done + 1, self.weight + weight
        spent = time.monotonic() - self.started
        self.report(self.done, self.count, spent * (self.total - self.weight) / self.weight)


def measure(
    only: str | None = None,
    settings: Settings = FULL,
    store: str | Path = "timings.jsonl",
    progress: Callable[[int, int, float], None] = lambda done, count, seconds: None,
    say: Callable[[str], None] = print,
) -> list[Timing]:
    """Measure a family, a concept or everything, and give every row of it.

    `store` is where readings are kept as they come: a run that was cut short goes on from them,
    and one with other settings, versions or code starts anew, which `say` is told. `progress` is
    called with the readings done in this run, their number, and the seconds that the rest may take.

    Raises KeyError, with the known names, for a name that nothing has, and
    `parity_tests.timings.processes.WorkerError` if a worker process fails.
    """
    chosen = plan.chosen(only, settings.sizes)
    kept = Store(store, settings.described())
    if kept.said:
        say(kept.said)
    workers = Workers(settings.threads)
    try:
        devices = _devices(kept, workers)
        jobs = plan.jobs(chosen, settings, devices, kept.lines)
        _run(jobs, kept, workers, settings.at_once, progress)
    finally:
        workers.end()
    lines = readings_of(chosen, kept.lines)
    return rows.timings(lines, settings.threads) + list(_without_gpu(devices, settings.threads))


def readings_of(chosen: list[Subject], lines: list[dict]) -> list[dict]:
    """The readings of these subjects, in their order, not in the random one in which they came."""
    found = {subject.key: [] for subject in chosen}
    for line in lines:
        if "readings" in line:
            key = Subject(line["family"], line["concept"], line["size"]).key
            found.get(key, []).append(line)
    return [line for of_one in found.values() for line in of_one]


def _devices(kept, workers):
    """The devices that both frameworks see, asked once and kept."""
    for line in kept.lines:
        if "devices" in line:
            return line["devices"]
    (line,) = workers.lines({"frameworks": list(plan.FRAMEWORKS)})
    kept.add(line)
    return line["devices"]


def _without_gpu(devices, threads):
    if devices == ["cpu"]:
        blank = Timing("", "", "", "", "", 0, "", "", "", "gpu", threads)
        note = "no GPU that both frameworks see"
        yield Timing(**{**asdict(blank), "verdict": ABSENT, "note": note})


def _run(jobs, kept, workers, at_once, progress):
    """Do the jobs, so many at once, keeping each line as it comes."""
    jobs, lock = list(jobs), threading.Lock()
    weights = [weight for job in jobs for weight in job.weights]
    told = Progress(sum(weights), progress, len(weights))

    def do(job):
        for line, weight in zip(workers.lines(job.told), job.weights, strict=True):
            with lock:
                kept.add({**job.label, **line})
                told.advance(weight)

    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(do, job) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            workers.end()
            raise
