"""Models beside their numbers: which gradient trains them, what they keep, what bounds them."""

import keras
import numpy as np
import pytest

from parity_tests import logistic_run
from shared.comparison import compare, running_error_bound
from shared.reference import logistic_regression as reference
from tf_impl.models.logistic_regression import LogisticRegression as KerasModel
from torch_impl.models.logistic_regression import LogisticRegression as TorchModel

X = np.array([[0.5, 2.0], [-1.5, 0.25], [3.0, -1.0]])
Y = np.array([1.0, 0.0, 1.0])
PLANTED = 7.0  # no gradient of a mean of probabilities is as large at these inputs


@pytest.fixture(params=logistic_run.HALVES, ids=lambda half: half[0].NAME)
def half(request):
    framework, module, _ = request.param
    return framework, module


@pytest.fixture
def arguments(half, monkeypatch):
    """A model and its data, the gradient by hand being one that no formula gives."""
    framework, module = half
    planted = framework.tensor(np.full(2, PLANTED)), framework.tensor(np.array(PLANTED))
    monkeypatch.setattr(module, "gradients_by_hand", lambda x, y, z: planted)
    model = module.LogisticRegression(2, dtype=framework.tensor(X).dtype)
    return model, framework.tensor(X), framework.tensor(Y), 0.5


BY_HAND = [({}, False), ({"by_hand": False}, False), ({"by_hand": True}, True)]


@pytest.mark.parametrize("options, planted", BY_HAND, ids=["default", "framework's", "by hand"])
def test_a_step_takes_the_gradient_by_hand_where_asked_to(half, arguments, options, planted):
    framework, module = half
    _, *gradients, _, _ = module.training_step(*arguments, **options)()
    assert [bool(np.all(framework.array(g) == PLANTED)) for g in gradients] == [planted, planted]


@pytest.mark.parametrize("options, planted", BY_HAND, ids=["default", "framework's", "by hand"])
def test_a_run_takes_the_gradient_by_hand_where_asked_to(half, arguments, options, planted):
    history = half[1].gradient_descent(*arguments, steps=2, **options)
    assert [bool(np.all(history[name] == PLANTED)) for name in ("g_W", "g_b")] == [planted, planted]


def test_the_loss_reaches_the_weights_but_by_hand_needs_no_tape(half, arguments):
    framework, module = half
    model, *_ = arguments
    module.training_step(*arguments, by_hand=True)()
    np.testing.assert_array_equal(framework.array(model.W), [-0.5 * PLANTED] * 2)
    assert framework.array(model.b) == -0.5 * PLANTED


def test_a_keras_model_comes_back_from_its_config_and_from_disk_before_it_was_called(tmp_path):
    model = KerasModel(3, name="mine")
    model.W.assign([1.0, -2.0, 3.0])
    assert model.built and model.get_config()["features"] == 3
    again = KerasModel.from_config(model.get_config())
    assert (again.name, again.features, again.W.shape) == ("mine", 3, (3,))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.W, model.W)


def test_a_torch_model_shows_its_options():
    assert repr(TorchModel(3)) == "LogisticRegression(features=3)"
    assert not any(p.any() for p in TorchModel(3).parameters())


def written_out(W, b):
    """The terms' sizes at one step, person by person."""
    found = {"loss": 0.0, "g_W": np.zeros(2), "g_b": 0.0, "W": np.abs(W), "b": abs(b)}
    for (first, second), label in zip(X, Y, strict=True):
        z = first * W[0] + second * W[1] + b
        error = abs(1 / (1 + np.exp(-z)) - label)
        found["loss"] += (np.log(1 + np.exp(z)) + label * abs(z)) / 3
        found["g_W"] += error * np.array([abs(first), abs(second)]) / 3
        found["g_b"] += error / 3
        found["b"] += error / 3
    return found


def test_the_terms_that_bounds_are_made_of_have_the_sizes_written_out():
    history = {"W": np.array([[1.0, -2.0], [0.5, 4.0]]), "b": np.array([-0.75, 1.25])}
    found = reference.magnitudes(X, Y, history)
    steps = [written_out(*at) for at in zip(history["W"], history["b"], strict=True)]
    assert set(found) == set(steps[0])
    for name, sizes in found.items():
        expected = np.array([step[name] for step in steps])
        # each is a sum of positive terms, of some ten roundings each
        bound = running_error_bound(expected, "float64", terms=40)
        assert compare(sizes, expected, bound, "float64").agrees, name
