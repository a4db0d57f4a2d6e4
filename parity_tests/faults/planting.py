"""Runs the project with one of its modules exchanged, inside the running process.

Importing the frameworks takes far longer than most checks, so they stay imported: only the
project's own modules are imported afresh for each fault.
"""

from __future__ import annotations

import linecache
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, ModuleType

PROJECT = ("shared", "tf_impl", "torch_impl", "parity_tests", "reports")
_TOOL = "parity_tests.faults"
_compiled: dict[str, CodeType] = {}


class OutOfTimeError(BaseException):
    """A limit of time was reached. No handler of ordinary errors may swallow it."""


@contextmanager
def planted(module: str, source: str, packages: Sequence[str] = PROJECT) -> Iterator[None]:
    """Replaces a module by other source for as long as the context lasts.

    On entry the project's modules are forgotten, so that the next import runs them again, with
    `source` in the place of `module`; its ``__file__`` stays what it was. On exit the modules that
    were imported before are back, the same objects. Modules of other projects are left alone: one
    that was imported inside stays, because a framework cannot be imported twice.

    Args:
        module: full name of the module, as in ``tf_impl.activations``.
        source: what to run in its place.
        packages: top-level packages to import afresh. This tool is never imported afresh.

    Example:
        >>> with planted("shared.reference", "VALUE = 1"):
        ...     import shared.reference
        ...     shared.reference.VALUE
        1
    """
    before = _take_out(packages)
    with tempfile.TemporaryDirectory() as folder:
        # tf.function and torch.jit read the text of a function again, from the file that its code
        # names, so the changed source must be a file.
        file = Path(folder, f"{module}.py")
        file.write_text(source, encoding="utf-8")
        finder = _Finder(packages, module, compile(source, str(file), "exec"))
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            _take_out(packages)
            sys.modules.update(before)
            linecache.cache.pop(str(file), None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `OutOfTimeError` in the main thread once the process has worked for `seconds`.

    Processor time is counted, so that nothing hangs merely because the machine is busy. The error
    comes between two steps of Python. A call that never returns from compiled code cannot be ended
    this way.
    """
    previous = signal.signal(signal.SIGPROF, _raise_out_of_time)
    # Once more after the same time, should a callback have swallowed the first.
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        # One that is still under way must not meet the default, which ends the process.
        signal.signal(signal.SIGPROF, signal.SIG_IGN if previous == signal.SIG_DFL else previous)


def _raise_out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTimeError


def _take_out(packages: Sequence[str]) -> dict[str, ModuleType]:
    """Removes the project's modules from ``sys.modules`` and returns them."""
    names = [name for name in sys.modules if _is_project(name, packages)]
    return {name: sys.modules.pop(name) for name in names}


def _is_project(name: str, packages: Sequence[str]) -> bool:
    is_tool = f"{name}.".startswith(f"{_TOOL}.")
    return name.partition(".")[0] in packages and not is_tool


class _Finder:
    """Finds the project's modules where they always are, and gives each its code."""

    def __init__(self, packages: Sequence[str], module: str, code: CodeType):
        self.packages = packages
        self.module = module
        self.code = code

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _is_project(name, self.packages):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            code = self.code if name == self.module else None
            spec.loader = _Loader(name, spec.origin, code)
        return spec


class _Loader(SourceFileLoader):
    """Runs the code that it is given, or else the file's own, which it compiles only once."""

    def __init__(self, name: str, path: str, code: CodeType | None):
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        if self._code is not None:
            return self._code
        if self.path not in _compiled:
            _compiled[self.path] = super().get_code(fullname)
        return _compiled[self.path]
