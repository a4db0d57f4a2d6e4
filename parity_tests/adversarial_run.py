"""The GAN of the catalogue, trained in both halves: of our layers, and of built-in ones."""

import numpy as np

from parity_tests.network_run import NetworkRun
from parity_tests.training_run import module, weights
from shared.adversarial import PLAYERS
from shared.weights import to_torch


class GANRun(NetworkRun):
    """Two players on digits: both losses, all gradients and all weights of each step."""

    def history(self, trainer, dtype, mode):
        """Name of each recorded tensor -> its values at every step, (steps, …)."""
        half, rows = trainer.half, []
        players = [self.player(trainer, player, dtype) for player in PLAYERS]

        def on_step(*steps):
            found = {f"{p}_loss": step.loss for p, step in zip(PLAYERS, steps, strict=True)}
            gradients = self.of_both(half, [step.gradients for step in steps])
            found |= {f"g_{name}": values for name, values in gradients.items()}
            found |= self.of_both(half, [weights(half, player) for player in players])
            # copied, since the next step writes over it
            rows.append({name: np.array(values) for name, values in found.items()})

        self.train(trainer, players, mode, on_step)
        return {name: np.stack([row[name] for row in rows]) for name in self.tensors}

    def train(self, trainer, players, mode, on_step=None, **more):
        """The case's run of these two: the history that it returns."""
        half, case = trainer.half, self.case
        losses = half.builtins.FUNCTIONS if trainer.label else vars(half.families["losses"])
        return module(half, "models.gan").train(
            *players, case.x, noise=case.noise, epochs=case.epochs, batch_size=case.batch_size,
            optimizers=[self._optimizer(trainer, player) for player in players],
            loss=losses["binary_cross_entropy_with_logits"], mode=mode, on_step=on_step, **more,
        )  # fmt: skip

    def player(self, trainer, player, dtype="float64"):
        """One of the two, with the case's weights."""
        half, layers = trainer.half, self.case.layers[player]
        sizes = list(self.case.sizes[player].values())
        units = tuple(size["units"] for size in sizes)
        native = half.framework.tensor(np.zeros((), dtype)).dtype
        options = {"activation": self.options["activation"], "dtype": native}
        if trainer.label and player == "generator":
            options["last"] = "sigmoid"
        made = self._class_of(trainer, player)(sizes[0]["inputs"], units, **options)
        arrays = {n.partition("/")[2]: W.astype(dtype) for n, W in self.case.arrays.items()
                  if n.startswith(f"{player}/")}  # fmt: skip
        half.framework.load(made, arrays if half.in_keras else to_torch(layers, arrays))
        return made

    def _class_of(self, trainer, player):
        half = trainer.half
        if trainer.label:
            return module(half, "builtins.models").mlp
        if player == "generator":
            return module(half, "models.gan").Generator
        return module(half, "models.mlp").MLP

    def of_both(self, half, of_each):
        """Arrays by the half's names within each player, in the reference's names and layouts."""
        mark = "/" if half.in_keras else "."
        named = {f"{player}{mark}{name}": values
                 for player, found in zip(PLAYERS, of_each, strict=True)
                 for name, values in found.items()}  # fmt: skip
        return self.by_weight(half, named)
