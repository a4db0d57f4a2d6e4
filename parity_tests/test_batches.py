"""The order of rows, what stops a run, and what a run notes down: the same for both halves."""

import math
import os
import signal
import threading

import numpy as np
import pytest

from shared import runs
from shared.batches import batches, check_count, check_pairs, steps_per_epoch
from shared.early_stopping import EarlyStopping


@pytest.mark.parametrize("rows, batch_size", [(1, 1), (7, 1), (7, 3), (6, 3), (7, 7), (7, 100)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_an_epoch_reads_every_row_once_in_full_batches_and_what_is_left(rows, batch_size, shuffle):
    found = list(batches(rows, batch_size, epoch=2, seed=1, shuffle=shuffle))
    assert len(found) == steps_per_epoch(rows, batch_size)
    assert [len(batch) for batch in found[:-1]] == [batch_size] * (len(found) - 1)
    assert 0 < len(found[-1]) <= batch_size
    assert sorted(np.concatenate(found)) == list(range(rows))


def test_the_order_is_that_of_the_seed_and_the_epoch_alone():
    def order(**more):
        return np.concatenate(list(batches(50, 8, **more))).tolist()

    assert order(epoch=1, seed=2) == order(epoch=1, seed=2)
    assert order() == order(epoch=0, seed=0, shuffle=True)
    # anyone may draw it again by NumPy alone
    assert order(epoch=1, seed=2) == np.random.default_rng([2, 1]).permutation(50).tolist()
    several = [order(epoch=e, seed=s) for e in (0, 1) for s in (0, 1)]
    assert len({tuple(o) for o in several}) == 4
    # any batch size reads the rows in the same order
    assert order(epoch=1, seed=2) == np.concatenate(list(batches(50, 50, 1, 2))).tolist()
    assert order(shuffle=False, epoch=3) == list(range(50))


@pytest.mark.parametrize(
    "x, y, message",
    [
        (np.ones((3, 2)), np.ones(4), "x and y need as many rows each, got 3 and 4"),
        (np.ones((0, 2)), np.ones(0), "x and y have no rows"),
        (np.ones(()), np.ones(()), "x and y have no rows"),
    ],
)
def test_examples_and_labels_come_in_pairs(x, y, message):
    with pytest.raises(ValueError, match=message):
        check_pairs(x, y)


@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, "3", None, math.nan])
def test_a_count_is_a_whole_number_of_at_least_1(value):
    with pytest.raises(ValueError, match=f"epochs must be a whole .* at least 1, got {value!r}"):
        check_count("epochs", value)


def test_a_count_may_be_of_numpy():
    assert check_count("epochs", np.int32(3)) == 3


LOSSES = [5.0, 4.0, 4.0, 3.75, math.nan, 3.5, 3.5, 3.5]


@pytest.mark.parametrize(
    "patience, min_delta, stops_after, best",
    [(1, 0.0, 3, 1), (2, 0.0, 8, 5), (3, 0.0, None, 5), (3, 0.25, 5, 1), (2, 0.25, 4, 1)],
)
def test_exactly_so_many_epochs_without_improvement_end_a_run(
    patience, min_delta, stops_after, best
):
    """An improvement by just min_delta is none: 4 to 3.75 is not below 4 − 0.25."""
    stopping = EarlyStopping(patience, min_delta)
    ends = [e for e in range(len(LOSSES) + 1) if stopping.stops(LOSSES[:e])]
    assert (ends[0] if ends else None) == stops_after
    assert stopping.best(LOSSES[: stops_after or len(LOSSES)]) == best


def test_of_nan_alone_none_is_best_and_waiting_begins_at_once():
    stopping = EarlyStopping(patience=2)
    assert stopping.best([math.nan] * 2) is None
    assert not stopping.stops([]) and not stopping.stops([math.nan])
    assert stopping.stops([math.nan] * 2)


@pytest.mark.parametrize(
    "name, value", [("patience", 0), ("min_delta", -1), ("min_delta", math.nan)]
)
def test_early_stopping_says_what_it_cannot_be_given(name, value):
    with pytest.raises(ValueError, match=f"{name} must be .*, got {value}"):
        EarlyStopping(**{name: value})


def test_early_stopping_follows_validation_where_there_is_one():
    epochs = [runs.Epoch(0, 1.0, math.nan, 0.1), runs.Epoch(1, 0.5, 2.0, 0.1)]
    assert runs.followed(epochs, validated=False) == [1.0, 0.5]
    np.testing.assert_array_equal(runs.followed(epochs, validated=True), [math.nan, 2.0])


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_named_with_its_place(loss):
    with pytest.raises(FloatingPointError, match=f"{loss} in epoch 2 at step 17, both .* from 0"):
        runs.finite(np.array(loss), 2, 17)


def test_a_loss_is_one_number():
    assert runs.finite(np.array([0.5]), 0, 0) == 0.5
    with pytest.raises(ValueError, match=r"one number, got shape \(3,\): ask for its mean"):
        runs.finite(np.ones(3), 0, 0)


class Told:
    interrupted = None


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_waits_for_a_pause():
    told, done = Told(), []
    before = signal.getsignal(signal.SIGINT)
    with runs.interruptible(told) as pause:
        pause()
        interrupt()
        done.append("the step that it came in")
        pause()
        done.append("never")
    assert done == ["the step that it came in"] and told.interrupted is True
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_after_the_last_pause_is_told_of_too():
    told = Told()
    with runs.interruptible(told):
        interrupt()
    assert told.interrupted is True


def test_a_second_ctrl_c_does_not_wait():
    told, done = Told(), []
    with runs.interruptible(told):
        interrupt()
        interrupt()
        done.append("never")
    assert not done and told.interrupted is True


def test_errors_pass_and_the_former_handler_comes_back():
    told, before = Told(), signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), runs.interruptible(told):
        raise ZeroDivisionError
    assert told.interrupted is False
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_in_another_thread_goes_without_ctrl_c():
    told = Told()

    def run():
        with runs.interruptible(told) as pause:
            pause()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert told.interrupted is False


def test_a_progress_bar_shows_steps_epoch_and_loss(capsys):
    with runs.progress_bar(True, steps=3) as advance:
        advance(0, 0.5)
        advance(1, 0.123456)
    shown = capsys.readouterr().out
    assert "epoch 1" in shown and "2/3" in shown and "loss 0.1235" in shown
    with runs.progress_bar(False, steps=3) as advance:
        advance(0, 0.5)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "every, follows_loss, validated, message",
    [
        ("batch", False, True, "schedule_every must be 'epoch' or 'step', got 'batch'"),
        ("step", True, True, "follows the loss of whole epochs"),
        ("epoch", True, False, "pass fit validation"),
    ],
)
def test_a_schedule_is_asked_as_often_as_it_can_be(every, follows_loss, validated, message):
    with pytest.raises(ValueError, match=message):
        runs.check_schedule(every, follows_loss, validated)
    for fine in (("epoch", True, True), ("epoch", False, False), ("step", False, False)):
        runs.check_schedule(*fine)
