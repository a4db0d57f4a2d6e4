"""Checkpoints: a run that was stopped, or killed, ends bit for bit as one that never was."""

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import torch

from parity_tests import checkpoint_run
from parity_tests.checkpoint_run import EPOCHS, PARTS, X, Y, train
from shared import weights
from shared.checkpoints import recover, replacing
from shared.early_stopping import EarlyStopping
from torch_impl import checkpoints as torch_checkpoints

ROOT = Path(__file__).parents[1]
KERAS, TORCH = PARTS


def plateau(half, parts):
    """The parts with a schedule that follows the validation loss, this project's own."""
    model, optimizer, _ = parts
    if half == KERAS:
        from tf_impl.schedules import PlateauDecay

        return model, optimizer, PlateauDecay(factor=0.5, patience=1, min_delta=0.25)
    from torch_impl.schedules import PlateauDecay

    return model, optimizer, PlateauDecay(optimizer, factor=0.5, patience=1, min_delta=0.25)


def shipped_plateau(half, parts, least=0.25):
    """The same, the frameworks' own; `least` is the improvement that counts."""
    model, optimizer, _ = parts
    if half == KERAS:
        falling = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=least)
        return model, optimizer, falling
    return model, optimizer, torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=0, threshold=least, threshold_mode="abs"
    )  # fmt: skip


RUNS = {  # name: what makes its parts of the usual ones, and what more `fit` is told
    "each epoch": (lambda half, parts: parts, {}),
    "each step": (lambda half, parts: parts, {"schedule_every": "step"}),
    "plateau": (plateau, {}),
    "the framework's own plateau": (shipped_plateau, {}),
    "the framework's own, from the second epoch": (partial(shipped_plateau, least=1e6), {}),
    "graph": (lambda half, parts: parts, {"mode": "graph"}),
}


@pytest.mark.parametrize("half", PARTS)
@pytest.mark.parametrize("run", RUNS)
def test_a_run_in_two_sittings_is_the_run_in_one(half, run, tmp_path):
    maker, more = RUNS[run]
    sittings = [maker(half, PARTS[half]()) for _ in range(3)]
    seeded = [dict(more, parts=parts) for parts in sittings]
    steps = []
    whole, end = _seeded(half, **seeded[0])
    _seeded(half, folder=tmp_path / "kept", epochs=2, **seeded[1])
    rest, there = _seeded(half, folder=tmp_path / "kept", on_step=steps.append, **seeded[2])
    assert rest.epochs == whole.epochs and there == end
    assert [step.step for step in steps] == [6, 7, 8, 9, 10, 11]
    assert {step.epoch for step in steps} == {2, 3}


def test_a_callback_goes_on_from_the_rates_of_the_run_whatever_the_optimizer_comes_with(tmp_path):
    """One at its least rate already would count on where the run began to count anew."""
    falls = dict(factor=0.5, patience=2, min_delta=1e6, min_lr=2.0**-20)
    sittings = [(*PARTS[KERAS]()[:2], keras.callbacks.ReduceLROnPlateau(**falls)) for _ in range(3)]
    whole, end = train(KERAS, parts=sittings[0])
    train(KERAS, tmp_path / "kept", epochs=3, parts=sittings[1])
    sittings[2][1].learning_rate = falls["min_lr"]
    rest, there = train(KERAS, tmp_path / "kept", parts=sittings[2])
    assert rest.epochs == whole.epochs and there == end


def _seeded(half, **more):
    """A run by itself: torch's one generator begins with it."""
    torch.manual_seed(3)
    return train(half, **more)


@pytest.mark.parametrize("half", PARTS)
def test_the_bar_begins_where_the_run_is_taken_up(half, tmp_path, monkeypatch):
    told = []

    @contextlib.contextmanager
    def bar(shown, steps, done):
        told.append((steps, done))
        yield lambda *step: None

    monkeypatch.setattr(importlib.import_module(f"{half}.training"), "progress_bar", bar)
    for epochs in (2, EPOCHS):
        train(half, tmp_path / "kept", epochs=epochs)
    assert told == [(6, 0), (12, 6)]


@pytest.mark.parametrize("half", PARTS)
def test_a_run_that_is_done_is_taken_up_as_it_ended(half, tmp_path):
    whole, end = train(half, tmp_path / "kept")
    again, there = train(half, tmp_path / "kept", on_step=pytest.fail)
    assert again.epochs == whole.epochs and there == end


@pytest.mark.parametrize("half", PARTS)
def test_early_stopping_counts_the_epochs_before(half, tmp_path):
    """No epoch counts as an improvement but the first, so the run ends after three."""
    stopping = EarlyStopping(patience=2, min_delta=1e6)
    for epochs in (2, EPOCHS, EPOCHS):
        history, _ = train(half, tmp_path / "kept", epochs=epochs, early_stopping=stopping)
    assert len(history.epochs) == 3


@pytest.mark.parametrize("when", ["step", "write", "swap"])
@pytest.mark.parametrize("run", checkpoint_run.RUNS)
@pytest.mark.parametrize("half", PARTS)
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_run_goes_on_to_the_same_end(half, run, when, tmp_path):
    trained, _ = checkpoint_run.RUNS[run]
    folder = tmp_path / "kept"
    ended = subprocess.run(
        [sys.executable, "-m", "parity_tests.checkpoint_run", half, run, str(folder), when],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL
    # between the two renames of a swap the folder is not there; the new one is complete
    assert folder.exists() == (when != "swap")
    steps = []
    history, there = trained(half, folder, on_step=lambda step, *_: steps.append(step.step))
    whole, end = trained(half)
    assert history.epochs == whole.epochs and there == end
    assert steps == list(range(6 if when == "swap" else 3, 12))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


OTHER = {
    "batch_size": ({"batch_size": 5}, "batch_size is 4 there and 5 here"),
    "seed": ({"seed": 1}, "seed is 0 there and 1 here"),
    "rows": ({"x": X[:8], "y": Y[:8]}, r"x is float64 \(10, 3\).* there and float64 \(8, 3\)"),
    "numbers": ({"y": -Y}, "y is float64 .* checksum"),
    "validation": ({"validation": (X, Y)}, "validation is float64"),
    "order": ({"shuffle": False}, "shuffle is True there and False here"),
    "fewer epochs": ({"epochs": 1}, "holds 2 epochs, more than the 1 asked for"),
}


@pytest.mark.parametrize("half", PARTS)
def test_a_checkpoint_of_another_run_is_refused_and_left_alone(half, tmp_path):
    folder = tmp_path / "kept"
    train(half, folder, epochs=2)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for more, message in OTHER.values():
        with pytest.raises(ValueError, match=message):
            train(half, folder, **more)
    with pytest.raises(ValueError, match=r"optimizer is Adam .*0\.125.* there and Adam .*0\.25"):
        train(half, folder, parts=faster(half))
    with pytest.raises(ValueError, match=r"shapes of weights is .* there and .*9, .* here"):
        train(half, folder, parts=wider(half))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def faster(half):
    """The run's parts with another rate."""
    model, optimizer, schedule = PARTS[half]()
    if half == KERAS:
        return model, type(optimizer)(0.25), type(schedule)(0.25, 0.25)
    optimizer = type(optimizer)(model.parameters(), 0.25)
    return model, optimizer, type(schedule)(optimizer, 0.25)


def wider(half):
    """The run's parts with nine hidden units."""
    _, optimizer, schedule = PARTS[half]()
    if half == KERAS:
        made = keras.Sequential([keras.layers.Dense(9), keras.layers.Dense(1)])
        made.build((None, 3))
        return made, optimizer, schedule
    made = torch.nn.Sequential(torch.nn.Linear(3, 9), torch.nn.Linear(9, 1))
    optimizer = type(optimizer)(made.parameters(), 0.125)
    return made, optimizer, type(schedule)(optimizer, 0.25)


@pytest.mark.parametrize("half", PARTS)
def test_a_folder_of_other_files_is_refused_and_left_alone(half, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds no checkpoint but something else"):
        train(half, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_checkpoint_of_torch_runs_no_code(tmp_path):
    kept = tmp_path / "kept"
    train(TORCH, kept, epochs=1)
    (state,) = kept.rglob("state.pt")
    torch.save(Runs(tmp_path / "ran"), state)
    with pytest.raises(pickle.UnpicklingError):
        train(TORCH, kept)
    assert not (tmp_path / "ran").exists()


class Runs:
    """What makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_the_generator_of_the_models_gpu_is_set(monkeypatch):
    told = []
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda *state: told.append(state))
    monkeypatch.setattr(torch, "set_rng_state", lambda *state: told.append(state))
    layer = torch.nn.Linear(1, 1)
    torch_checkpoints._set_generators(layer, {"cpu": 1, "gpu": 2})
    assert told == [(1,), (2, layer.weight.device)]


def test_the_weights_lie_beside_it_by_the_names_of_each_framework(tmp_path):
    for half, names in ((KERAS, ["hidden/bias", "hidden/kernel", "last/bias", "last/kernel"]),
                        (TORCH, ["0.bias", "0.weight", "2.bias", "2.weight"])):  # fmt: skip
        parts = PARTS[half]()
        train(half, tmp_path / half, parts=parts)
        arrays = weights.load(tmp_path / half / "weights.safetensors")
        assert sorted(arrays) == names
        kept = parts[0].weights if half == KERAS else parts[0].state_dict().values()
        for values in kept:
            assert any(np.array_equal(values, array) for array in arrays.values())


def test_what_each_framework_reads_by_itself(tmp_path):
    for half in PARTS:
        parts = PARTS[half]()
        train(half, tmp_path / half, parts=parts)
        if half == KERAS:
            loaded = keras.models.load_model(tmp_path / half / "model.keras")
            assert np.array_equal(loaded(X), parts[0](X))
        else:
            state = torch.load(tmp_path / half / "state.pt", weights_only=True)
            assert all(torch.equal(v, parts[0].state_dict()[n]) for n, v in state["model"].items())


def states(folder):
    """Every state in which a kill may leave a replacement of "one" by "two": what is left."""
    old, new = folder.with_name(f".{folder.name}~old"), folder.with_name(f".{folder.name}~new")
    return {
        "writing": ({folder: "one", new: ""}, "one"),
        "old one moved": ({old: "one", new: "two"}, "two"),
        "new one moved": ({old: "one", folder: "two"}, "two"),
        "first, writing": ({new: ""}, None),
    }


@pytest.mark.parametrize("state", states(Path("kept")))
def test_a_replacement_is_finished_or_undone(state, tmp_path):
    folder = tmp_path / "kept"
    stand, expected = states(folder)[state]
    for path, text in stand.items():
        path.mkdir()
        (path / "a.txt").write_text(text)
    recover(folder)
    left = {path.name: (path / "a.txt").read_text() for path in tmp_path.iterdir()}
    assert left == ({} if expected is None else {"kept": expected})


def test_an_error_while_it_is_written_leaves_the_folder_as_it_was(tmp_path):
    folder = tmp_path / "kept"
    with replacing(folder) as new:
        (new / "a.txt").write_text("one")
    with pytest.raises(OSError, match="disk full"), replacing(folder) as new:
        (new / "a.txt").write_text("two")
        raise OSError("disk full")
    assert (folder / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_a_killed_run_left_makes_way_for_the_next(tmp_path):
    (tmp_path / "runs" / ".kept~new").mkdir(parents=True)
    with replacing(tmp_path / "runs" / "kept") as new:
        (new / "a.txt").write_text("two")
    assert (tmp_path / "runs" / "kept" / "a.txt").read_text() == "two"
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["kept"]


def test_a_folder_in_folders_that_are_not_there_yet_is_made(tmp_path):
    with replacing(tmp_path / "a" / "b" / "kept") as new:
        assert new.is_dir()
    assert (tmp_path / "a" / "b" / "kept").is_dir()


def test_all_is_on_disk_before_the_old_one_makes_way(tmp_path, monkeypatch):
    """As a loss of power asks for: the files, the folder that lists them, the one that lists it."""
    done, opened = [], {}
    open_one, close_one, replace = os.open, os.close, os.replace

    def opening(path, how):
        number = open_one(path, how)
        opened[number] = path.name
        return number

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", lambda number: done.append(opened[number]))
    monkeypatch.setattr(os, "close", lambda number: done.append("closed") or close_one(number))
    monkeypatch.setattr(os, "replace", lambda *paths: done.append("moved") or replace(*paths))
    with replacing(tmp_path / "kept") as new:
        (new / "player").mkdir()
        (new / "player" / "a.txt").write_text("one")
    listed = ["player", "a.txt", ".kept~new", "moved", tmp_path.name]
    assert [each for each in done if each != "closed"] == listed
    assert done.count("closed") == 4


def test_an_optimizer_that_cannot_say_its_options_trains_without_a_checkpoint(tmp_path):
    from tf_impl.losses import squared_error
    from tf_impl.models.linear_regression import LinearRegression
    from tf_impl.training import fit

    class Reticent(keras.optimizers.SGD):
        def get_config(self):
            raise NotImplementedError

    options = {"loss": squared_error, "epochs": 1, "batch_size": 2}
    x, y = np.ones((2, 1)), np.ones(2)
    assert len(fit(LinearRegression(1), x, y, optimizer=Reticent(0.5), **options).frame) == 1
    with pytest.raises(NotImplementedError):
        fit(LinearRegression(1), x, y, optimizer=Reticent(0.5), checkpoint=tmp_path, **options)
