"""What a run of `fit` reads, notes down and shows: dtypes, mean losses, a progress bar."""

import numpy as np
import tensorflow as tf
import torch

from parity_tests import fit_cases
from parity_tests.fit_line import Line, X, Y
from parity_tests.training_run import in_keras


def test_a_loss_reads_examples_and_labels_in_the_dtype_of_the_weights(half):
    """NumPy's numbers are float64, and these weights float32."""
    seen, mean = [], tf.reduce_mean if in_keras(half) else torch.mean

    def loss(one, other):
        seen.extend(half.framework.array(values).dtype for values in (one, other))
        return mean((one - other) ** 2)

    Line(half).fit(loss=loss, epochs=1, batch_size=5)
    assert seen == [np.float32, np.float32]


def test_without_validation_its_loss_is_nan_and_epochs_count_from_0(half):
    frame = Line(half).fit().frame
    assert list(frame.columns) == ["epoch", "loss", "val_loss", "learning_rate"]
    assert frame.epoch.tolist() == [0, 1] and frame.val_loss.isna().all()
    assert frame.learning_rate.tolist() == [0.125, 0.125]


def test_the_mean_loss_of_an_epoch_weighs_batches_by_their_size(half):
    steps = []
    frame = Line(half).fit(on_step=steps.append).frame
    for epoch in (0, 1):
        own = [step.loss for step in steps if step.epoch == epoch]
        assert frame.loss[epoch] == (own[0] * 2 + own[1] * 2 + own[2]) / 5
    assert [step.step for step in steps] == [0, 1, 2, 3, 4, 5]


def test_so_does_that_of_validation(half):
    """In batches of 2, 2 and 1 it is that of all rows; these numbers are never rounded."""
    line = Line(half)
    half.framework.load(line.model, {"W": np.float32([1, 2]), "b": np.float32(0.5)})
    still = fit_cases.optimizer(half, "sgd", line.model, 0.0)
    frame = line.fit(optimizer=still, validation=(X, Y)).frame
    assert frame.val_loss.tolist() == 2 * [np.sum((X @ [1, 2] + 0.5 - Y) ** 2) / 5]


def test_a_progress_bar_is_shown_where_asked_for(half, capsys):
    line = Line(half)
    line.fit()
    assert capsys.readouterr().out == ""
    line.fit(progress=True)
    assert "6/6" in capsys.readouterr().out
