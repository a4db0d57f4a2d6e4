"""The GAN beside the float64 runs: over many steps, by any optimizer; what its loop keeps to."""

import contextlib
import signal
from dataclasses import replace

import keras
import numpy as np
import pytest

import tf_impl.models.gan
import torch_impl.models.gan
from parity_tests.adversarial_run import GANRun
from parity_tests.run_cases import STEPS, assert_agrees_to_a_billionth, assert_follows, ours
from parity_tests.training_run import module, weights
from shared.adversarial import PLAYERS
from shared.catalogue import MODELS
from shared.catalogue.autoencoders import BATCH
from shared.catalogue.training import ADAM
from shared.noise import latent
from shared.runs import Step

(ROW,) = (row for row in MODELS if row.name == "gan")
TANH = {"activation": "tanh"}


def players(run, half):
    return [run.player(ours(run, half), player) for player in PLAYERS]


def values(half, model):
    return {n: half.framework.array(W).copy() for n, W in weights(half, model).items()}


def test_200_steps_in_float64_agree_to_a_billionth(half):
    run = GANRun(ROW, {**TANH, "epochs": STEPS // ROW.steps, "rate": 0.125})
    assert_agrees_to_a_billionth(run, half)


def test_any_optimizer_and_a_smaller_last_batch(half):
    """Adam keeps a state for each player and counts its own steps."""
    more = {"optimizer": "adam", "options": ADAM | {"epsilon_form": "inside"}, "rate": 2.0**-5}
    run = GANRun(ROW, TANH)
    run.case = replace(run.case, **more, batch_size=12, epochs=2)
    assert [len(rows) for rows in run.case.order] == [12, 12, 12, 4] * 2
    assert_follows(run, run.history(ours(run, half), "float64", "eager"))


def test_a_step_is_told_of_both_players_and_an_epoch_has_the_mean_of_all_rows(half):
    run, told = GANRun(ROW, {**TANH, "batch_size": 24}), []
    trainer = ours(run, half)
    history = run.train(trainer, players(run, half), "eager", lambda *steps: told.append(steps))
    assert [[type(step) for step in steps] for steps in told] == [[Step, Step]] * 2
    for place, player in enumerate(PLAYERS):
        first, last = (steps[place] for steps in told)
        assert [(s.epoch, s.step, s.learning_rate) for s in (first, last)] == [
            (0, 0, run.case.rate), (0, 1, run.case.rate),
        ]  # fmt: skip
        expected = (24 * first.loss + 16 * last.loss) / 40
        assert history.frame[f"{player}_loss"].tolist() == [expected]
    assert not history.interrupted and history.frame.epoch.tolist() == [0]


def test_the_bar_is_shown_when_asked_for_and_told_of_each_step(half, monkeypatch):
    run, gan, told = GANRun(ROW, TANH), module(half, "models.gan"), []

    @contextlib.contextmanager
    def bar(shown, steps, done):
        told.append((shown, steps, done))
        yield lambda *step: told.append(step)

    monkeypatch.setattr(gan, "progress_bar", bar)
    run.case = replace(run.case, epochs=2, batch_size=24)
    losses = []

    def on_step(_, step):
        losses.append((step.epoch, step.loss))

    run.train(ours(run, half), players(run, half), "eager", on_step)
    run.train(ours(run, half), players(run, half), "eager", progress=True)
    assert told == [(False, 4, 0), *losses, (True, 4, 0), *losses]


def test_keras_players_are_in_training_as_they_learn():
    import keras

    from tf_impl.models.gan import make_game

    told = {}

    class Player(keras.layers.Layer):
        def __init__(self, units, name):
            super().__init__(name=name)
            self.dense = keras.layers.Dense(units)

        def call(self, x, training=None):
            told.setdefault(self.name, []).append(training)
            return self.dense(x)

    def player(features, units, name):
        return keras.Sequential([keras.Input((features,)), Player(units, name)])

    def loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_pred - y_true))

    D, G = player(2, 1, "D"), player(3, 2, "G")
    play = make_game(D, G, loss, [keras.optimizers.SGD(), keras.optimizers.SGD()])
    told.clear()
    play(np.ones((4, 2)), np.ones((4, 3)), np.ones((4, 3)))
    assert told == {"G": [True, True], "D": [True, True]}


def test_neither_player_moves_by_the_others_update(half):
    """With a rate of 0 in one of the two optimizers, that one stays and the other learns."""
    run, gan = GANRun(ROW, TANH), module(half, "models.gan")
    for still in (0, 1):
        both = players(run, half)
        before = [values(half, player) for player in both]
        rates = [0.0 if place == still else 0.5 for place in (0, 1)]
        optimizers = [
            ours(run, half).optimizer(player, rate, {})
            for player, rate in zip(both, rates, strict=True)
        ]
        gan.train(*both, run.case.x, noise=run.case.noise, optimizers=optimizers, epochs=1,
                  batch_size=BATCH)  # fmt: skip
        for place, player in enumerate(both):
            now = values(half, player)
            same = [(now[name] == W).all() for name, W in before[place].items()]
            assert all(same) if place == still else not any(same)


def test_ctrl_c_ends_the_run_and_whole_epochs_stay(half):
    run = GANRun(ROW, {**TANH, "epochs": 3})
    told = []

    def on_step(*steps):
        told.append(steps)
        if len(told) == 6:  # the first of the second epoch
            signal.raise_signal(signal.SIGINT)

    history = run.train(ours(run, half), players(run, half), "eager", on_step)
    assert history.interrupted and len(history.frame) == 1 and len(told) == 6


def test_what_cannot_be_trained_is_said(half):
    run, gan = GANRun(ROW, TANH), module(half, "models.gan")

    def train(x=run.case.x, **more):
        both = players(run, half)
        optimizers = [ours(run, half).optimizer(player, 0.5, {}) for player in both]
        more = {"epochs": 1, "batch_size": 8, "optimizers": optimizers} | more
        return gan.train(*both, x, noise=run.case.noise, **more)

    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1, got 0"):
        train(batch_size=0)
    with pytest.raises(ValueError, match="epochs must be a whole number"):
        train(epochs=0)
    with pytest.raises(ValueError, match="has no mode 'quick'"):
        train(mode="quick")
    with pytest.raises(ValueError, match="no rows"):
        train(run.case.x[:0])
    with pytest.raises(FloatingPointError, match="nan in epoch 0 at step 0"):
        train(run.case.x * np.nan)


def test_noise_follows_from_seed_step_and_phase_alone():
    noise = latent(4, seed=1)
    np.testing.assert_array_equal(noise(3, 0, 8), latent(4, seed=1)(3, 0, 8))
    others = [noise(2, 0, 8), noise(3, 1, 8), latent(4, seed=2)(3, 0, 8)]
    assert all((noise(3, 0, 8) != other).all() for other in others)
    np.testing.assert_array_equal(noise(3, 0, 8), noise(3, 0, 8).astype(np.float32))


def test_a_keras_generator_comes_back_from_config_and_disk_before_it_was_called(tmp_path):
    made = tf_impl.models.gan.Generator(3, (4, 2), "tanh", name="mine", dtype="float64")
    again = type(made).from_config(made.get_config())
    assert made.built and again.get_config() == made.get_config()
    assert [(w.path, w.dtype) for w in again.weights] == [(w.path, w.dtype) for w in made.weights]
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.array([[1.0, -2.0, 0.5]])
    np.testing.assert_array_equal(loaded(x), made(x))
    assert type(loaded) is type(made) and loaded.get_config() == made.get_config()


def test_a_torch_generator_shows_its_options():
    shown = repr(torch_impl.models.gan.Generator(3, (4, 2), "tanh"))
    assert shown.startswith("Generator(") and "activation=tanh" in shown


def kept(run, half, folder=None, **more):
    """(history's rows, weights and states as bytes) of a run with Adam, kept in a folder."""
    both, made = players(run, half), []
    trainer = ours(run, half)
    optimizer, run._optimizer = run._optimizer, lambda *of: made.append(optimizer(*of)) or made[-1]
    try:
        history = run.train(trainer, both, "eager", checkpoint=folder, **more)
    finally:
        run._optimizer = optimizer
    left = [v for player in both for v in values(half, player).values()]
    for player, each in zip(both, made, strict=True):
        found = each.variables if half.in_keras else [
            s for p in player.parameters() for s in each.state[p].values()
        ]  # fmt: skip
        left += [np.asarray(half.framework.array(v)) for v in found]
    return history, [array.tobytes() for array in left]


def of_epochs(epochs, **more):
    run = GANRun(ROW, TANH)
    told = {"optimizer": "adam", "options": ADAM | {"epsilon_form": "inside"}, "rate": 2.0**-5}
    run.case = replace(run.case, **{**told, "batch_size": 12, "epochs": epochs, **more})
    return run


def test_a_run_in_two_sittings_is_the_run_in_one(half, tmp_path):
    whole, end = kept(of_epochs(3), half)
    kept(of_epochs(1), half, tmp_path / "kept")
    steps = []
    rest, there = kept(of_epochs(3), half, tmp_path / "kept", on_step=lambda *s: steps.append(s))
    assert rest.epochs == whole.epochs and there == end and len(end) > 8
    assert [(d.step, g.step) for d, g in steps] == [(k, k) for k in range(4, 12)]
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"run.json", *PLAYERS}


def test_the_bar_begins_where_the_run_is_taken_up(half, tmp_path, monkeypatch):
    gan, told = module(half, "models.gan"), []

    @contextlib.contextmanager
    def bar(shown, steps, done):
        told.append((steps, done))
        yield lambda *step: None

    monkeypatch.setattr(gan, "progress_bar", bar)
    for epochs in (1, 3):
        kept(of_epochs(epochs), half, tmp_path)
    assert told == [(4, 0), (12, 4)]


def test_a_checkpoint_of_another_game_is_refused_and_left_alone(half, tmp_path):
    kept(of_epochs(2), half, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    before = [path.read_bytes() for path in files]
    for more, said in (
        ({"epochs": 1}, "holds 2 epochs, more than the 1 asked for"),
        ({"noise": latent(4, 6)}, "noise is float64"),
        ({"batch_size": 8}, "batch_size is 12 there and 8 here"),
        ({"rate": 2.0**-6}, "discriminator optimizer is .*; generator optimizer is"),
        ({"x": np.zeros((40, 64))}, "x is float64"),
    ):
        with pytest.raises(ValueError, match=said):
            kept(of_epochs(**{"epochs": 2, **more}), half, tmp_path)
    assert [path.read_bytes() for path in files] == before
