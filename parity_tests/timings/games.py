"""A GAN's training step: an update of the discriminator, then one of the generator.

Ours is that of `models/gan.py`. The built-in's is the step of each framework's own example, of its
layers, loss and optimizers, with the compiler where that example puts it.
"""

import numpy as np

from parity_tests.timings.stepping import optimizer_of, single
from parity_tests.training_run import Trainer
from parity_tests.training_run import weights as weights_of
from shared.adversarial import PLAYERS, labels


def game_step(problem, half, own, mode, device="cpu"):
    """(a step on the problem's batch and noise, a function that gives all weights side by side)."""
    run, case = problem.run, problem.run.case
    trainer = Trainer(half, "" if own else " built-in", None, {})
    players = [run.player(trainer, player, "float32") for player in PLAYERS]
    optimizers = [optimizer_of(half, player, own, mode, device) for player in players]
    losses = vars(half.families["losses"]) if own else half.builtins.FUNCTIONS
    guide = _keras_guide if half.in_keras else _torch_guide
    make = half.module("models.gan").make_game if own else guide(half.framework.compiled)
    play = make(*players, losses["binary_cross_entropy_with_logits"], optimizers, mode)
    batch = [single(v) for v in (case.x, *(case.noise(0, phase, len(case.x)) for phase in (0, 1)))]
    if not own:  # which reads tensors, as its example does
        batch = [half.framework.tensor(values, device) for values in batch]

    def step():
        return [half.framework.array(L) for L, *_ in play(*batch)]

    def weights():
        found = run.of_both(half, [weights_of(half, player) for player in players])
        return np.concatenate([found[name].ravel() for name in case.arrays])

    return step, weights


def _keras_guide(compiled):
    """The `train_step` of Keras's example of a GAN, which `fit` compiles as one."""
    import tensorflow as tf

    def make(discriminator, generator, loss, optimizers, mode):
        of_discriminator, of_generator = optimizers

        def update(player, optimizer, y, x, model):
            with tf.GradientTape() as tape:
                L = loss(y, model(x, training=True))
            gradients = tape.gradient(L, player.trainable_weights)
            optimizer.apply(gradients, player.trainable_weights)
            return [L]

        def play(x, n, other):
            y = tf.constant(labels(x.shape[0]), x.dtype)
            both = tf.concat([x, generator(n, training=True)], axis=0)
            judged = update(discriminator, of_discriminator, y, both, discriminator)
            forged = update(generator, of_generator, y[: x.shape[0]], other, fooled)
            return judged, forged

        def fooled(n, training):
            return discriminator(generator(n, training=training), training=training)

        for optimizer, player in zip(optimizers, (discriminator, generator), strict=True):
            optimizer.build(player.trainable_variables)
        return compiled(play, mode)

    return make


def _torch_guide(compiled):
    """The step of torch's tutorial of a GAN, its two networks compiled along with their loss."""
    import torch

    def make(discriminator, generator, loss, optimizers, mode):
        of_discriminator, of_generator = optimizers
        judge = compiled(lambda x, y: loss(discriminator(x), y), mode)
        forge = compiled(lambda n, y: loss(discriminator(generator(n)), y), mode)
        generate = torch.no_grad()(compiled(lambda n: generator(n), mode))

        def update(optimizer, loss_of, x, y):
            optimizer.zero_grad()
            L = loss_of(x, y)
            L.backward()
            optimizer.step()
            return [L]

        def play(x, n, other):
            y = torch.tensor(labels(len(x)), dtype=x.dtype, device=x.device)
            judged = update(of_discriminator, judge, torch.cat([x, generate(n)]), y)
            return judged, update(of_generator, forge, other, y[: len(x)])

        return play

    return make
