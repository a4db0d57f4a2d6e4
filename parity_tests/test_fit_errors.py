"""What `fit` refuses: data, options and models that no run could make sense of."""

import numpy as np
import pytest

from parity_tests import fit_cases
from parity_tests.fit_line import Line, X, Y
from parity_tests.training_run import in_keras


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": np.ones((4, 2))}, "x and y need as many rows each, got 4 and 5"),
        ({"x": np.ones((0, 2)), "y": np.ones(0)}, "x and y have no rows"),
        ({"validation": (X, Y[:4])}, "x and y of validation need as many rows each, got 5 and 4"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"mode": "fast"}, "has no mode 'fast', only eager, graph, compiled"),
        ({"schedule_every": "batch"}, "schedule_every must be 'epoch' or 'step', got 'batch'"),
    ],
)
def test_what_fit_cannot_do_it_says_before_it_begins(half, change, message):
    line = Line(half)
    before = fit_cases.values(half, line.model)
    with pytest.raises(ValueError, match=message):
        line.fit(**change)
    np.testing.assert_array_equal(fit_cases.values(half, line.model)["W"], before["W"])


def test_a_model_with_nothing_to_train_is_refused(half):
    line = Line(half)
    if in_keras(half):
        line.model.trainable = False
    else:
        line.model.requires_grad_(False)
    with pytest.raises(ValueError, match="no trainable weights: unfreeze"):
        line.fit()


def test_a_loss_for_each_row_is_refused(half):
    each = half.families["losses"].squared_error
    # torch itself refuses to go backward from more than one number
    refusal = ValueError if in_keras(half) else RuntimeError
    with pytest.raises(refusal, match=r"one number|scalar outputs"):
        Line(half).fit(loss=lambda one, other: each(one, other, reduction="none"))
