"""The steps that faults have to get past: each measures something and names what turned red.

A step runs in a process in which a fault is planted. What it measures is imported inside it, so
that a red import is the step's own result, and the cheap steps do without what only others need.
"""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import pytest

from shared.catalogue import CONCEPTS
from shared.evidence import FAIL

ROOT = Path(__file__).resolve().parents[1]


def at_once(name):
    """What the halves' values and gradients alone show, in float64: most of what there is."""
    from parity_tests import parties
    from shared import parity

    ours = [parties.ours(half) for half in parties.HALVES]
    return _named(parity.compare(_cases([name]), ours, "float64"))


def shipped(name):
    """What the built-ins show, eagerly and in both precisions, and whether their notes hold."""
    from parity_tests import parties
    from shared import parity

    where = ("float32", "float64"), ("eager",)
    theirs = [parties.built_in(half) for half in parties.HALVES]
    rows = [row for dtype in where[0] for row in parity.compare(_cases([name]), theirs, dtype)]
    rows += parity.unseen(rows, theirs, [name], *where)
    return _named(rows + parity.overmarked(_cases([name]), theirs, *where))


def eager(name, mode="eager"):
    """Every comparison of a concept in one mode, the eager one unless said otherwise."""
    return _measured(name, mode)


def trained(name, steps):
    """A number of steps of a training run, in both precisions."""
    return _measured(name, "eager", steps)


def compiled_ours(*names):
    """What only compilation shows, of the concepts that are computed otherwise when compiled."""
    from parity_tests import parties

    return _compiled([parties.ours(half) for half in parties.HALVES], names)


def compiled_shipped(half, *names):
    """The same of what one framework ships."""
    from parity_tests import parties

    return _compiled([p for p in parties.five() if p.name == f"{half} built-in"], names)


def _compiled(chosen, names):
    from shared import parity

    rows = parity.compare(_cases(names), chosen, "float32", "compiled")
    rows += parity.unseen(rows, chosen, names, ("float32",), ("compiled",))
    where = ("float32",), ("eager", "compiled")
    return _named(rows + parity.overmarked(_cases(names), chosen, *where))


def _measured(name, mode, steps=None):
    from parity_tests import suite

    jobs = [replace(job, steps=steps) for job in suite.jobs(name, modes=(mode,))]
    rows = [row for job in jobs for row in suite.run(job)]
    return _named(suite.conclude(rows, name, modes=(mode,)))


def _cases(names):
    from shared.cases import cases

    return cases([concept for concept in CONCEPTS if concept.name in names])


def _named(rows):
    return [
        f"{r.concept} {r.check} {r.tensor}: {r.left} / {r.right}" for r in rows if r.verdict == FAIL
    ]


def failed(files, only=""):
    """One line if the tests of these files, or those that `only` selects, do not pass."""
    folders = [ROOT if "/" in file else Path(__file__).parent for file in files]
    paths = [str(folder / file) for folder, file in zip(folders, files, strict=True)]
    quiet = ["-x", "-q", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
    # the last words of modules that a planted copy has replaced are none of these tests' affair
    quiet += ["-p", "no:unraisableexception"]
    # pytest would read a file that is named here by itself, past what is planted in its place
    quiet += ["--assert=plain"]
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main([*paths, *quiet, "-k", only])
    return [] if status == pytest.ExitCode.OK else [f"{', '.join(files)}: {status.name}"]
