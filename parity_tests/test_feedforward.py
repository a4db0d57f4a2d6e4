"""Feedforward networks: shared masks, running statistics, 200 steps, what comes back from disk."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import torch

from parity_tests import fit_cases, trajectories
from parity_tests.feedforward_run import FeedForwardRun
from parity_tests.rnn_cases import quickest
from parity_tests.training_run import module
from shared.catalogue import EVERYTHING
from shared.catalogue import feedforward as catalogue
from shared.catalogue.models import MODELS
from shared.comparison import compare
from shared.reference.networks import Step, forward
from tf_impl.models.feedforward import FeedForward as KerasModel
from torch_impl.models.feedforward import FeedForward as TorchModel

STEPS = 200
NORM = [f"batch_norm_2/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")]
ROW = EVERYTHING["feedforward"]


def made(half, *arguments, **options):
    return module(half, "models.feedforward").FeedForward(*arguments, **options)


def in_mode(half, model, x, training):
    """What a model gives in training or in inference, as NumPy."""
    x = half.framework.tensor(np.asarray(x, np.float32))
    if half.in_keras:
        return model(x, training=training).numpy()
    return model.train(training)(x).detach().numpy()


def test_all_five_parties_are_compared_at_every_weight_and_statistic():
    run = FeedForwardRun(ROW, {})
    assert len(run.names) == 4 and ROW in MODELS
    assert [type(r) for r in trajectories.runs(ROW, "compiled")] == [FeedForwardRun]
    found = {name for name in run.tensors if "linear_2" in name or "batch_norm_2" in name}
    moved = {f"{g}{n}" for g in ("", "g_") for n in ("linear_2/kernel", *NORM[:2])}
    assert found == moved | {*NORM[2:]} and set(run.tensors) <= set(run.truth)


@pytest.mark.parametrize("options", ROW.options, ids=str)
def test_200_steps_in_float64_agree_to_a_billionth(half, options):
    rate = options.get("rate", 0.5)
    x, y = catalogue.masked_digits(rows=STEPS * catalogue.BATCH, rate=rate)
    run = FeedForwardRun(ROW, options, replace(catalogue.feedforward(**options), x=x, y=y))
    trainer = next(t for t in run.trainers if t.half is half and not t.label)
    for name, values in run.history(trainer, "float64", quickest(half)).items():
        assert len(values) == STEPS
        fit_cases.assert_close(run.case, name, values, slice(None))
        allowed = 2 * run.case.bound(name, "float64").reshape(STEPS, -1).max(axis=1)
        largest = np.abs(run.case.truth[name]).reshape(STEPS, -1).max(axis=1)
        assert (allowed <= 1e-9 * largest).all(), name


def test_the_masks_of_the_case_keep_as_many_as_are_said():
    x, y = catalogue.masked_digits(rows=1000, rate=0.25)
    keep = x[:, 64:]
    assert keep.shape == (1000, 14) and len(y) == 1000 and set(keep.flat) == {0.0, 1.0}
    # five standard errors of a mean of that many independent draws
    assert abs(keep.mean() - 0.75) <= 5 * np.sqrt(0.25 * 0.75 / keep.size)


def test_statistics_begin_as_given_and_move_by_a_tenth_to_those_of_the_batch():
    case = catalogue.feedforward()
    steps = (Step("linear", "linear_1", others=("none",)),)
    x = case.x[case.order[0]][:, :64]
    before = forward(steps, case.trained, x, {"none": 0.0})[-1]
    for name, of_batch in (("mean", before.mean(0)), ("variance", before.var(0))):
        name = f"batch_norm_1/moving_{name}"
        expected = case.arrays[name] + (of_batch - case.arrays[name]) / 10
        bound = case.bound(name, "float64")[0]
        assert compare(expected, case.truth[name][0], bound, "float64").agrees


def test_a_mask_drops_what_it_says_in_training_alone(half):
    model = made(half, 3, (4, 2), rate=0.5) if half.in_keras else made(half, 3, (4, 2), p=0.5)
    x = np.random.default_rng(1).normal(size=(6, 3))
    none, every = (np.concatenate([x, np.full((6, 4), m)], axis=1) for m in (0.0, 1.0))
    dropped, kept = (in_mode(half, model, given, training=True) for given in (none, every))
    assert (dropped == dropped[0]).all() and not (kept == kept[0]).all()
    alone, beside = (in_mode(half, model, given, training=False) for given in (x, none))
    np.testing.assert_array_equal(alone, beside)


def test_without_masks_they_are_drawn_anew_for_every_batch(half):
    model, x = made(half, 3, (40, 2)), np.random.default_rng(1).normal(size=(6, 3))
    first, second = (in_mode(half, model, x, training=True) for _ in range(2))
    assert not (first == second).all()


def test_masks_come_for_all_hidden_units_or_for_none(half):
    message = r"FeedForward needs x, with a mask for each hidden unit, of shape \(None, 12\), got"
    with pytest.raises(ValueError, match=message):
        made(half, 3, (5, 4, 2))(half.framework.tensor(np.zeros((6, 8), np.float32)))


def test_layers_are_named_alike_and_have_a_bias_where_nothing_takes_it_away(half):
    for batch_norm in (True, False):
        model = made(half, 3, (5, 4, 2), batch_norm=batch_norm)
        weights = model.weights if half.in_keras else model.state_dict()
        names = {w.path.partition("/")[2] if half.in_keras else w for w in weights}
        ends = ("linear_1/bias", "linear_1.bias")
        assert bool(names.intersection(ends)) != batch_norm
        assert any(name.startswith("batch_norm_2") for name in names) == batch_norm
        assert names.intersection(("linear_3/bias", "linear_3.bias"))


def test_the_class_is_that_of_the_largest_logit(half):
    model = made(half, 3, (5, 4))
    x = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
    logits = in_mode(half, model, x, training=False)
    found = half.framework.array(model.classify(half.framework.tensor(x)))
    np.testing.assert_array_equal(found, np.argmax(logits, axis=1))


def test_a_keras_network_comes_back_from_config_and_disk(tmp_path):
    options = {"activation": "tanh", "rate": 0.25, "momentum": 0.75, "epsilon": 0.5}
    model = KerasModel(3, (5, 4, 2), **options, name="mine", dtype="float64")
    config = model.get_config()
    assert {name: config[name] for name in options} == options and config["batch_norm"]
    again = KerasModel.from_config(config)
    assert again.get_config() == config
    assert [(w.path, w.dtype) for w in again.weights] == [(w.path, w.dtype) for w in model.weights]
    x = np.random.default_rng(3).normal(size=(6, 3))
    model(x, training=True)  # so that statistics are others than the first
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.get_config() == config


def test_a_torch_network_comes_back_from_its_state_and_has_one_dtype(tmp_path):
    model = TorchModel(3, (5, 4, 2), dtype=torch.float64)
    x = torch.tensor(np.random.default_rng(3).normal(size=(6, 3)))
    model(x)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    again = TorchModel(3, (5, 4, 2), dtype=torch.float64)
    again.load_state_dict(torch.load(tmp_path / "model.pt"))
    assert torch.equal(again.eval()(x), model.eval()(x))
    assert {w.dtype for w in model.parameters()} == {torch.float64}
    norm, dropout = model.batch_norm_1, model.dropout_2
    assert (norm.momentum, norm.momentum_of, norm.unbiased, norm.eps) == (0.9, "old", False, 1e-3)
    assert dropout.p == 0.5
