"""The two halves line up: same files, same names in the same order, signatures, docstrings."""

import ast
import itertools
import re
from pathlib import Path

import pytest

from shared.vocabulary import translate

ROOT = Path(__file__).resolve().parents[1]
LEFT, RIGHT = ROOT / "tf_impl", ROOT / "torch_impl"
FILES = sorted(path.relative_to(LEFT) for path in LEFT.rglob("*.py") if path.name != "__init__.py")
# what one half needs and the other does not, with the reason; each is asserted to be there still
ONE_SIDED = {
    "torch_impl/activations.py": {
        "_largest": "amax refuses an empty dim",
        "_expm1": "torch.compile would lower expm1 to e^x − 1",
    },
    "torch_impl/layers/convolution.py": {
        "_unseen": "rows that no window reaches have gradient 0",
        "_channels_first": "sums run over the images and, behind the channels, the places",
    },
    "torch_impl/layers/linear.py": {
        "draw_uniform": "torch starts its layers so",
        "autocast": "a custom backward has to be told of mixed precision",
    },
    "torch_impl/layers/normalization.py": {"_along_channels": "channels are not the last axis"},
    "tf_impl/layers/convolution.py": {
        "_apart": "TensorFlow is slow to slice with a stride",
        "sizes": "a graph may not know them",
    },
    "tf_impl/layers/recurrent.py": {"_unit_forget_bias": "Keras starts the forget gate open"},
    "torch_impl/losses.py": {
        "_classes_last": "classes lie on dim 1",
        "_classes_back": "classes lie on dim 1",
    },
    "tf_impl/framework.py": {
        "_retracing_expected": "TensorFlow warns of repeated tracing",
        "_name": "a layer's weight carries the path to it",
    },
    "torch_impl/framework.py": {
        "_measure_captured": "autograd runs outside the captured forward pass",
        "_upstream": "autograd wants an upstream gradient for each output",
        "Moment": "TensorFlow lets no one read a GPU's own clock",
        "_native": "the shared name gpu:0 is cuda:0 here",
    },
    "tf_impl/initializers.py": {"_Initializer": "gives a tensor of a shape"},
    "torch_impl/initializers.py": {"_Initializer": "fills a parameter in place"},
    "tf_impl/schedules/decay.py": {"_Decay": "a Keras schedule has its own first rate"},
    "tf_impl/schedules/schedule.py": {"_Schedule": "is called by an optimizer"},
    "torch_impl/schedules/schedule.py": {"_Schedule": "sets the rates of an optimizer"},
    "torch_impl/schedules/plateau.py": {"_set_rate": "a group's rate may be a tensor"},
    "tf_impl/preprocessing/base.py": {"_Preprocessing": "keeps weights, built when adapted"},
    "torch_impl/preprocessing/base.py": {"_Preprocessing": "keeps buffers"},
    "tf_impl/optimizers/base.py": {"_filled_with": "Keras's Constant rounds to float32"},
    "tf_impl/optimizers/flat.py": {"FlatParameters": "a variable cannot be a view: models read it"},
    "torch_impl/optimizers/flat.py": {
        "FlatParameters": "parameters are views, so an optimizer can lay them flat by itself",
        "update_in_place": "torch compiles what overwrites its arguments",
        "dense": "Keras's base class is handed dense gradients",
        "_side_by_side": "the vectors of parameters, gradients and state",
    },
    "tf_impl/scheduled.py": {"ByEpoch": "an optimizer asks a schedule by its own count of steps"},
    "tf_impl/checkpoints.py": {
        "_read": "torch's file holds all of a run",
        "_drawn_from": "a layer has a generator of its own",
    },
    "torch_impl/training.py": {"_own_mode": "a module remembers whether it is being trained"},
    "torch_impl/builtins/activations.py": {
        "softmax": "without a dim torch guesses one",
        "log_softmax": "without a dim torch guesses one",
        "softplus": "the default threshold has to be moved",
    },
    "torch_impl/builtins/models.py": {"_same": "nn.Conv2d refuses strides with padding 'same'"},
    "tf_impl/builtins/activations.py": {
        "leaky_relu": "the option is called alpha",
        "elu": "keras.activations has the option, tf.nn has not",
        "gelu": "approximate has to be said",
        "hard_tanh": "only keras has it",
        "prelu": "only a layer has it",
    },
}


def definitions(path):
    """Name -> node of the functions and classes of a file, in order."""
    tree = ast.parse(path.read_text())
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def both(file):
    """The definitions of a file in both halves, less those that only one half needs."""
    found = []
    for half in (LEFT, RIGHT):
        own = definitions(half / file)
        excused = ONE_SIDED.get(f"{half.name}/{file}", {})
        assert set(excused) <= set(own), f"{half.name}/{file} no longer has {excused}"
        found.append({name: node for name, node in own.items() if name not in excused})
    return found


# Keras hands `training` to a call, where a torch module has its own mode, and tells a callback by
# name which metric to monitor; torch's schedulers work on an optimizer from the last epoch on, its
# optimizers on parameters
UNPAIRED = ("dtype", "kwargs", "training", "monitor", "optimizer", "last_epoch", "params")
# a schedule's methods are given it at once in Keras, and for each parameter group in torch
FIRST_RATE = "initial_lr"
# a loss takes labels before predictions in Keras, and after them in torch
LABELS_FIRST = ("target", "input")


def parameters(node):
    """(name, default) of each argument, in the first framework's words translated."""
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    defaults = [None] * (len(names) - len(arguments.defaults)) + [
        ast.unparse(d) for d in arguments.defaults
    ]
    pairs = itertools.zip_longest(names, defaults)
    found = [(translate(name), default) for name, default in pairs if name not in UNPAIRED]
    found = [pair for pair, _ in itertools.groupby(found)]  # both betas are one in torch
    if LABELS_FIRST in [(left, right) for (left, _), (right, _) in itertools.pairwise(found)]:
        place = found.index((LABELS_FIRST[0], None))
        found[place : place + 2] = found[place : place + 2][::-1]
    return found


def skeleton(node):
    """The parts of a docstring that both halves share: its paragraphs' kinds, not its words."""
    text = ast.get_docstring(node) or ""
    return [
        "example" if part.lstrip().startswith(">>>") else "text"
        for part in re.split(r"\n\n+", text)
    ]


def test_both_halves_have_the_same_files():
    assert (
        sorted(
            path.relative_to(RIGHT) for path in RIGHT.rglob("*.py") if path.name != "__init__.py"
        )
        == FILES
    )
    assert len(FILES) >= 4


@pytest.mark.parametrize("file", FILES, ids=str)
def test_names_and_their_order(file):
    left, right = both(file)
    assert [translate(name) for name in left] == list(right)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_signatures_through_the_vocabulary(file):
    left, right = both(file)
    for (name, one), other in zip(left.items(), right.values(), strict=True):
        if isinstance(one, ast.FunctionDef):
            assert parameters(one) == parameters(other), f"{file}: {name}"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_docstrings_share_a_skeleton(file):
    left, right = both(file)
    for (name, one), other in zip(left.items(), right.values(), strict=True):
        assert skeleton(one) == skeleton(other), f"{file}: {name}"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_equations_above_the_lines_agree(file):
    """The comments that state an equation are the same, in the same order."""
    equations = [
        re.findall(r"^\s*# (\S+ (?:=|←) .*)$", (half / file).read_text(), re.MULTILINE)
        for half in (LEFT, RIGHT)
    ]
    assert equations[0] == equations[1]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_methods_line_up(file):
    left, right = both(file)
    # bookkeeping that each framework does its way
    skipped = {"build", "get_config", "extra_repr", "reset_parameters", "compute_mask"}
    skipped |= {"from_config", "state_dict", "load_state_dict", "on_epoch_end", "_initial_step"}
    if file.parts[0] == "layers":  # a layer is built with what its framework's own is built with
        skipped.add("__init__")
    if file.parts[0] == "optimizers":  # hyperparameters belong to Keras's optimizer, torch's group
        skipped |= {"__init__", "starts", "rates", "options", "apply", "update_step", "step"}
        skipped |= {"_apply_weight_decay", "add_param_group", "__setstate__", "zero_grad"}
        skipped |= {"_step_one_by_one", "_state_of", "_step_at_once", "_laid_flat"}
    for (name, one), other in zip(left.items(), right.values(), strict=True):
        if isinstance(one, ast.ClassDef):
            methods = [
                [(translate(m.name), [p for p in parameters(m) if p[0] != FIRST_RATE])
                 for m in node.body
                 if isinstance(m, ast.FunctionDef) and m.name not in skipped]
                for node in (one, other)
            ]  # fmt: skip
            assert methods[0] == methods[1], f"{file}: {name}"
