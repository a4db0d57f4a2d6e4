"""What an adapter does beside numbers: how modes run, what it saves, sets, waits for, refuses."""

import contextlib
import logging
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import torch
from tensorflow.python.framework import config as tf_config
from torch._inductor import cpp_builder

import tf_impl.framework
import torch_impl.activations
import torch_impl.framework
from shared.samples import line

X = np.float32([[1.0, -2.0, 3.0]])


def measured(half, function, inputs, mode="eager", upstream=X, direction=None):
    ((output, gradients, second),) = half.framework.evaluate(
        [(function, inputs, upstream, direction)], mode
    )
    return output, gradients, second


def test_only_the_eager_mode_leaves_a_function_as_it_is(half, mode):
    def function(x):
        return x

    assert (half.framework.compiled(function, mode) is function) == (mode == "eager")


def test_tensorflows_graph_runs_the_eager_kernels_bit_for_bit_and_xla_its_own():
    x = line().values.astype(np.float32)
    x = tf.constant(x[np.isfinite(x)])
    modes = {mode: tf_impl.framework.compiled(tf.tanh, mode)(x) for mode in tf_impl.framework.MODES}
    np.testing.assert_array_equal(modes["graph"], modes["eager"])
    assert not np.array_equal(modes["compiled"], modes["eager"])


def test_what_cannot_be_captured_whole_is_an_error(half):
    def branching(x):
        return x if x[0, 0] > 0 else -x

    with pytest.raises(Exception, match=r"as a Python `bool`|[Dd]ata-dependent"):
        half.framework.compiled(branching, "graph")(half.framework.tensor(X))


def test_many_batches_are_captured_one_after_the_other(half):
    for factor in range(12):  # more than the variants of one function that torch keeps
        output, _, _ = measured(half, lambda x, factor=factor: x * factor, (X,), "graph")
        np.testing.assert_array_equal(output, X * factor)


def test_a_gradient_that_depends_on_a_parameter_alone_has_no_slope(half):
    slope = np.float32([2.0, 3.0, 4.0])
    _, _, second = measured(half, lambda x, slope: slope * x, (X, slope), direction=X)
    np.testing.assert_array_equal(second, np.zeros_like(X))


def test_torch_asks_for_an_upstream_gradient_of_each_output():
    with pytest.raises(ValueError, match="shorter"):
        torch_impl.framework.value_and_gradients(lambda x: (x, 2 * x), X, upstream=(X,))


def test_tensorflows_warning_of_retracing_is_held_back_and_no_longer():
    logger, levels = tf.get_logger(), []
    before = logger.level

    def function(x):
        levels.append(logger.level)
        return 2 * x

    logger.setLevel(logging.INFO)
    try:
        tf_impl.framework.evaluate([(function, (X,), X, None)], "graph")
        assert set(levels) == {logging.ERROR} and logger.level == logging.INFO
    finally:
        logger.setLevel(before)


SLOPES = {"TensorFlow": "alpha", "torch": "weight"}


def test_a_layer_comes_back_from_disk_with_the_weights_it_had(half, tmp_path):
    layer = half.activations.PReLU(3)
    layer(half.framework.tensor(X))
    name = SLOPES[half.framework.NAME]
    half.framework.load(layer, {name: np.float32([0.5, 0.75, 2.0])})
    again = half.framework.reloaded(layer, X, tmp_path)
    np.testing.assert_array_equal(half.framework.array(getattr(again, name)), [0.5, 0.75, 2.0])
    np.testing.assert_array_equal(half.framework.array(again(half.framework.tensor(X))),
                                  [[1.0, -1.5, 3.0]])  # fmt: skip


def test_a_layer_that_was_never_called_comes_back_with_weights_too(half, tmp_path):
    again = half.framework.reloaded(half.activations.PReLU(3), X, tmp_path)
    slopes = half.framework.array(getattr(again, SLOPES[half.framework.NAME]))
    np.testing.assert_array_equal(slopes, [0.25] * 3)


def test_torch_maps_a_function_over_a_batch():
    x = torch.tensor(X)
    mapped = torch.func.vmap(torch_impl.activations.leaky_relu)(x)
    assert torch.equal(mapped, torch_impl.activations.leaky_relu(x))


@pytest.mark.parametrize("asked", [False, True])
def test_torch_captures_a_function_whether_or_not_a_gradient_is_asked_for(asked):
    captured = torch_impl.framework.compiled(torch_impl.activations.leaky_relu, "graph")
    x = torch.tensor(X, requires_grad=asked)
    assert torch.equal(captured(x, 0.5), torch_impl.activations.leaky_relu(x, 0.5))


class Queue:
    """A GPU that is 3 ms further at each event that is recorded, and does what else it is told."""

    def __init__(self):
        self.milliseconds, self.told = 0.0, []

    def device(self, name):
        self.told.append(name)
        return contextlib.nullcontext()

    def event(self, enable_timing):
        assert enable_timing
        noted = SimpleNamespace(synchronize=lambda: self.told.append("waited"))

        def record():
            self.milliseconds += 3.0
            noted.at = self.milliseconds

        noted.record = record
        noted.elapsed_time = lambda later: later.at - noted.at
        return noted


def test_the_clock_waits_for_the_device_but_never_for_the_processor(half, monkeypatch):
    queue = Queue()
    monkeypatch.setattr(tf.test.experimental, "sync_devices", lambda: queue.told.append("waited"))
    monkeypatch.setattr(torch.cuda, "device", queue.device)
    monkeypatch.setattr(torch.cuda, "Event", queue.event)
    half.framework.clock()
    half.framework.clock("cpu")
    assert queue.told == []
    earlier, later = half.framework.clock("gpu:1"), half.framework.clock("gpu:1")
    if half.framework.NAME == "torch":
        assert queue.told == ["cuda:1", "waited"] * 2
        assert later - earlier == 0.003
    else:
        assert queue.told == ["waited"] * 2
        assert later - earlier >= 0


DETERMINISTIC = {
    "TensorFlow": tf_config.is_op_determinism_enabled,
    "torch": torch.are_deterministic_algorithms_enabled,
}


@pytest.fixture
def as_before():
    yield
    tf_config.disable_op_determinism()
    torch.use_deterministic_algorithms(False)


def test_operations_repeat_bit_for_bit_once_asked_to(half, as_before):
    state = DETERMINISTIC[half.framework.NAME]
    assert not state()
    half.framework.set_deterministic()
    assert state()


@pytest.mark.parametrize("gpu, compiler", [(False, True), (False, False), (True, False)])
def test_torch_compiles_for_the_processor_only_where_there_is_a_compiler(
    monkeypatch, gpu, compiler
):
    def get_cpp_compiler():
        if not compiler:
            raise RuntimeError("none of g++ and clang++")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", get_cpp_compiler)
    unavailable = torch_impl.framework.unavailable.__wrapped__  # without its memory
    needed = "torch.compile needs a C++ compiler (g++ or clang++), and none is here"
    assert unavailable("compiled") == ("" if gpu or compiler else needed)
    assert unavailable("eager") == unavailable("graph") == ""
