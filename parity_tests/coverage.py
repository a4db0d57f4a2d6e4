"""Which checks cover which file: what a fault planted there has to get past.

A check is handed the names of the functions that the fault touches and returns one line for each
comparison that turned red. It measures eagerly: compilation changes rounding, not formulas, and a
fault planted in the source is the same fault in every mode.
"""

from shared.catalogue import ACTIVATIONS, MODELS
from shared.evidence import FAIL

FILES = {
    "tf_impl/activations.py": "parity_tests.coverage:activations",
    "torch_impl/activations.py": "parity_tests.coverage:activations",
    "shared/reference/activations.py": "parity_tests.coverage:activations",
    "tf_impl/builtins.py": "parity_tests.coverage:everything",
    "torch_impl/builtins.py": "parity_tests.coverage:everything",
    "tf_impl/framework.py": "parity_tests.coverage:adapters",
    "torch_impl/framework.py": "parity_tests.coverage:adapters",
    "tf_impl/models/logistic_regression.py": "parity_tests.coverage:models",
    "torch_impl/models/logistic_regression.py": "parity_tests.coverage:models",
    "shared/reference/logistic_regression.py": "parity_tests.coverage:models",
}


def activations(touched):
    """The concepts that a function, gradient or layer of one of these names belongs to, or all."""
    concerned = [
        c.name
        for c in ACTIVATIONS
        if c.layer in touched or any(t == c.name or t.startswith(f"{c.name}_") for t in touched)
    ]
    return _red(concerned or ["activations"], ("eager",))


def models(touched):
    """Every model's trajectory."""
    return _red([row.name for row in MODELS], ("eager",))


def everything(touched):
    """All families."""
    return _red([None], ("eager",))


def adapters(touched):
    """All families eagerly, and one concept in every mode, since an adapter has code for each."""
    return _red([None], ("eager",)) + _red(["hard_tanh"], ("graph", "compiled"))


def _red(only, modes):
    # imported here, so that a planted copy of the project is measured and not this one
    from parity_tests import suite

    rows = []
    for name in only:
        found = [row for job in suite.jobs(name, modes=modes) for row in suite.run(job)]
        rows += suite.conclude(found, name, modes=modes)
    return [
        f"{r.concept} {r.check} {r.tensor}: {r.left} / {r.right}" for r in rows if r.verdict == FAIL
    ]
