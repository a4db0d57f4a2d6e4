"""`make train`: what it writes and prints, that it goes on where it was, and what it refuses."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports import train
from reports.recipes import RECIPES

ROOT = Path(__file__).parents[1]


def run(folder, *arguments):
    return train.main([*arguments, "--output", str(folder)])


@pytest.mark.parametrize("framework", train.FRAMEWORKS)
@pytest.mark.parametrize("model", RECIPES)
def test_each_model_is_trained_printed_and_drawn(framework, model, tmp_path, capsys):
    assert run(tmp_path, model, framework, "--epochs", "2") == 0
    folder = tmp_path / f"{model}-{framework}"
    frame = pd.read_csv(folder / "history.csv")
    assert frame.epoch.tolist() == [0, 1]
    # two players have no loss that falls, but the discriminator does better than a guess
    assert frame.iloc[1, 1] < (np.log(2) if model == "gan" else frame.iloc[0, 1])
    assert (folder / "training.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert re.search(rf"^ +1 +{frame.iloc[1, 1]:.6g} ", shown, re.MULTILINE)
    assert "Wrote history.csv and training.png to" in shown


@pytest.mark.parametrize("framework", train.FRAMEWORKS)
@pytest.mark.parametrize("model", ["linear_regression", "gan"])
def test_more_epochs_train_on_and_end_as_one_run(model, framework, tmp_path):
    name = (model, framework, "--seed", "4")
    for folder, epochs in (("parts", "2"), ("parts", "5"), ("whole", "5")):
        assert run(tmp_path / folder, *name, "--epochs", epochs) == 0
    parts, whole = (
        (tmp_path / folder / f"{model}-{framework}" / "history.csv").read_text()
        for folder in ("parts", "whole")
    )
    assert parts == whole and len(parts.splitlines()) == 6


def test_another_seed_is_refused_unless_it_starts_anew(tmp_path, capsys):
    name = ("linear_regression", "torch", "--epochs", "1")
    assert run(tmp_path, *name) == 0
    assert run(tmp_path, *name, "--seed", "1") == 2
    assert "seed is 0 there and 1 here" in capsys.readouterr().err
    assert run(tmp_path, *name, "--seed", "1", "--fresh") == 0


def test_unknown_names_are_answered_with_the_known_ones(tmp_path, capsys):
    assert run(tmp_path, "perceptron", "torch") == 2
    said = capsys.readouterr().err
    assert "MODEL must be one of cnn, mlp, " in said and "got 'perceptron'" in said
    assert run(tmp_path, "cnn", "jax") == 2
    assert "FRAMEWORK must be one of tensorflow, torch; got 'jax'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_long_history_is_printed_in_part_with_its_first_and_last_epoch():
    epochs = np.arange(300)
    frame = pd.DataFrame({"epoch": epochs, "loss": 1 / (1 + epochs), "val_loss": np.nan,
                          "learning_rate": 0.5})  # fmt: skip
    lines = train.table(frame)
    (first, *_, last) = lines.columns[0].cells
    assert (first, last, lines.row_count) == ("0", "299", train.LINES)
    assert set(lines.columns[2].cells) == {"-"}


def test_make_hands_over_what_it_is_told():
    told = ["MODEL=cnn", "FRAMEWORK=torch", "EPOCHS=2", "SEED=3", "FRESH=1"]
    said = subprocess.run(
        ["make", "--no-print-directory", "-no", ".venv/.installed-base", "train", *told],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.splitlines()[-1].endswith(
        "-m reports.train 'cnn' 'torch' --epochs 2 --seed 3 --fresh"
    )
