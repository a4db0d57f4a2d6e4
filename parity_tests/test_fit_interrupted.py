"""`fit` interrupted by its user: the epochs that were whole are kept."""

import os
import signal

import pytest

from parity_tests.fit_line import Line
from parity_tests.training_run import module


@pytest.mark.parametrize("stop", ["signal", "error"])
def test_ctrl_c_ends_the_run_with_the_whole_epochs_so_far(half, stop):
    line, steps = Line(half), []

    def on_step(step):
        steps.append(step.step)
        if step.step == 4:  # the second of epoch 1
            if stop == "error":
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGINT)

    history = line.fit(on_step=on_step, epochs=5)
    assert history.interrupted and steps == [0, 1, 2, 3, 4]
    assert history.frame.epoch.tolist() == [0]
    assert not line.fit().interrupted


def test_a_run_that_is_interrupted_at_once_has_an_empty_frame(half):
    def on_step(step):
        raise KeyboardInterrupt

    frame = Line(half).fit(on_step=on_step).frame
    assert len(frame) == 0
    assert list(frame.columns) == ["epoch", "loss", "val_loss", "learning_rate"]


def test_a_history_of_no_run_is_empty_and_was_not_interrupted(half):
    history = module(half, "training").History()
    assert history.interrupted is False and history.frame.empty
