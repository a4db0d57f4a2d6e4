"""Training steps of networks: forward pass, loss, backward pass and update.

Ours are those of `fit`. The built-in's are the loop that each framework's own guide writes out, of
its layers, its loss and its optimizer, with the compiler where that guide puts it.
"""

from functools import partial

import numpy as np

from parity_tests.timings import verdicts
from parity_tests.timings.networks import BATCHES, MOMENTUM, NETWORKS, RATE, STEPS, Problem
from parity_tests.timings.work import BOTH, SIZES, STEP, Cost, Entry, Prepared, Subject
from parity_tests.training_run import Trainer
from shared.weights import to_keras


def subjects() -> list[Subject]:
    """Each network at each size of its batch."""
    return [Subject("training", name, size) for name in NETWORKS for size in SIZES]


def prepare(subject, halves, device="cpu") -> Prepared:
    """Every party and mode of a training step, judged by its first steps."""
    problem = Problem(subject.concept, subject.size)
    x, _ = problem.batch
    prepared = Prepared(subject, f"batch {BATCHES[subject.concept][subject.size]}", x.size)
    for half in halves:
        for mode in half.modes:
            for own in (True, False):
                name = half.name if own else f"{half.name} built-in"
                if reason := unavailable(problem, half, mode):
                    prepared.absent.append({"party": name, "mode": mode, "reason": reason})
                else:
                    prepared.entries.append(_entry(subject, problem, half, name, own, mode, device))
    return prepared


def unavailable(problem, half, mode):
    """Why a mode is not timed; empty where it is."""
    if problem.name == "lstm" and not half.in_keras and mode != "eager":
        return "torch compiles every step of a loop over time anew, for a minute"
    return half.framework.unavailable(mode)


def _entry(subject, problem, half, name, own, mode, device):
    entry = partial(Entry, half, name, mode, STEP, cost=_cost(problem), device=device)
    try:
        step, weights = training_step(problem, half, own, mode, device)
        history = [np.concatenate([np.reshape(step()[0], 1), weights()]) for _ in range(STEPS)]
    except Exception as error:
        return entry(call=None, complaint=verdicts.not_run(error))
    verdict = verdicts.of_steps(subject, name, mode, device, history, problem.truth)
    return entry(call=step, verdict=verdict)


def training_step(problem, half, own, mode, device="cpu"):
    """(a step on the problem's batch, a function that gives all weights side by side)."""
    run, tensor = problem.run, half.framework.tensor
    batch = tensor(run.read(half).astype(np.float32), device), tensor(run.case.y, device)
    trainer = Trainer(half, "" if own else " built-in", None, {})
    model = run.model_of(trainer, "float32")
    loss = run.loss_of(trainer, model)
    make, guide = (_keras, _keras_guide) if half.in_keras else (_torch, _torch_guide)
    optimizer, weights = make(run.case, half, model, own, mode, device)
    if own:
        update, _ = half.module("training").make_steps(model, loss, optimizer, mode)
    else:
        update = guide(half.framework.compiled, model, loss, optimizer, mode)

    def step():
        # the gradients, where they are handed out, stay where they are
        L, *_ = update(*batch)
        return [half.framework.array(L)]

    return step, weights


def _keras_guide(compiled, model, loss, optimizer, mode):
    """The step of Keras's guide to training loops written from scratch, all of it one function."""
    import tensorflow as tf

    optimizer.build(model.trainable_variables)

    def update(x, y):
        with tf.GradientTape() as tape:
            L = loss(y, model(x, training=True))
        gradients = tape.gradient(L, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return [L]

    return compiled(update, mode)


def _torch_guide(compiled, model, loss, optimizer, mode):
    """The step of torch's tutorials, its model compiled along with the loss."""
    captured = compiled(lambda x, y: loss(model(x), y), mode)
    model.train()

    def update(x, y):
        optimizer.zero_grad()
        L = captured(x, y)
        L.backward()
        optimizer.step()
        return [L]

    return update


def _keras(case, half, model, own, mode, device):
    import keras

    if own:
        optimizer = half.module("optimizers").Momentum(RATE, MOMENTUM)
    else:
        optimizer = keras.optimizers.SGD(RATE, momentum=MOMENTUM)

    def weights():
        return np.concatenate([w.ravel() for w in model.get_weights()])

    return optimizer, weights


def _torch(case, half, model, own, mode, device):
    import torch

    compiled = mode == "compiled"
    model.to(device.replace("gpu", "cuda"))
    options = {"lr": RATE, "momentum": MOMENTUM}
    if own:
        momentum = half.module("optimizers").Momentum
        optimizer = momentum(model.parameters(), **options, flat=compiled)
    else:
        optimizer = torch.optim.SGD(model.parameters(), **options, fused=compiled)

    def weights():
        state = {name: half.framework.array(w) for name, w in model.state_dict().items()}
        return np.concatenate([w.ravel() for w in to_keras(case.layers, state).values()])

    return optimizer, weights


def _cost(problem):
    """Three products of each weight with what it meets, two of the first layer's, x having no
    gradient; weights, gradients and velocities once.
    """
    x, _ = problem.batch
    flop, elements, rows = 0, 0, len(x)
    places = {"cnn": iter((26 * 26, 11 * 11, 1)), "lstm": iter((28, 1))}.get(problem.name)
    arrays = problem.run.case.arrays
    for layer in problem.run.case.layers:
        weights = {n: w for n, w in arrays.items() if n.startswith(f"{layer}/")}
        products = sum(w.size for name, w in weights.items() if name.endswith("kernel"))
        flop += 2 * (3 if flop else 2) * products * rows * (next(places) if places else 1)
        elements += sum(w.size for w in weights.values())
    # reads W, g and V, writes all three
    return Cost(4 * (x.size + 6 * elements), flop, len(problem.run.case.steps), BOTH)
