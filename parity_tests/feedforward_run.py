"""Feedforward networks with dropout and batch normalisation trained by `fit`, masks shared."""

from parity_tests.network_run import NetworkRun
from parity_tests.training_run import weights
from shared.vocabulary import translate_options
from shared.weights import to_torch


class FeedForwardRun(NetworkRun):
    """A feedforward network on digits, its running statistics recorded beside its weights.

    Everybody keeps the biased variance v of a batch of n, but for what torch ships: v n / (n − 1).
    As all batches are of n rows and every step moves the variance by the same share, one that
    starts n / (n − 1) as large stays n / (n − 1) as large: so it goes in, and back it comes out.
    """

    module, name, shipped = "models.feedforward", "FeedForward", "feedforward"

    def arguments(self, half):
        options = self.options if half.in_keras else translate_options(self.options)
        return {"features": self.case.features, "units": self.case.units, **options}

    def model_of(self, trainer, dtype="float64"):
        made = super().model_of(trainer, dtype)
        if not trainer.half.in_keras:
            for name, values in made.named_buffers():
                if name.endswith("running_var"):
                    values *= self._times(trainer)
        return made

    def _weights(self, trainer, trained):
        if trainer.half.in_keras:
            return weights(trainer.half, trained)
        times = self._times(trainer)
        return {
            name: values / times if name.endswith("running_var") else values
            for name, values in trained.state_dict().items()
        }

    def _times(self, trainer):
        """How many times as large as the biased variance is the one that a torch party keeps."""
        n = self.case.batch_size
        return n / (n - 1) if trainer.label else 1

    def by_weight(self, half, arrays):
        # statistics have no gradients: what is filled in for them is not recorded
        filled = {} if half.in_keras else to_torch(self.case.layers, self.case.arrays)
        return super().by_weight(half, {**filled, **arrays})
