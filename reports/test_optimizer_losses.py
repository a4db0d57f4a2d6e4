"""Every optimizer trains the same network in both halves, and the report shows the losses."""

import io
from dataclasses import replace

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

import tf_impl.optimizers
from reports import environment, optimizer_loss_report
from reports.activation_table import number
from reports.optimizer_losses import (
    ACTIVATION,
    HALVES,
    IMAGES,
    SETTINGS,
    UNITS,
    Setting,
    Trained,
    Training,
    train,
    weights,
)
from reports.panels import DOTS_PER_INCH
from shared import comparison
from shared.data import load_digits
from shared.reference.optimizers import STATE
from shared.reference.training import train as reference

DESCRIBED = environment.describe(["cpu"], seconds=1.0)
BRIEF = 3  # epochs
EXAMPLES = [
    Training(Setting(name, 0.5), tuple(Trained(np.array(losses), 0.25, accuracy) for _ in HALVES))
    for name, losses, accuracy in (
        ("SGD", (2.0, 1.0, 0.5), 0.5), ("Adam", (2.0, 0.0625, 0.03125), 0.75),
    )
]  # fmt: skip

every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.optimizer)


def losses(setting, nudge=lambda values: values):
    """Those of the float64 reference's training."""
    x, y = (values[:IMAGES] for values in load_digits())
    values = list(weights()[1].values())
    run = reference(
        list(zip(values[::2], values[1::2], strict=True)), x, y,
        activation=[ACTIVATION] * (len(UNITS) - 1) + ["identity"], loss="softmax_cross_entropy",
        batches=[np.arange(IMAGES)] * BRIEF, rates=[setting.learning_rate] * BRIEF,
        optimizer={name.replace("_", ""): name for name in STATE}[setting.optimizer.lower()],
        nudge=nudge, **setting.options,
    )  # fmt: skip
    return run["loss"]


@every_setting
def test_both_halves_train_as_the_reference_does(setting):
    truth = losses(setting)
    movement = comparison.movement(lambda nudge: losses(setting, nudge))
    bound = 2 * comparison.sensitivity_bound(movement, truth, "float64", multiple=4, floor=4)
    for half in HALVES.values():
        found = train(half, setting, BRIEF).losses
        difference = comparison.compare(found, truth, bound, "float64")
        assert difference.agrees, difference


def test_all_optimizers_are_there_with_rates_that_keras_keeps_as_they_are():
    trained = {setting.optimizer for setting in SETTINGS}
    assert trained == {*tf_impl.optimizers.__all__} - {"Optimizer", "FlatParameters"}
    assert all(np.float32(s.learning_rate) == s.learning_rate for s in SETTINGS)


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_accuracy_is_that_of_the_images_held_out(half):
    """A rate of nearly 0 leaves the weights where they were."""
    trained = train(half, Setting("SGD", 2.0**-40), epochs=1)
    x, y = load_digits()
    (W, b, V, c) = weights()[1].values()
    logits = np.tanh(x @ W + b) @ V + c
    right = np.argmax(logits, axis=1) == y
    assert trained.accuracy == np.mean(right[IMAGES:]) != np.mean(right[:IMAGES])
    assert 1 < trained.val_loss < 5


def planted(half):
    """The examples, with another last loss of the first in one half."""
    first, *rest = EXAMPLES
    halves = list(first.halves)
    halves[half] = halves[half]._replace(losses=np.array([2.0, 1.0, 0.25]))
    return [replace(first, halves=tuple(halves)), *rest]


def test_the_table_shows_what_was_measured():
    def cells(trainings, name):
        text = optimizer_loss_report.markdown(trainings, DESCRIBED)
        [line] = [line for line in text.splitlines() if line.startswith(f"| {name} ")]
        return [cell.strip() for cell in line.strip("|").split("|")]

    assert cells(EXAMPLES, "SGD") == [
        "SGD", "α = 1/2", "2", "0.5", "no", "0.25", "50.0%", "0", "0",
    ]  # fmt: skip
    assert cells(EXAMPLES, "Adam")[3:5] == ["0.0312", "epoch 1"]
    other = cells(planted(1), "SGD")
    assert other[3] == "0.5 / 0.25"
    assert other[7:] == ["1", number(0.25 / comparison.ulp(0.25, "float64"))]


def test_the_csv_holds_every_epoch_of_both_halves():
    table = pd.read_csv(io.StringIO(optimizer_loss_report.csv(planted(1), DESCRIBED)))
    for place, half in enumerate(HALVES):
        found = [loss for training in planted(1) for loss in training.losses[place]]
        assert table[half].tolist() == found
    assert table["epoch"].tolist() == [0, 1, 2] * 2


def test_the_figure_shows_both_halves():
    def panels(trainings):
        picture = matplotlib.image.imread(io.BytesIO(optimizer_loss_report.draw(trainings)))
        assert picture.shape[1] == optimizer_loss_report.WIDTH * DOTS_PER_INCH
        return picture[: int(0.85 * len(picture))]  # without the words beneath them

    pictures = [panels(of) for of in (EXAMPLES, planted(0), planted(1))]
    for i, one in enumerate(pictures):
        assert not any(np.array_equal(one, other) for other in pictures[:i])
