"""Which checks cover which file: what a fault planted there has to get past.

A check is handed the names of the functions that the fault touches, none standing for all, and
names its steps (`parity_tests.probes`), the cheapest first. Most of them measure eagerly:
compilation changes rounding, not formulas, and a fault planted in the source is the same fault in
every mode. What only compilation shows comes last.
"""

from parity_tests.faults.steps import Step
from shared.catalogue import ACTIVATIONS, MODELS
from shared.samples import WIDTH

FILES = {
    "tf_impl/framework.py": "parity_tests.coverage:adapters",
    "torch_impl/framework.py": "parity_tests.coverage:adapters",
    "tf_impl/models/logistic_regression.py": "parity_tests.coverage:models",
    "torch_impl/models/logistic_regression.py": "parity_tests.coverage:models",
    "tf_impl/builtins/models.py": "parity_tests.coverage:models",
    "torch_impl/builtins/models.py": "parity_tests.coverage:models",
    "tf_impl/builtins/activations.py": "parity_tests.coverage:builtins",
    "torch_impl/builtins/activations.py": "parity_tests.coverage:builtins",
    "tf_impl/activations.py": "parity_tests.coverage:activations",
    "torch_impl/activations.py": "parity_tests.coverage:activations",
    "shared/reference/logistic_regression.py": "parity_tests.coverage:models",
    "shared/reference/activations.py": "parity_tests.coverage:reference_activations",
}

COMPILED_OTHERWISE = ("elu", "tanh")  # in formula, or in how far a primitive is off
SHIPPED_COMPILED_OTHERWISE = {
    "TensorFlow": ("maxout", "softplus", "tanh"),
    "torch": ("elu", "hard_tanh"),
}
ADAPTED = ("prelu", "sigmoid", "maxout")  # parameters, second order, options: all an adapter does


def activations(touched):
    """The concepts that a function, gradient or layer of one of these names belongs to, or all."""
    concerned = _concerned(touched)
    names = [concept.name for concept in concerned]
    layers = [c.layer for c in concerned if c.layer in touched]
    shaped = [c.name for c in concerned if c.inner != (WIDTH,) or c.parameters]
    compiled = [name for name in names if name in COMPILED_OTHERWISE]
    files = ["test_activations.py", "test_conventions.py", "test_layers.py"]
    only = " or ".join([*layers, *shaped, "0d", "pieces", "slopes"])
    return [
        *(_step("at_once", name) for name in names),
        *(_step("eager", name) for name in names),
        *(_tests(*files, only=f"({only}) and not compiled") for _ in [*layers, *shaped][:1]),
        *(_step("compiled_ours", *compiled) for _ in compiled[:1]),
    ]


def reference_activations(touched):
    """As for the halves' functions, and arithmetic with 50 digits."""
    names = [concept.name for concept in _concerned(touched)]
    slow = "not slopes_of"  # one place after the other
    exact = _tests("test_reference.py", only=f"({' or '.join(names)} or shared) and {slow}")
    return [*activations(touched), exact]


def _concerned(touched):
    return [
        c
        for c in ACTIVATIONS
        if c.layer in touched or any(t == c.name or t.startswith(f"{c.name}_") for t in touched)
    ] or ACTIVATIONS


def models(touched):
    """Two steps of every training run, then its own tests, then forty steps."""
    names = [row.name for row in MODELS]
    return [
        *(_step("trained", name, 2) for name in names),
        _tests("test_notes.py", "test_training.py"),
        *(_step("trained", name, 40) for name in names),
    ]


def builtins(touched):
    """The concepts that the touched functions serve, or all."""
    names = [c.name for c in ACTIVATIONS if c.name in touched or not touched]
    compiled = {
        half: [name for name in names if name in otherwise]
        for half, otherwise in SHIPPED_COMPILED_OTHERWISE.items()
    }
    return [
        *(_step("shipped", name) for name in names),
        *(_step("eager", name) for name in names),
        *(_step("compiled_shipped", half, *found) for half, found in compiled.items() if found),
    ]


def adapters(touched):
    """A few concepts, a training run, and the adapter's own tests; then all of it captured."""
    return [
        *(_step("at_once", name) for name in ADAPTED),
        _tests(
            *("test_framework.py", "test_adapters.py", "test_loading.py"),
            only="not graph and not compiled",
        ),
        _step("trained", "logistic_regression", 2),
        *(_step("eager", name) for name in ADAPTED),
        _step("eager", "hard_tanh", "graph"),
        _tests("test_framework.py", "test_adapters.py", only="graph or compiled"),
    ]


def _step(name, *arguments):
    return Step(f"parity_tests.probes:{name}", arguments)


def _tests(*files, only=""):
    return _step("failed", files, only)
