"""Training steps of networks: forward pass, loss, backward pass and update.

Ours are those of `fit`. The built-in's are the loop that each framework's own guide writes out, of
its layers, its loss and its optimizer, with the compiler where that guide puts it.
"""

from functools import partial

import numpy as np

from parity_tests.timings import verdicts
from parity_tests.timings.games import game_step
from parity_tests.timings.networks import BATCHES, NETWORKS, STEPS, Problem
from parity_tests.timings.stepping import optimizer_of, single
from parity_tests.timings.work import BOTH, SIZES, STEP, Cost, Entry, Prepared, Subject
from parity_tests.training_run import Trainer
from parity_tests.training_run import weights as weights_of
from shared.adversarial import PLAYERS


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
        make = game_step if problem.name == "gan" else training_step
        step, weights = make(problem, half, own, mode, device)
        history = [np.concatenate([np.ravel(step()), weights()]) for _ in range(STEPS)]
    except Exception as error:
        return entry(call=None, complaint=verdicts.not_run(error))
    verdict = verdicts.of_steps(subject, name, mode, device, history, problem.truth)
    return entry(call=step, verdict=verdict)


def training_step(problem, half, own, mode, device="cpu"):
    """(a step on the problem's batch, a function that gives all weights side by side)."""
    run, tensor = problem.run, half.framework.tensor
    batch = [tensor(single(values), device) for values in (run.read(half), run.case.y)]
    trainer = Trainer(half, "" if own else " built-in", None, {})
    model = run.model_of(trainer, "float32")
    loss = run.loss_of(trainer, model)
    guide = _keras_guide if half.in_keras else _torch_guide
    optimizer = optimizer_of(half, model, own, mode, device)
    if own:
        update, _ = half.module("training").make_steps(model, loss, optimizer, mode)
    else:
        update = guide(half.framework.compiled, model, loss, optimizer, mode)

    def step():
        # the gradients, where they are handed out, stay where they are
        L, *_ = update(*batch)
        return [half.framework.array(L)]

    def weights():
        found = run.by_weight(half, weights_of(half, model))
        return np.concatenate([found[name].ravel() for name in run.case.arrays])

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


def _cost(problem):
    """Three products of each weight with what it meets, two of the first layer's, x having no
    gradient; weights, gradients and velocities once.
    """
    x, _ = problem.batch
    if problem.name == "gan":
        return _cost_of_game(problem)
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


def _cost_of_game(problem):
    """D learns of twice the rows, half of which G makes; G learns through D, which keeps still."""
    (x, _), case = problem.batch, problem.run.case
    kernels = {name: W.size for name, W in case.arrays.items() if name.endswith("kernel")}
    of_D, of_G = (
        [size for name, size in kernels.items() if name.startswith(f"{player}/")]
        for player in PLAYERS
    )
    judged = 2 * (3 * sum(of_D) - of_D[0])
    forged = sum(of_G) + 3 * sum(of_G) - of_G[0] + 2 * sum(of_D)
    elements = sum(W.size for W in case.arrays.values())
    calls = len(case.discriminator) + len(case.generator)
    return Cost(4 * (x.size + 6 * elements), 2 * len(x) * (judged + forged), calls, BOTH)
