"""Embedding: ids of every kind, repeated ids, and ids that are not there."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.layers as tl
import torch_impl.layers as hl
from parity_tests.layer_concepts import drawn

TABLE = drawn(4, 3, seed=60).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("ids", [2, [], [3, 1], [[1, 1], [0, 3]]])
def test_ids_of_any_shape_select_rows(ids, dtype):
    ids = np.array(ids, dtype)
    np.testing.assert_array_equal(tl.embedding(tf.constant(ids), TABLE), TABLE[ids])
    np.testing.assert_array_equal(hl.embedding(torch.tensor(ids), torch.tensor(TABLE)), TABLE[ids])


def test_gradients_of_an_id_add_up_and_are_dense():
    ids = np.array([[1, 1], [0, 1]])
    g = np.arange(12.0, dtype=np.float32).reshape(2, 2, 3)
    expected = np.array([g[1, 0], g[0, 0] + g[0, 1] + g[1, 1], np.zeros(3), np.zeros(3)])
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        h = tl.embedding(tf.constant(ids), table)
    np.testing.assert_array_equal(tape.gradient(h, table, tf.constant(g)), expected)
    leaf = torch.tensor(TABLE, requires_grad=True)
    hl.embedding(torch.tensor(ids), leaf).backward(torch.tensor(g))
    np.testing.assert_array_equal(leaf.grad, expected)


@pytest.mark.parametrize("id", [-1, 4])
def test_an_id_that_is_not_there_is_an_error_on_the_cpu(id):
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{id} is not in \[0, 4\)"):
        tl.embedding(tf.constant([0, id]), TABLE)
    with pytest.raises(IndexError, match="out of range"):
        hl.embedding(torch.tensor([0, id]), torch.tensor(TABLE))


def test_functions_take_no_ids_that_are_not_whole_numbers():
    with pytest.raises(TypeError, match="embedding needs ids of int32 or int64, got float32"):
        tl.embedding(tf.constant([1.0]), TABLE)
    with pytest.raises(TypeError, match=r"ids of int32 or int64, got torch\.float32"):
        hl.embedding(torch.tensor([1.0]), torch.tensor(TABLE))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_ids_that_keras_made_floats_are_not_rounded(policy):
    layer = tl.Embedding(4000, 2, dtype=policy)
    x = keras.Input((3,))  # of float32, as Keras has it unless told otherwise
    model = keras.Model(x, layer(x))
    ids = np.array([[2049, 3999, 7]])
    expected = layer.get_weights()[0][ids].astype(np.float32)
    outputs = model.predict(ids, verbose=0)
    assert outputs.dtype == layer.compute_dtype
    np.testing.assert_array_equal(
        outputs.astype(np.float32), np.asarray(tf.cast(expected, layer.compute_dtype), np.float32)
    )
