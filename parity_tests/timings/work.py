"""What is timed: a subject at one size, and what each party does about it when it is called."""

from collections.abc import Callable
from dataclasses import dataclass, field

SIZES = ("tiny", "medium", "large")
FORWARD, BOTH, STEP = "forward", "forward+backward", "step"


@dataclass(frozen=True)
class Subject:
    """One concept at one size: its parties, modes and kinds of work are timed in turn."""

    family: str
    concept: str
    size: str

    @property
    def key(self) -> str:
        """A name for the store.

        >>> Subject("activations", "tanh", "tiny").key
        'activations/tanh/tiny'
        """
        return f"{self.family}/{self.concept}/{self.size}"


@dataclass(frozen=True)
class Cost:
    """The least that a piece of work asks of any machine."""

    bytes: int = 0  # every array read or written once
    flop: int = 0
    calls: int = 1  # of the framework, where each operation is called by itself; else it is one
    call: str = FORWARD  # or BOTH, where gradients are asked for too


@dataclass(eq=False)
class Entry:
    """One party's way of doing one piece of work in one mode, ready to be called."""

    half: object
    party: str
    mode: str
    work: str
    call: Callable[[], object]
    cost: Cost
    verdict: str = ""
    complaint: str = ""
    note: str = ""
    expected: object = None  # the result that was judged, where each call has the same one
    agrees: Callable[[list], bool] = lambda arrays: (
        False
    )  # judges one that has other bits than that
    once: bool = False  # whether it is a first call, with nothing to warm up
    device: str = "cpu"

    @property
    def identity(self) -> dict:
        """What a reading is known by, within its subject."""
        return {"party": self.party, "mode": self.mode, "work": self.work}


@dataclass
class Prepared:
    """A subject with all that is needed to time it."""

    subject: Subject
    shape: str
    elements: int
    entries: list[Entry] = field(default_factory=list)
    absent: list[dict] = field(default_factory=list)  # party, mode, and the reason
