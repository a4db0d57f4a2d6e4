"""A fault that no check can see because it changes no result, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parity_tests.faults.judging import Outcome
from parity_tests.faults.operators import Fault


@dataclass(frozen=True)
class Equivalent:
    """A fault that changes no result, named by what the report prints of it.

    Attributes:
        path: source file, as in ``tf_impl/activations.py``.
        function: qualified name of the function, "" at module level.
        before: the statement as written, in one line.
        after: the statement with the fault in it.
        reason: why no result depends on the change.
    """

    path: str
    function: str
    before: str
    after: str
    reason: str

    def matches(self, path: str, fault: Fault) -> bool:
        """Whether this entry speaks of `fault` in the file `path`."""
        named = (path, fault.function, fault.before, fault.after)
        return named == (self.path, self.function, self.before, self.after)


def stale(equivalents: Iterable[Equivalent], outcomes: Sequence[Outcome]) -> list[str]:
    """Says of each entry that no longer holds why it does not.

    Args:
        equivalents: the entries for the files that were run.
        outcomes: what became of every fault of these files.
    """
    complaints = []
    for entry in equivalents:
        matched = [o for o in outcomes if entry.matches(o.path, o.fault)]
        caught = [o for o in matched if o.caught]
        where = f"{entry.path} {entry.function}: {entry.before} -> {entry.after}"
        if not matched:
            complaints.append(f"{where}: there is no such fault any more; remove the entry")
        elif caught:
            outcome = caught[0]
            complaints.append(
                f"{where}: the checks catch it in line {outcome.fault.line} "
                f"({outcome.verdict}: {outcome.detail}); remove the entry"
            )
    return complaints
