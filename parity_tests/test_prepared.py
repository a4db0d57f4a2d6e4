"""What the adapters offer to clocks: prepared calls, counts of captures, memory and precision."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.framework
import torch_impl.framework

X, W, G = np.float32([[1.0, -2.0]]), np.float32([3.0, 0.5]), np.float32([[2.0, -1.0]])


def product(x, w):
    return x * w


def prepared(half, mode, upstream=G, function=product):
    tensors = [half.framework.tensor(values) for values in (X, W)]
    arriving = None if upstream is None else half.framework.tensor(upstream)
    return half.framework.prepared(function, tensors, arriving, mode)


def test_a_prepared_call_gives_output_and_gradients_each_time(half, mode):
    call, array = prepared(half, mode), half.framework.array
    for _ in range(2):  # neither adds up nor wears out
        output, gradients = call()
        np.testing.assert_array_equal(array(output), X * W)
        for found, expected in zip(gradients, (G * W, np.sum(G * X, 0)), strict=True):
            np.testing.assert_array_equal(array(found), expected)


def test_without_an_upstream_gradient_there_are_none_and_none_are_prepared_for(half, mode):
    output, gradients = prepared(half, mode, upstream=None)()
    np.testing.assert_array_equal(half.framework.array(output), X * W)
    assert list(gradients) == []
    assert not getattr(output, "requires_grad", False)


def test_the_gradient_by_hand_is_the_one_that_is_prepared(half, mode):
    planted = half.framework.differentiable(lambda g, h, x, w: (7 * g, 9 * w), tensors=2)(product)
    _, gradients = prepared(half, mode, function=planted)()
    np.testing.assert_array_equal(half.framework.array(gradients[0]), 7 * G)
    np.testing.assert_array_equal(half.framework.array(gradients[1]), 9 * W)


def test_inputs_are_left_as_they_are(half):
    x = half.framework.tensor(X)
    half.framework.prepared(lambda x: x * x, [x], half.framework.tensor(G))()
    assert not getattr(x, "requires_grad", False)
    np.testing.assert_array_equal(half.framework.array(x), X)


def test_captures_count_what_is_captured_and_not_what_is_called(half, mode):
    framework = half.framework
    before = framework.captures()
    call = prepared(half, mode)
    call()
    first = framework.captures() - before
    assert (first > 0) == (mode != "eager")
    for _ in range(3):
        call()
    assert framework.captures() - before == first
    prepared(half, mode)()
    assert framework.captures() - before == 2 * first


def test_another_shape_is_another_capture(half):
    framework = half.framework
    double = framework.compiled(lambda x: 2 * x, "graph")
    before = framework.captures()
    for size, captured in ((3, 1), (3, 1), (4, 2)):
        double(framework.tensor(np.ones(size, np.float32)))
        assert framework.captures() - before == captured


def test_functions_outlive_what_is_forgotten_as_far_as_they_are_kept(half):
    call = prepared(half, "graph")
    call()
    half.framework.forget_captures()
    gc.collect()
    np.testing.assert_array_equal(half.framework.array(call()[0]), X * W)


def test_what_is_forgotten_is_captured_again_by_torch_and_named_again_by_keras():
    double = torch_impl.framework.compiled(lambda x: 2 * x, "graph")
    before = torch_impl.framework.captures()
    for captured in (1, 2):
        double(torch_impl.framework.tensor(X))
        assert torch_impl.framework.captures() - before == captured
        torch_impl.framework.forget_captures()
    for _ in range(2):
        tf_impl.framework.forget_captures()
        assert keras.layers.Flatten().name == "flatten"


def test_every_batch_is_a_graph_of_its_own(half):
    framework = half.framework
    found = []
    for _ in range(2):
        before = framework.captures()
        framework.evaluate([(lambda x: 2 * x, (X,), None, None)], "graph")
        found.append(framework.captures() - before)
    assert found == [1, 1]


def test_many_functions_of_the_same_lines_are_captured_each(half):
    x = half.framework.tensor(X)
    for times in range(10):  # torch gives up at the ninth variant of one function

        def doubled(x, times=times):
            for _ in range(times):
                x = x + x
            return x + 0

        found = half.framework.compiled(doubled, "graph")(x)
        np.testing.assert_array_equal(half.framework.array(found), 2**times * X)


def test_a_compiled_function_keeps_its_name_and_signature(half):
    def named(x, factor=2.0):
        """Words."""
        return factor * x

    function = half.framework.compiled(named, "graph")
    assert function.__name__ == "named" and function.__doc__ == "Words."
    x = half.framework.tensor(X)
    np.testing.assert_array_equal(half.framework.array(function(x, factor=3.0)), 3 * X)


@pytest.fixture
def as_before():
    allowed = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    enabled = tf.config.experimental.tensor_float_32_execution_enabled()
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = allowed
    tf.config.experimental.enable_tensor_float_32_execution(enabled)


def in_tf32(half):
    if half.framework.NAME == "TensorFlow":
        return [tf.config.experimental.tensor_float_32_execution_enabled()]
    return [torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32]


def test_tf32_is_switched_off_where_float32_is_asked_for(half, as_before):
    assert any(in_tf32(half))  # as both frameworks come
    torch.backends.cuda.matmul.allow_tf32 = True
    half.framework.set_full_precision()
    assert not any(in_tf32(half))


RESET = {
    "TensorFlow": (tf.config.experimental, "reset_memory_stats", "gpu:1"),
    "torch": (torch.cuda, "reset_peak_memory_stats", "cuda:1"),
}


def test_the_count_of_the_gpu_that_is_named_is_begun_anew(half, monkeypatch):
    module, name, device = RESET[half.framework.NAME]
    told = []
    monkeypatch.setattr(module, name, told.append)
    half.framework.reset_peak_memory("cpu")
    half.framework.reset_peak_memory("gpu:1")
    assert told == [device]


def test_peak_memory_is_counted_anew_on_a_gpu_and_not_at_all_on_the_processor(half):
    half.framework.reset_peak_memory("cpu")
    assert half.framework.peak_memory("cpu") is None
    for device in half.framework.devices()[1:]:
        kept = half.framework.tensor(np.zeros(2**22, np.float32), device)
        before = half.framework.peak_memory(device)
        del kept
        half.framework.reset_peak_memory(device)
        assert 0 <= half.framework.peak_memory(device) <= before - 2**24
