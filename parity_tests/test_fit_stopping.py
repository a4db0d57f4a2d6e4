"""What ends a run of `fit` before its last epoch: no more improvement, or a loss that is lost."""

import numpy as np
import pytest

from parity_tests.fit_line import Line, X, Y
from shared.early_stopping import EarlyStopping


def test_early_stopping_ends_the_run_after_so_many_epochs_without_improvement(half):
    line, nine = Line(half), {"epochs": 9, "batch_size": 5}
    never_better = EarlyStopping(patience=2, min_delta=1e6)
    # the first is an improvement
    assert len(line.fit(early_stopping=never_better, **nine).frame) == 3
    assert len(line.fit(early_stopping=never_better, validation=(X, Y), **nine).frame) == 3
    assert len(line.fit(early_stopping=EarlyStopping(1), **nine).frame) == 9


def test_early_stopping_goes_by_the_validation_loss(half):
    # learning these makes it worse at those
    worse, patient = (X, -8 * Y), EarlyStopping(patience=2)
    line = Line(half)
    frame = line.fit(validation=worse, epochs=9, batch_size=5, early_stopping=patient).frame
    assert len(frame) == 3 and frame.val_loss.is_monotonic_increasing
    assert frame.loss.is_monotonic_decreasing


def test_three_epochs_without_improvement_are_waited_for_unless_said():
    assert EarlyStopping() == EarlyStopping(patience=3, min_delta=0.0)
    with pytest.raises(
        ValueError, match="min_delta must be a finite number of at least 0, got inf"
    ):
        EarlyStopping(min_delta=np.inf)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_names_epoch_and_step(half, mode, bad):
    y = np.array([1.0, 0.0, 2.0, bad, 0.5])
    with pytest.raises(FloatingPointError, match="epoch 0 at step 1, both counted from 0"):
        Line(half).fit(X, y, shuffle=False, mode=mode)


def test_a_run_that_diverges_says_where(half):
    with pytest.raises(FloatingPointError, match=r"epoch \d+ at step \d+, both"):
        Line(half).fit(1e6 * X, epochs=200)
