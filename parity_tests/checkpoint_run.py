"""A small run that keeps a checkpoint, in either half, and ways to kill it.

    python -m parity_tests.checkpoint_run tf_impl fit FOLDER step

trains one model by `fit`, or two players ("gan"), with a checkpoint in the folder until the process
kills itself: in the middle of an epoch ("step"), while it writes a checkpoint ("write"), or while
the new one takes the old one's place ("swap").
"""

import importlib
import os
import signal
import sys
from pathlib import Path

import numpy as np

from shared import checkpoints, weights
from shared.noise import latent

X = np.random.default_rng(5).standard_normal((10, 3))
Y = np.random.default_rng(6).standard_normal((10, 1))
EPOCHS, STEPS = 4, 3


def keras_parts():
    """A model with dropout, its optimizer and a schedule."""
    import keras

    from tf_impl.layers import Dropout, Linear
    from tf_impl.optimizers import Adam
    from tf_impl.schedules import ExponentialDecay

    hidden, dropped = Linear(4, name="hidden"), Dropout(0.5, seed=3, name="dropped")
    model = keras.Sequential([hidden, dropped, Linear(1, name="last")])
    model.build((None, 3))
    hidden.kernel.assign(np.linspace(-1, 1, 12).reshape(3, 4))
    model.layers[-1].kernel.assign(np.full((4, 1), 0.5))
    return model, Adam(0.125), ExponentialDecay(0.125, 0.25)


def torch_parts():
    """The same in torch, whose dropout draws from the one generator of the process."""
    import torch

    from torch_impl.layers import Dropout, Linear
    from torch_impl.optimizers import Adam
    from torch_impl.schedules import ExponentialDecay

    torch.manual_seed(3)
    model = torch.nn.Sequential(Linear(3, 4), Dropout(0.5), Linear(4, 1))
    adam = Adam(model.parameters(), 0.125)
    return model, adam, ExponentialDecay(adam, 0.25)


PARTS = {"tf_impl": keras_parts, "torch_impl": torch_parts}
FILES = {"tf_impl": 3, "torch_impl": 1}  # safetensors of a model, each put in place by itself


def train(half, folder=None, parts=None, **more):
    """(history's rows, all that the run leaves behind, as bytes) of a run that may be told more."""
    model, optimizer, schedule = parts or PARTS[half]()
    loss = importlib.import_module(f"{half}.losses").mean_squared_error
    usual = {"x": X, "y": Y, "epochs": EPOCHS, "batch_size": 4, "validation": (X[:3], Y[:3])}
    history = importlib.import_module(f"{half}.training").fit(
        model, loss=loss, optimizer=optimizer, checkpoint=folder,
        **{**usual, "schedule": schedule, **more},
    )  # fmt: skip
    return history, [np.asarray(value).tobytes() for value in left(half, model, optimizer)]


def players(half):
    """A discriminator, the model with dropout, and a generator for it; an optimizer of each."""
    discriminator, adam, _ = PARTS[half]()
    generator = importlib.import_module(f"{half}.models.gan").Generator(2, (3,))
    if half == "tf_impl":
        generator.weights[0].assign(np.linspace(-1, 1, 6).reshape(2, 3))
    parameters = () if half == "tf_impl" else (generator.parameters(),)
    return (discriminator, generator), (adam, type(adam)(*parameters, 0.125))


def play(half, folder=None, **more):
    """What `train` gives, of a run of both players."""
    both, optimizers = players(half)
    history = importlib.import_module(f"{half}.models.gan").train(
        *both, X, noise=latent(2), optimizers=optimizers, checkpoint=folder,
        **{"epochs": EPOCHS, "batch_size": 4, **more},
    )  # fmt: skip
    of_both = [left(half, *of_one) for of_one in zip(both, optimizers, strict=True)]
    return history, [np.asarray(value).tobytes() for of_one in of_both for value in of_one]


RUNS = {"fit": (train, 1), "gan": (play, 2)}  # and how many models it keeps


def left(half, model, optimizer):
    """Weights, generators' states and optimizer's state, each an array."""
    if half == "tf_impl":
        return [v.numpy() for v in (*model.variables, *optimizer.variables)]
    state = [s for p in model.parameters() for s in optimizer.state[p].values()]
    return [*model.state_dict().values(), *state, optimizer.param_groups[0]["lr"]]


def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def killed(half, run, folder, when):
    """Train until the second epoch, or the checkpoint after it, and die there."""
    calls = {"write": 0, "swap": 0}
    trained, models = RUNS[run]
    files = models * FILES[half]

    def dying(name, function, at):
        def counted(*arguments):
            calls[name] += 1
            return die() if calls[name] == at else function(*arguments)

        return counted

    if when == "write":  # the second time: of two models with the first one written
        weights.save = dying("write", weights.save, at=files + files // 2 + 1)
    if when == "swap":  # the second time: files, the old one out of the way, the new one in
        checkpoints.os.replace = dying("swap", os.replace, at=2 * files + 3)
    trained(half, folder, on_step=lambda s, *_: when == "step" and s.step == STEPS + 1 and die())


if __name__ == "__main__":
    half, run, folder, when = sys.argv[1:]
    killed(half, run, Path(folder), when)
