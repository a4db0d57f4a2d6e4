"""Which checks cover which file: what a fault planted there has to get past.

A check is handed the names of the functions that the fault touches and returns one line for each
comparison that turned red. It measures eagerly: compilation changes rounding, not formulas, and a
fault planted in the source is the same fault in every mode.
"""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import pytest

from shared.catalogue import ACTIVATIONS, MODELS
from shared.evidence import FAIL
from shared.samples import WIDTH

FILES = {
    "tf_impl/activations.py": "parity_tests.coverage:activations",
    "torch_impl/activations.py": "parity_tests.coverage:activations",
    "shared/reference/activations.py": "parity_tests.coverage:activations",
    "tf_impl/builtins/activations.py": "parity_tests.coverage:builtins",
    "torch_impl/builtins/activations.py": "parity_tests.coverage:builtins",
    "tf_impl/framework.py": "parity_tests.coverage:adapters",
    "torch_impl/framework.py": "parity_tests.coverage:adapters",
    "tf_impl/models/logistic_regression.py": "parity_tests.coverage:models",
    "torch_impl/models/logistic_regression.py": "parity_tests.coverage:models",
    "shared/reference/logistic_regression.py": "parity_tests.coverage:models",
}

COMPILED_OTHERWISE = ("elu", "tanh")  # in formula, or in how far a primitive is off
STEPS = 40  # of a training run: a fault in a step shows at once
ADAPTED = ("prelu", "sigmoid", "maxout")  # parameters, second order, options: all an adapter does


def activations(touched):
    """The concepts that a function, gradient or layer of one of these names belongs to, or all."""
    concerned = [
        c
        for c in ACTIVATIONS
        if c.layer in touched or any(t == c.name or t.startswith(f"{c.name}_") for t in touched)
    ] or ACTIVATIONS
    red = _red_at_once(concerned) or _red([c.name for c in concerned]) or _red_compiled(concerned)
    layers = [c.layer for c in concerned if c.layer in touched]
    shaped = [c.name for c in concerned if c.inner != (WIDTH,) or c.parameters]
    if not red and (layers or shaped):
        files = "test_activations.py", "test_conventions.py", "test_layers.py"
        red = _failed(*files, only=[*layers, *shaped, "0d", "pieces", "slopes"])
    return red


def models(touched):
    """Every model's trajectory, and its decision at the threshold."""
    return _red([row.name for row in MODELS]) or _failed("test_notes.py")


def builtins(touched):
    """The concepts that the touched functions serve; all families if none is named."""
    known = [row.name for row in (*ACTIVATIONS, *MODELS) if row.name in touched]
    return _red(known or ["activations", "models"])


def adapters(touched):
    """A few concepts eagerly and captured, a training run, and the adapter's own tests."""
    return (
        _red_at_once([c for c in ACTIVATIONS if c.name in ADAPTED])
        or _red([*ADAPTED, "logistic_regression"])
        or _red(["hard_tanh"], ("graph",))
        or _failed("test_framework.py")
    )


def _red_at_once(concepts):
    """What the halves' values and gradients alone show, in float64: most of what there is."""
    from parity_tests import parties
    from shared import parity
    from shared.cases import cases

    ours = [parties.ours(half) for half in parties.HALVES]
    return _named(parity.compare(cases(concepts), ours, "float64"))


def _red(only, modes=("eager",)):
    # imported here, so that a planted copy of the project is measured and not this one
    from parity_tests import suite

    rows = []
    for name in only:
        jobs = [replace(job, steps=STEPS) for job in suite.jobs(name, modes=modes)]
        rows += suite.conclude([row for job in jobs for row in suite.run(job)], name, modes=modes)
    return _named(rows)


def _red_compiled(concepts):
    """What only compilation shows, of the concepts that are computed otherwise when compiled."""
    from parity_tests import parties
    from shared import parity
    from shared.cases import cases

    concepts = [c for c in concepts if c.name in COMPILED_OTHERWISE]
    ours = [parties.ours(half) for half in parties.HALVES]
    if not concepts:
        return []
    rows = parity.compare(cases(concepts), ours, "float32", "compiled")
    names = [concept.name for concept in concepts]
    return _named(rows + parity.unseen(rows, ours, names, ("float32",), ("compiled",)))


def _named(rows):
    return [
        f"{r.concept} {r.check} {r.tensor}: {r.left} / {r.right}" for r in rows if r.verdict == FAIL
    ]


def _failed(*files, only=()):
    """One line if the tests of these files, or those whose names say `only`, do not pass."""
    paths = [str(Path(__file__).parent / file) for file in files]
    quiet = ["-x", "-q", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
    # the last words of modules that a planted copy has replaced are none of these tests' affair
    quiet += ["-p", "no:unraisableexception"]
    chosen = ["-k", f"({' or '.join(only)}) and not compiled"] if only else []
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main([*paths, *quiet, *chosen])
    return [f"{', '.join(files)}: {status.name}"] if status == pytest.ExitCode.TESTS_FAILED else []
