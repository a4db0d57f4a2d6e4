"""Which checks cover which file: what a fault planted there has to get past.

A check is handed the names of the functions that the fault touches, none standing for all, and
names its steps (`parity_tests.probes`), the cheapest first, each short of the thirty seconds that
the unchanged files are given. Most of them measure eagerly: compilation changes rounding, not
formulas, and a fault planted in the source is the same fault in every mode. What only compilation
shows comes last. `parity_tests.covered` says which check is whose.
"""

from functools import partial

from parity_tests.faults.steps import Step
from shared.catalogue import (
    ACTIVATIONS,
    BACKPROP,
    CONCEPTS,
    GRAPH,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    MODELS,
    PREPROCESSING,
    RECURRENT,
    SCHEDULES,
    TRAINING,
)
from shared.catalogue.sequences import SEQUENCES
from shared.samples import WIDTH

LAYER_TESTS = ("test_builtin_layers.py", "test_layer_functions.py", "test_layer_batches.py",
               "test_keras_layers.py", "test_torch_modules.py")  # fmt: skip
FIT_TESTS = ("test_fit_history.py", "test_fit_stopping.py", "test_fit_errors.py",
             "test_fit_builtins.py", "test_fit_layers.py", "test_fit_traces.py",
             "test_fit_schedules.py", "test_fit.py", "test_fit_interrupted.py")  # fmt: skip
UNCOMPILED = "not compile and not captured and not every_mode and not xla"
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


def cnn(touched):
    """The short runs of every form, then its own tests, but for what takes long to learn."""
    long = "200_steps or 97_of_100"
    return [_step("trained", "cnn", 2), _tests("test_cnn.py", only=f"not ({long})")]


def networks(touched):
    """What every float64 run of a network goes through: images, a loss at a code, and time."""
    names = ("cnn", "autoencoder", "lstm_poem")
    tests = "test_networks.py", "test_rnn.py"
    return [*(_step("trained", name, 2) for name in names), _tests(*tests)]


def sequences(touched):
    """Training runs of recurrent networks, then their own tests, but for what takes long to learn.

    The text comes first: it has a mask, and outputs at every step and at the last.
    """
    names = [row.name for row in reversed(SEQUENCES)]
    return [
        *(_step("trained", name, 4) for name in names),
        _tests("test_rnn.py"),
    ]


def autoencoder(touched):
    """The short runs of every kind, then their own tests."""
    return [_step("trained", "autoencoder", 2), _tests("test_autoencoder.py", only=UNCOMPILED)]


def gan(touched):
    """The short runs of both players, then their own tests; noise is the autoencoders' too."""
    return [
        _step("trained", "gan", 2),
        _tests("test_gan.py", only=UNCOMPILED),
        _tests("test_autoencoder.py", only="noise"),
    ]


def feedforward(touched):
    """Training runs with masks and statistics, then their own tests, but for the long run."""
    return [
        _step("trained", "feedforward", 4),
        _tests("test_feedforward.py", only="not 200_steps"),
    ]


def builtins(touched):
    """The concepts that the touched functions serve, or all."""
    names = [c.name for c in CONCEPTS if c.shipped and (c.function_name in touched or not touched)]
    compiled = {
        half: [name for name in names if name in otherwise]
        for half, otherwise in SHIPPED_COMPILED_OTHERWISE.items()
    }
    return [
        *(_step("shipped", name) for name in names),
        *(_step("eager", name) for name in names),
        *(_step("compiled_shipped", half, *found) for half, found in compiled.items() if found),
    ]


def framework(touched):
    """A few concepts, a training run, and the adapter's own tests; then all of it captured."""
    return [
        *(_step("at_once", name) for name in ADAPTED),
        _tests(
            *("test_framework.py", "test_prepared.py", "test_adapters.py", "test_loading.py"),
            only="not graph and not compiled",
        ),
        _step("trained", "logistic_regression", 2),
        *(_step("eager", name) for name in ADAPTED),
        _step("eager", "hard_tanh", "graph"),
        _tests("test_framework.py", "test_adapters.py", only="graph or compiled"),
    ]


def weights(touched):
    """Tests alone: nothing of it is computed in two frameworks."""
    return [_tests("test_weights_drawing.py", "test_weights_errors.py", "test_weights_disk.py",
                   "test_weights_outputs.py", "test_weights.py", "test_loading.py")]  # fmt: skip


def _of_family(concepts, files, touched):
    """The comparisons of the concepts that a function serves, or of all; then tests, uncompiled."""
    names = [c.name for c in concepts if _serves(c, touched)] or [c.name for c in concepts]
    return [
        *(_step("at_once", name) for name in names),
        *(_tests(file, only=UNCOMPILED) for file in files),
        *(_step("eager", name) for name in names),
    ]


def _serves(concept, touched):
    name = concept.function_name
    return any(t in (name, concept.layer, f"{name}_gradient") for t in touched)


def _layers(*names, files):
    concepts = [concept for concept in (*LAYERS, *RECURRENT) if concept.name in names]
    return partial(_of_family, concepts, (*files, *LAYER_TESTS))


losses = partial(
    _of_family, LOSSES,
    ("test_loss_references.py", "test_losses.py", "test_loss_conventions.py", "test_loss_uses.py"),
)  # fmt: skip
backprop = partial(_of_family, BACKPROP, ("test_backprop.py",))
graph = partial(_of_family, GRAPH, ("test_graph.py", "test_worked_examples.py"))
initializers = partial(
    _of_family, INITIALIZERS,
    ("test_initializers.py", "test_initializers_moments.py", "test_initializers_builtins.py",
     "test_initializers_models.py", "test_initializers_errors.py"),
)  # fmt: skip
linear = _layers("linear", "flatten", files=["test_linear_layers.py", "test_layer_starts.py"])
regularization = _layers("dropout", files=["test_regularization.py"])
normalization = _layers(
    "batch_norm", "batch_norm_inference", "layer_norm",
    files=["test_normalization_bounds.py", "test_normalization.py"],
)  # fmt: skip
convolution = _layers("conv2d", files=["test_convolution.py", "test_layer_starts.py"])
pooling = _layers("max_pool2d", "average_pool2d", files=["test_pooling.py"])
embedding = _layers("embedding", files=["test_embedding.py"])
recurrent = _layers(
    "simple_rnn", "lstm", "gru",
    files=["test_recurrent_bounds.py", "test_recurrent_cells.py", "test_recurrent.py",
           "test_recurrent_layers.py", "test_recurrent_builtins.py"],
)  # fmt: skip

schedules = partial(
    _of_family, SCHEDULES,
    ("test_defaults.py", "test_schedules.py", "test_schedules_plateau.py",
     "test_schedules_training.py", "test_schedules_builtins.py"),
)  # fmt: skip
preprocessing = partial(
    _of_family, PREPROCESSING,
    ("test_defaults.py", "test_whitening.py", "test_preprocessing.py",
     "test_preprocessing_layers.py"),
)  # fmt: skip


def optimizers(touched):
    """Three steps of a training run, the updates by themselves, what the classes add, all runs.

    What concerns every optimizer shows in two of them most of the time, so those come first.
    """
    names = [row.name for row in TRAINING]
    concerned = {t.lower().replace("_", "") for t in touched}
    chosen = [name for name in names if name.replace("_", "") in concerned]
    first = chosen or ["adam", "momentum"]
    return [
        *(_step("trained", name, 3) for name in first),
        _tests("test_defaults.py"),
        _tests("test_optimizers.py", "test_optimizers_updates.py", "shared/hyperparameters.py"),
        _tests("test_optimizers_limits.py"),
        _tests("test_optimizers_keras.py"),
        _tests("test_optimizers_torch.py"),
        *(_step("trained", name, 3) for name in names if not chosen and name not in first),
    ]


def training(touched):
    """Two runs of three steps, then the tests of models and of `fit`, and of runs taken up."""
    eager = f"{UNCOMPILED} and not graph"
    return [
        _step("trained", "adam", 3),
        _step("trained", "momentum", 3),
        _tests("test_batches.py", "test_fit_reference.py", "shared/runs.py"),
        _tests("test_models.py", only=f"{eager} and not digits and not line_of_the_notes"),
        *(_tests(file, only=eager) for file in FIT_TESTS),
        _tests("test_checkpoints.py", only="sittings or bar or callback"),
    ]


def checkpoints(touched):
    """Tests alone: those without another process first."""
    return [
        _tests("shared/checkpoints.py"),
        _tests("test_checkpoints.py", only="not killed"),
        _tests("test_checkpoints.py", only="killed"),
        _tests("test_gan.py", only="sittings or game"),
    ]


def tuning(touched):
    """Tests alone: it searches whatever it is handed."""
    return [_tests("test_tuning.py")]


def _step(name, *arguments):
    return Step(f"parity_tests.probes:{name}", arguments)


def _tests(*files, only=""):
    return _step("failed", files, only)
