"""The first models, trained on the course's data: what they learn, and that both learn the same."""

import keras
import numpy as np
import pytest

import tf_impl.models.linear_regression
import tf_impl.models.mlp
import torch_impl.models.linear_regression
import torch_impl.models.mlp
from parity_tests import fit_cases
from parity_tests.fit_cases import assert_close
from parity_tests.training_run import in_keras, model, module
from shared import comparison
from shared.data import load_digits, load_home_prices, load_insurance, load_line
from shared.reference import logistic_regression
from shared.reference import training as reference
from shared.training_cases import Case


def regression(half, name, W, b, dtype="float64"):
    """The half's LinearRegression or LogisticRegression with these weights."""
    file = {"LinearRegression": "linear_regression", "LogisticRegression": "logistic_regression"}
    framework = half.framework
    native = framework.tensor(np.zeros((), dtype)).dtype
    made = getattr(module(half, f"models.{file[name]}"), name)(len(W), dtype=native)
    framework.load(made, {"W": np.asarray(W, dtype), "b": np.asarray(b, dtype)})
    return made


def weights(half, made):
    return np.append(half.framework.array(made.W), half.framework.array(made.b))


def fit(half, made, x, y, loss, optimizer="sgd", rate=0.5, options=None, **more):
    of_model = fit_cases.optimizer(half, optimizer, made, rate, **(options or {}))
    function = getattr(half.families["losses"], loss)
    return module(half, "training").fit(made, x, y, loss=function, optimizer=of_model, **more)


def by_hand(x, y, W, b, steps, nudge, **more):
    """[W, b] after each step of the float64 run on all rows, (steps, D + 1)."""
    rows = [np.arange(len(x))] * steps
    first = [(np.asarray(W, float)[:, None], np.array([float(b)]))]
    run = reference.train(first, x, y[:, None], batches=rows, nudge=nudge, **more)
    return np.concatenate([run["W1"][:, :, 0], run["b1"]], axis=1)


def bound(run):
    """Of the last step, for a half and the float64 run together, and the values there."""
    there = run(lambda values: values)[-1]
    moved = comparison.movement(run)[-1].max()
    return 2 * comparison.sensitivity_bound(moved, np.abs(there), "float64", 4, 4), there


STEPS = 900


def test_linear_regression_finds_the_line_of_the_notes(half):
    """y = 0.5x − 1.5, from weights of 0, to the last digits that rounding leaves."""
    x, y = load_line()
    more = {"loss": "mean_squared_error", "optimizer": "momentum"}

    def run(nudge):
        rates = [2.0**-6] * STEPS
        return by_hand(x, y, [0.0], 0.0, STEPS, nudge, activation="identity", rates=rates, **more)

    made = regression(half, "LinearRegression", [0.0], 0.0)
    frame = fit(half, made, x, y, rate=2.0**-6, epochs=STEPS, batch_size=5, shuffle=False,
                mode="graph", **more).frame  # fmt: skip
    allowed, there = bound(run)
    for found in (weights(half, made), there):
        difference = comparison.compare(found, [0.5, -1.5], allowed, "float64")
        assert difference.agrees, difference
    assert frame.loss[0] == np.mean(y**2)
    assert frame.loss.iloc[-1] < np.finfo(np.float64).eps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_first_home_price_of_the_notes(half, dtype):
    """w₁ = w₂ = b = 1: 1203 for a home of 70, an error of 1133 in size, its square 1283689."""
    x, y = load_home_prices()
    made, steps = regression(half, "LinearRegression", [1.0, 1.0], 1.0, dtype), []
    predicted = half.framework.array(made(half.framework.tensor(x[:1].astype(dtype))))
    assert y[0] - predicted.tolist()[0] == -1133
    frame = fit(half, made, x[:1], y[:1], "squared_error", rate=0.0, epochs=1, batch_size=1,
                on_step=steps.append).frame  # fmt: skip
    assert frame.loss.tolist() == [1283689.0]
    # ∂L/∂W = 2 (ŷ − y) x, ∂L/∂b = 2 (ŷ − y)
    assert steps[0].gradients["W"].tolist() == [2 * 1133 * 1200.0, 2 * 1133 * 2.0]
    assert steps[0].gradients["b"].tolist() == 2 * 1133.0


def test_home_prices_are_learned_step_for_step_as_by_hand(half, mode):
    x, y = load_home_prices()
    x, y = x / [2048.0, 4.0], y / 256.0

    def run(nudge):
        return by_hand(x, y, [1.0, 1.0], 1.0, 40, nudge, activation="identity",
                       loss="mean_squared_error", rates=[0.25] * 40)  # fmt: skip

    made = regression(half, "LinearRegression", [1.0, 1.0], 1.0)
    frame = fit(half, made, x, y, "mean_squared_error", rate=0.25, epochs=40, batch_size=6,
                shuffle=False, mode=mode).frame  # fmt: skip
    allowed, there = bound(run)
    difference = comparison.compare(weights(half, made), there, allowed, "float64")
    assert difference.agrees, difference
    assert frame.loss.is_monotonic_decreasing


def test_logistic_regression_is_trained_by_fit_as_by_its_own_derivation(half, mode):
    """From probabilities here, from logits there: the same gradient, mean x(ŷ − y)."""
    people, y = load_insurance(("age", "affordability"))
    x = people / [128.0, 1.0]

    def run(nudge):
        return by_hand(x, y, [1.0, 1.0], 0.0, 50, nudge, activation="sigmoid",
                       loss="binary_cross_entropy", rates=[0.5] * 50)  # fmt: skip

    made = regression(half, "LogisticRegression", [1.0, 1.0], 0.0)
    fit(half, made, x, y, "binary_cross_entropy", epochs=50, batch_size=13, shuffle=False,
        mode=mode)  # fmt: skip
    allowed, there = bound(run)
    derived = logistic_regression.train(x, y, np.ones(2), np.zeros(()), 0.5, 50)
    for found in (weights(half, made), np.append(derived["W"][-1], derived["b"][-1])):
        difference = comparison.compare(found, there, allowed, "float64")
        assert difference.agrees, difference


def digits(activation):
    """1437 digits to learn from and 360 to be tested by, in an order that mixes the writers."""
    x, y = load_digits()
    order = np.random.default_rng(0).permutation(len(x))
    return Case(
        (32, 10), x[order], y[order], "softmax_cross_entropy", activation, "adam",
        {"epsilon": 2.0**-20}, rate=2.0**-6, epochs=6, batch_size=32, held_out=360,
    )  # fmt: skip


DIGITS = {name: digits(name) for name in ("relu", "sigmoid", "tanh")}


@pytest.mark.parametrize("case", DIGITS.values(), ids=list(DIGITS))
def test_both_halves_read_digits_alike_and_at_least_95_of_100_right(half, case):
    run = fit_cases.train(half, case, mode="graph")
    frame = run.history.frame
    assert_close(case, "epoch_loss", frame.loss, slice(None))
    assert_close(case, "val_loss", frame.val_loss, slice(None))
    x, y = case.split[1]
    classes = half.framework.array(run.model.classify(half.framework.tensor(x)))
    truth = np.argmax(case.predict(case.truth, case.epochs - 1, x), -1)
    accuracy = np.mean(classes == y)
    assert accuracy >= 0.95
    assert accuracy == np.mean(truth == y)
    np.testing.assert_array_equal(classes, truth)


def test_a_network_has_named_layers_with_the_activation_between_them(half):
    case = Case((4, 3, 2), np.linspace(-1, 1, 10).reshape(2, 5), None, "")
    made, kernel = model(half, case), "/kernel" if in_keras(half) else ".weight"
    assert [name for name in fit_cases.values(half, made) if name.endswith(kernel)] == [
        f"linear_{r}{kernel}" for r in (1, 2, 3)
    ]

    def run(nudge):
        W1, b1, W2, b2, W3, b3 = map(nudge, case.arrays.values())
        return np.tanh(np.tanh(nudge(case.x) @ W1 + b1) @ W2 + b2) @ W3 + b3

    there = run(lambda values: values)
    allowed = comparison.sensitivity_bound(comparison.movement(run).max(), there, "float64", 4, 4)
    x = half.framework.tensor(case.x)
    difference = comparison.compare(half.framework.array(made(x)), there, 2 * allowed, "float64")
    assert difference.agrees, difference
    assert half.framework.array(made.classify(x)).tolist() == there.argmax(-1).tolist()


def test_one_layer_is_a_linear_model(half):
    made = module(half, "models.mlp").MLP(3, (2,))
    assert len(fit_cases.values(half, made)) == 2
    assert (made.features, made.units) == (3, (2,))


def test_an_activation_may_be_given_as_the_function_and_must_be_known(half):
    MLP = module(half, "models.mlp").MLP
    made = MLP(3, (2, 2), activation=half.activations.sigmoid)
    layers = made.steps if in_keras(half) else list(made.children())
    assert layers[1].activation == "sigmoid"
    with pytest.raises(ValueError, match="has no 'swish' of x alone"):
        MLP(3, (2, 2), activation="swish")


def test_linear_regression_starts_at_0_and_gives_a_number_for_each_row(half):
    made = module(half, "models.linear_regression").LinearRegression(3)
    assert not weights(half, made).any() and weights(half, made).dtype == np.float32
    half.framework.load(made, {"W": np.float32([1, 2, 4]), "b": np.float32(8)})
    x = half.framework.tensor(np.float32([[1, 1, 1], [1, 0, 2]]))
    assert half.framework.array(made(x)).tolist() == [15.0, 17.0]


KERAS_MODELS = {
    "LinearRegression": lambda: tf_impl.models.linear_regression.LinearRegression(3, name="mine"),
    "MLP": lambda: tf_impl.models.mlp.MLP(3, (4, 2), "tanh", name="mine", dtype="float64"),
}


@pytest.mark.parametrize("make", KERAS_MODELS.values(), ids=list(KERAS_MODELS))
def test_keras_models_come_back_from_config_and_disk_before_they_were_called(make, tmp_path):
    made = make()
    again = type(made).from_config(made.get_config())
    assert made.built and again.get_config() == made.get_config()
    assert [(w.path, w.dtype) for w in again.weights] == [(w.path, w.dtype) for w in made.weights]
    for place, weight in enumerate(made.weights):
        weight.assign(np.arange(weight.numpy().size).reshape(weight.shape) + place)
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.array([[1.0, -2.0, 0.5]])
    np.testing.assert_array_equal(loaded(x), made(x))
    assert loaded.get_config() == made.get_config()


def test_torch_models_show_their_options():
    line = torch_impl.models.linear_regression.LinearRegression(3)
    assert repr(line) == "LinearRegression(features=3)"
    shown = repr(torch_impl.models.mlp.MLP(3, (4, 2), "tanh"))
    for part in ("(linear_1): Linear(in_features=3, out_features=4", "activation=tanh", "linear_2"):
        assert part in shown
