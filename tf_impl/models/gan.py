"""A generative adversarial network: two networks that learn against each other, as Keras models.

    G  the generator, examples G(n) of noise n     D  the discriminator, logits of "x is real"

    L_D = mean of −log σ(D(x)) and −log(1 − σ(D(G(n)))), of as many x as n
    L_G = mean −log σ(D(G(n′))), which does not saturate where D is sure

A step is an update of D by L_D, G being as it is, then one of G by L_G, D being as it is by then.
Either is a step of `fit`: D learns labels of 1 and 0, and G has D inside its loss.

Source: Introduction to Deep Learning, Unit 1 (generative adversarial networks); Goodfellow,
Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville & Bengio 2014, Generative Adversarial Nets
(Algorithm 1, and the loss at the end of section 3).
"""

from itertools import count

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from shared.adversarial import PLAYERS, Match, labels
from shared.batches import batches, steps_per_epoch
from shared.checkpoints import described
from shared.runs import MeanLoss, Step, check_run, finite, interruptible, progress_bar
from tf_impl.activations import sigmoid
from tf_impl.checkpoints import Checkpoint, Trained
from tf_impl.framework import array, compiled, tensor, unavailable
from tf_impl.losses import binary_cross_entropy_with_logits
from tf_impl.models.mlp import MLP
from tf_impl.scheduled import Scheduled
from tf_impl.training import History, make_steps


@keras.saving.register_keras_serializable("tf_impl")
class Generator(MLP):
    """Examples of shape (n, units[-1]), from 0 to 1, of noise of shape (n, features).

    >>> model = Generator(8, (32, 64), activation="tanh")
    >>> model(tf.zeros((5, 8))).shape
    TensorShape([5, 64])
    """

    def call(self, x):
        # o = σ(z)
        return sigmoid(super().call(x))


class GANHistory(History):
    """What a run of both leaves behind."""

    @property
    def frame(self):
        """A row for each whole epoch: epoch, discriminator_loss, generator_loss."""
        return pd.DataFrame(self.epochs, columns=Match._fields)


def train(
    discriminator,
    generator,
    x,
    *,
    noise,
    optimizers,
    epochs,
    batch_size,
    loss=binary_cross_entropy_with_logits,
    mode="eager",
    seed=0,
    shuffle=True,
    progress=False,
    on_step=None,
    checkpoint=None,
):
    """Train both networks in place; the history of the run, its `frame` a row for each epoch.

    The halves read the same batches and the same noise in the same order. Epochs and steps count
    from 0. The losses of an epoch are means over its rows, as the weights were when each was read.

    Args:
        discriminator: gives one logit for each example, (n, 1): an MLP whose last width is 1.
        generator: gives examples of noise: a Generator.
        x: real examples, a NumPy array (rows, features), cast to the dtype of the weights.
        noise: noise(step, phase, rows), as shared.noise.latent; phase 0 is the discriminator's.
        optimizers: that of the discriminator and that of the generator, any of Keras's.
        epochs: how often to read all rows.
        batch_size: how many rows to a step; the last batch of an epoch holds what is left.
        loss: loss(y_true, y_pred), the mean over a batch, of logits.
        mode: "eager", "graph" or "compiled", as for `fit`.
        seed: of the order of rows.
        shuffle: whether to take the rows in another order each epoch.
        progress: whether to show a progress bar, with the generator's loss.
        on_step: called after each step with two shared.runs.Step, the discriminator's and the
            generator's: the loss and gradients before the update of each.
        checkpoint: a folder to keep the run in, as for `fit`, with a folder for each network.

    Ctrl-C ends the run after the step it is in; the history then holds the whole epochs so far, and
    its `interrupted` is true.

    Raises:
        ValueError: no rows; a count below 1; an unknown mode; a checkpoint of another run, or a
            folder of something else.
        FloatingPointError: a loss became NaN or infinite; the message names epoch and step.

    >>> from shared.noise import latent
    >>> D, G = MLP(2, (4, 1)), Generator(3, (4, 2))
    >>> optimizers = keras.optimizers.SGD(0.5), keras.optimizers.Adam()
    >>> x = np.ones((6, 2))
    >>> history = train(D, G, x, noise=latent(3), optimizers=optimizers, epochs=2, batch_size=4)
    >>> list(history.frame), len(history.frame)
    (['epoch', 'discriminator_loss', 'generator_loss'], 2)
    """
    x = np.asarray(x)
    check_run(x, x, None, epochs, batch_size, unavailable(mode))
    steps = steps_per_epoch(len(x), batch_size)
    play = make_game(discriminator, generator, loss, optimizers, mode)
    run = {} if checkpoint is None else described(
        x, None, None, noise=noise(0, 0, batch_size), loss=loss, batch_size=batch_size, mode=mode,
        seed=seed, shuffle=shuffle,
    )  # fmt: skip
    networks = zip(PLAYERS, (discriminator, generator), optimizers, strict=True)
    trained = {name: _trained(network, optimizer) for name, network, optimizer in networks}
    kept = Checkpoint(checkpoint, run, trained, Match)
    history = GANHistory(kept.take_up(epochs))
    done = len(history.epochs)
    counted = count(done * steps)
    with (
        interruptible(history) as pause,
        progress_bar(progress, epochs * steps, done * steps) as advance,
    ):
        for epoch in range(done, epochs):
            means = MeanLoss(), MeanLoss()
            for rows in batches(len(x), batch_size, epoch, seed, shuffle):
                step, n = next(counted), len(rows)
                rates = [each.scheduled.rate() for each in trained.values()]
                of_both = play(x[rows], *(noise(step, phase, n) for phase in (0, 1)))
                L = [finite(array(L), epoch, step) for L, _ in of_both]
                for mean, of_player in zip(means, L, strict=True):
                    mean.add(of_player, n)
                if on_step:
                    gradients = [_as_arrays(found) for _, found in of_both]
                    told = zip(L, gradients, rates, strict=True)
                    on_step(*(Step(epoch, step, *of_player) for of_player in told))
                advance(epoch, L[1])
                pause()
            history.epochs.append(Match(epoch, *(mean.value for mean in means)))
            kept.save(history.epochs)
    return history


def _trained(network, optimizer):
    """One of the two as a checkpoint keeps it: no schedule sets its rate."""
    return Trained(network, optimizer, Scheduled(optimizer, None, "epoch", 1, False))


def make_game(discriminator, generator, loss, optimizers, mode="eager"):
    """A function of x, n and n′, NumPy arrays, that updates D, then G: (L_D, ∂L_D/∂W), (L_G, …).

    `train` is a loop around it.
    """

    def fooled(y_true, y_pred):
        # L_G = mean −log σ(D(G(n′)))
        return loss(y_true, discriminator(y_pred, training=True))

    of_discriminator, of_generator = optimizers
    judge, _ = make_steps(discriminator, loss, of_discriminator, mode)
    forge, _ = make_steps(generator, fooled, of_generator, mode)
    generate = compiled(lambda n: generator(n, training=True), mode)
    W = discriminator.trainable_variables[0]

    def read(values):
        return tf.cast(tensor(values, W.value.device), W.dtype)

    def play(x, n, other):
        y, x = labels(len(x)), read(x)
        both = tf.concat([x, generate(read(n))], 0)
        return judge(both, read(y)), forge(read(other), read(y[: len(x)]))

    return play


def _as_arrays(gradients):
    # copied, since the next step may write over it
    return {n: None if g is None else np.array(array(g)) for n, g in gradients.items()}
