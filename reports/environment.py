"""What a report was measured with: versions, processor, threads, system, devices and time."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

# Distribution names, in the order they are tried: the CPU build of TensorFlow has its own.
PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "torch": ("torch",),
    "numpy": ("numpy",),
}
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


@dataclass(frozen=True)
class Environment:
    """Plain text throughout, save for the number of cores and the seconds the run took."""

    time: str  # UTC, "2030-01-31T12:00:00+00:00"
    versions: str  # "python 3.12.1, tensorflow 2.21.0, ..."
    processor: str
    cores: int  # that this process may use
    threads: str  # the variables that limit them
    system: str
    devices: str
    seconds: float
    kernels: str = ""  # the frameworks' choice on this processor, where it was asked for

    def labelled(self) -> dict[str, str]:
        """The same, as a reader meets it: a label and a value to a line."""
        cores = f"{self.cores} core{'' if self.cores == 1 else 's'}"
        kernels = f", kernels: {self.kernels}" if self.kernels else ""
        return {
            "Measured": f"{self.time}, in {self.seconds:,.1f} s",
            "Versions": self.versions,
            "Processor": f"{self.processor}, {cores}{kernels}",
            "Threads": self.threads,
            "Devices": self.devices,
            "System": self.system,
        }


def describe(devices: Sequence[str], seconds: float, kernels: str = "") -> Environment:
    """This machine, now, without importing either framework.

    `devices` names what was measured on, `seconds` is how long that took, `kernels` which ones
    the frameworks took.

    >>> describe(["cpu"], seconds=1.5).devices
    'cpu'
    """
    return Environment(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=", ".join(f"{name} {version}" for name, version in versions().items()),
        processor=processor(),
        cores=cores(),
        threads=threads(),
        system=system(),
        devices=", ".join(devices),
        seconds=seconds,
        kernels=kernels,
    )


def versions() -> dict[str, str]:
    """Python's version and that of each package, or "not installed"."""
    found = {name: _version(names) for name, names in PACKAGES.items()}
    return {"python": platform.python_version(), **found}


def _version(names: Sequence[str]) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name where the system tells it, else its architecture."""
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, [*named, platform.processor(), platform.machine()]), "unknown")


def cores() -> int:
    """How many cores this process may use; a container often has fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> str:
    """The thread limits that are set in the environment, as NAME=value."""
    held = [f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ]
    return ", ".join(held) or "no limit set"


def system() -> str:
    """The operating system with its kernel and architecture."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()
    return f"{name}, {platform.system()} {platform.release()}, {platform.machine()}"
